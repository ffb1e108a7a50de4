// The estimator for decoders with experts and plain attention.
#include "mixture.hpp"
#include "writer.hpp"

namespace vramauto::moe {
namespace {

using estimator::Answer;
using estimator::Description;

Answer<const Mixture*> mixture_of(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  if (const auto status = host->model(call, &info); status != VRAMAUTO_OK) return {nullptr, status};
  return {find_mixture(info.architecture), VRAMAUTO_OK};
}

std::int32_t match(const vramauto_host* host, vramauto_call* call) { return mixture_of(host, call).value ? 900 : 0; }

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  const auto* mixture = VRAMAUTO_READ(mixture_of(host, call));
  if (!mixture) return model.fail(VRAMAUTO_E_UNSUPPORTED, "the architecture is none of the mixtures of experts that are known");
  auto sizes = VRAMAUTO_READ(estimator::read_sizes(model, mixture->decoder));
  VRAMAUTO_DO(model.traits(VRAMAUTO_READ(estimator::read_traits(model, mixture->decoder, sizes))));
  return Writer(model, *mixture, std::move(sizes)).write();
}

constexpr vramauto_estimator kMoe{sizeof(vramauto_estimator), 0, "moe", match, describe};
constexpr const vramauto_estimator* kEstimators[] = {&kMoe};
constexpr vramauto_plugin kPlugin{sizeof(vramauto_plugin), 1, "org.vramauto.moe", "0.1.0", "Apache-2.0", kEstimators};

}  // namespace
}  // namespace vramauto::moe

VRAMAUTO_PLUGIN(moe) {
  static_cast<void>(host);
  return &vramauto::moe::kPlugin;
}
