// The plugin: models whose layers, or some of them, keep a state of fixed size.
#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Known kKnown[] = {
    {"AliceAIForCausalLM", describe_alice},
    {"GraniteMoeHybridForCausalLM BambaForCausalLM FalconH1ForCausalLM", describe_granite},
    {"JambaForCausalLM JambaForSequenceClassification", describe_jamba},
    {"KimiLinearForCausalLM", describe_kimi},
    {"Lfm2ForCausalLM Lfm2MoeForCausalLM", describe_lfm2},
    {"MambaForCausalLM FalconMambaForCausalLM Mamba2ForCausalLM", describe_mamba},
    {"MiniMaxForCausalLM MiniMaxText01ForCausalLM MiniMaxM1ForCausalLM", describe_minimax},
    {"NemotronHForCausalLM NemotronHPuzzleForCausalLM", describe_nemotron},
    {"OlmoHybridForCausalLM", describe_olmo},
    {"Plamo2ForCausalLM", describe_plamo},
    {"Qwen4ExpForCausalLM", describe_qwen4},
    {"Zamba2ForCausalLM", describe_zamba},
    {"Qwen3NextForCausalLM Qwen3_5ForCausalLM Qwen3_5MoeForCausalLM", describe_qwen},
};

Answer<const Known*> known(const vramauto_host* host, vramauto_call* call, std::string_view* architecture) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  if (const auto status = host->model(call, &info); status != VRAMAUTO_OK) return {nullptr, status};
  *architecture = info.architecture ? info.architecture : "";
  for (const auto& one : kKnown)
    if (estimator::has_word(one.architectures, *architecture)) return {&one, VRAMAUTO_OK};
  return {nullptr, VRAMAUTO_OK};
}

std::int32_t match(const vramauto_host* host, vramauto_call* call) {
  std::string_view architecture;
  return known(host, call, &architecture).value ? 900 : 0;
}

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  std::string_view architecture;
  const auto* one = VRAMAUTO_READ(known(host, call, &architecture));
  if (!one) return model.fail(VRAMAUTO_E_UNSUPPORTED, "the architecture is none of the hybrids that are known");
  return one->describe(model, architecture);
}

constexpr vramauto_estimator kHybrid{sizeof(vramauto_estimator), 0, "hybrid", match, describe};
constexpr const vramauto_estimator* kEstimators[] = {&kHybrid};
constexpr vramauto_plugin kPlugin{sizeof(vramauto_plugin), 1, "org.vramauto.hybrid", "0.1.0", "Apache-2.0", kEstimators};

}  // namespace
}  // namespace vramauto::estimator::hybrid

VRAMAUTO_PLUGIN(hybrid) {
  static_cast<void>(host);
  return &vramauto::estimator::hybrid::kPlugin;
}
