// The plugin's entry: which decoders it describes.
#include <string_view>

#include "estimator/decoder/names.hpp"
#include "gemma.hpp"

namespace vramauto::gemma {
namespace {

constexpr Family kGemma3n{.architectures = "Gemma3nForCausalLM",
                          .names = &kGemma2Norms,
                          .qkv_bias = "attention_bias",
                          .o_bias = "attention_bias",
                          .width = Width::four,  // read for each layer
                          .qk_norm = QkNorm::head_rms,
                          .tie = Tie::always,
                          .windows = Windows::by_type,
                          .scales_embedding = true};
constexpr Family kGemma4{.architectures = "Gemma4ForCausalLM",
                         .names = &kGemma2Norms,
                         .qkv_bias = "attention_bias",
                         .o_bias = "attention_bias",
                         .qk_norm = QkNorm::head_rms,
                         .windows = Windows::by_type,
                         .scales_embedding = true};

Answer<const Family*> family_of(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  if (const auto status = host->model(call, &info); status != VRAMAUTO_OK) return {nullptr, status};
  const std::string_view name = info.architecture ? info.architecture : "";
  for (const auto* family : {&kGemma3n, &kGemma4})
    if (name == family->architectures) return {family, VRAMAUTO_OK};
  return {nullptr, VRAMAUTO_OK};
}

std::int32_t match(const vramauto_host* host, vramauto_call* call) {
  const auto family = family_of(host, call);
  if (!family.value) return 0;
  return family.value == &kGemma4 ? 900 : 600;
}

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  const auto* family = VRAMAUTO_READ(family_of(host, call));
  if (!family) return model.fail(VRAMAUTO_E_UNSUPPORTED, "the architecture is neither Gemma 3n nor Gemma 4");
  return family == &kGemma4 ? describe_gemma4(model, *family) : describe_gemma3n(model, *family);
}

constexpr vramauto_estimator kEstimator{sizeof(vramauto_estimator), 0, "gemma", match, describe};
constexpr const vramauto_estimator* kEstimators[] = {&kEstimator};
constexpr vramauto_plugin kPlugin{sizeof(vramauto_plugin), 1, "org.vramauto.gemma", "0.1.0", "Apache-2.0", kEstimators};

}  // namespace
}  // namespace vramauto::gemma

VRAMAUTO_PLUGIN(gemma) {
  (void)host;
  return &vramauto::gemma::kPlugin;
}
