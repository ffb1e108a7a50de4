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

constexpr Family kMuseGlimmer{.architectures = "MuseGlimmerForCausalLM",
                              .names = &kGemma2Norms,
                              .qkv_bias = "attention_bias",
                              .o_bias = "attention_bias",
                              .windows = Windows::by_type};

struct Kind {
  const Family* family;
  vramauto_status (*describe)(const Description& model, const Family& family);
  std::int32_t score;
};
constexpr Kind kKinds[] = {
    {&kGemma3n, describe_gemma3n, 600}, {&kGemma4, describe_gemma4, 900}, {&kMuseGlimmer, describe_muse, 900}};

Answer<const Kind*> kind_of(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  if (const auto status = host->model(call, &info); status != VRAMAUTO_OK) return {nullptr, status};
  const std::string_view name = info.architecture ? info.architecture : "";
  for (const auto& kind : kKinds)
    if (name == kind.family->architectures) return {&kind, VRAMAUTO_OK};
  return {nullptr, VRAMAUTO_OK};
}

std::int32_t match(const vramauto_host* host, vramauto_call* call) {
  const auto kind = kind_of(host, call);
  return kind.value ? kind.value->score : 0;
}

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  const auto* kind = VRAMAUTO_READ(kind_of(host, call));
  if (!kind) return model.fail(VRAMAUTO_E_UNSUPPORTED, "the architecture is none of the Gemma kind that are known");
  return kind->describe(model, *kind->family);
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
