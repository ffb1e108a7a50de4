#include "estimator/decoder/decoder.hpp"

#include "estimator/decoder/writer.hpp"

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

}  // namespace

const vramauto_estimator kDecoder{sizeof(vramauto_estimator), 0, "decoder", match, describe};

}  // namespace vramauto::estimator
