#include "estimator/decoder/decoder.hpp"

#include "estimator/decoder/writer.hpp"
#include "estimator/files/files.hpp"

namespace vramauto::estimator {
namespace {

Answer<const Family*> family_of(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  if (const auto status = host->model(call, &info); status != VRAMAUTO_OK) return {nullptr, status};
  return {find_family(info.architecture), VRAMAUTO_OK};
}

std::int32_t match(const vramauto_host* host, vramauto_call* call) {
  const auto family = family_of(host, call);
  return family.value ? 600 : 0;
}

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  const auto* family = VRAMAUTO_READ(family_of(host, call));
  if (!family) return model.fail(VRAMAUTO_E_UNSUPPORTED, "the architecture is none of the plain decoders that are known");
  auto sizes = VRAMAUTO_READ(read_sizes(model, *family));
  VRAMAUTO_DO(model.traits(VRAMAUTO_READ(read_traits(model, *family, sizes))));
  return Writer(model, *family, std::move(sizes)).write();
}

constexpr vramauto_estimator kDecoder{sizeof(vramauto_estimator), 0, "decoder", match, describe};
constexpr const vramauto_estimator* kEstimators[] = {&kDecoder, &files::kFiles};
constexpr vramauto_plugin kPlugin{
    sizeof(vramauto_plugin), std::size(kEstimators), "org.vramauto.builtin", "0.1.0", "Apache-2.0", kEstimators};

}  // namespace

const vramauto_plugin* decoder_plugin(const vramauto_host*) { return &kPlugin; }

}  // namespace vramauto::estimator
