// The estimator of composites: finds the kind, adds its towers, delegates its text.
#include "vision.hpp"

#include <string>

#include "aria.hpp"
#include "ernie.hpp"
#include "molmo.hpp"

namespace vramauto::vision {
namespace {

using estimator::Answer;

constexpr std::span<const Composite> (*kTables[])() = {
    aria_kinds,           audio_kinds,   blip_kinds,   deepseek_kinds, gemma3n_kinds, gemma_kinds, glm_kinds,
    granite_speech_kinds, idefics_kinds, intern_kinds, kimi_kinds,     llama4_kinds,  llava_kinds, minicpm_kinds,
    mistral_kinds,        molmo_kinds,   ernie_kinds,  hunyuan_kinds,  newer_kinds,   ovis_kinds,  paddle_kinds,
    phi4_kinds,           qwen_kinds,    radio_kinds,  small_kinds,    speech_kinds,  step_kinds};

Answer<const Composite*> kind_of(const Description& model) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  if (const auto status = model.host()->model(model.call(), &info); status != VRAMAUTO_OK) return {nullptr, status};
  for (const auto table : kTables)
    for (const auto& kind : table())
      if (estimator::has_word(kind.architectures, info.architecture)) return {&kind, VRAMAUTO_OK};
  return {nullptr, VRAMAUTO_OK};
}

std::int32_t match(const vramauto_host* host, vramauto_call* call) {
  const auto kind = kind_of(Description(host, call));
  return kind.value ? kind.value->score : 0;
}

// What vLLM's class looks the text up by: the architecture it names itself, that of the text's configuration, or its model_type.
// Source: vLLM 0.33, config/vllm.py, with_hf_config.
Answer<std::string> text_architecture(const Description& model, const Composite& kind, const std::string& at) {
  if (kind.find_text) return {std::string(VRAMAUTO_TAKE(kind.find_text(model))), VRAMAUTO_OK};
  if (!kind.text_architecture.empty()) return {std::string(kind.text_architecture), VRAMAUTO_OK};
  const auto named = at + "/architectures/0", type = at + "/model_type";
  if (!at.empty() && model.type(named.c_str()) == VRAMAUTO_JSON_STRING)
    return {std::string(VRAMAUTO_TAKE(model.text(named.c_str()))), VRAMAUTO_OK};
  if (!model.has(type.c_str())) return {{}, model.fail(VRAMAUTO_E_FORMAT, type + " is missing, expected the kind of the text")};
  const auto stated = VRAMAUTO_TAKE(model.text(type.c_str()));
  const auto found = text_architecture_of(stated);
  if (found.empty())
    return {{}, model.fail(VRAMAUTO_E_UNSUPPORTED, type + " is \"" + std::string(stated) + "\", which no text model is known for")};
  return {std::string(found), VRAMAUTO_OK};
}

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  const auto* kind = VRAMAUTO_READ(kind_of(model));
  if (!kind) return model.fail(VRAMAUTO_E_UNSUPPORTED, "the architecture is none of the composites that are known");
  if (kind->towers) VRAMAUTO_DO(kind->towers(model));
  const auto at = model.first(kind->text);
  const auto architecture = VRAMAUTO_READ(text_architecture(model, *kind, at));
  VRAMAUTO_DO(host->delegate(call, at.c_str(), kind->prefix, architecture.c_str()));
  return kind->after ? kind->after(model) : VRAMAUTO_OK;
}

constexpr vramauto_estimator kVision{sizeof(vramauto_estimator), 0, "vision", match, describe};
constexpr const vramauto_estimator* kEstimators[] = {&kVision, &kErnieText, &kAriaText, &kMolmoText};
constexpr vramauto_plugin kPlugin{
    sizeof(vramauto_plugin), std::size(kEstimators), "org.vramauto.vision", "0.1.0", "Apache-2.0", kEstimators};

struct TextKind {
  std::string_view types, architecture;
};
// transformers 5.24, models/auto/modeling_auto.py, MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.
constexpr TextKind kTexts[] = {
    {"llama", "LlamaForCausalLM"},
    {"mistral", "MistralForCausalLM"},
    {"ministral", "MinistralForCausalLM"},
    {"ministral3", "Ministral3ForCausalLM"},
    {"mistral4", "MistralLarge3ForCausalLM"},
    {"mixtral", "MixtralForCausalLM"},
    {"qwen2", "Qwen2ForCausalLM"},
    {"qwen2_moe", "Qwen2MoeForCausalLM"},
    {"qwen3", "Qwen3ForCausalLM"},
    {"qwen3_moe", "Qwen3MoeForCausalLM"},
    {"qwen3_next", "Qwen3NextForCausalLM"},
    {"gemma", "GemmaForCausalLM"},
    {"gemma2", "Gemma2ForCausalLM"},
    {"gemma3_text", "Gemma3ForCausalLM"},
    {"gemma3n_text", "Gemma3nForCausalLM"},
    {"gemma4_text", "Gemma4ForCausalLM"},
    {"phi", "PhiForCausalLM"},
    {"phi3", "Phi3ForCausalLM"},
    {"granite", "GraniteForCausalLM"},
    {"granitemoehybrid", "GraniteMoeHybridForCausalLM"},
    {"cohere", "CohereForCausalLM"},
    {"cohere2", "Cohere2ForCausalLM"},
    {"opt", "OPTForCausalLM"},
    {"olmo2", "Olmo2ForCausalLM"},
    {"deepseek_v2", "DeepseekV2ForCausalLM"},
    {"deepseek_v3 kimi_k2", "DeepseekV3ForCausalLM"},
    {"glm4", "Glm4ForCausalLM"},
    {"glm4_moe", "Glm4MoeForCausalLM"},
    {"exaone4", "Exaone4ForCausalLM"},
    {"lfm2", "Lfm2ForCausalLM"},
    {"lfm2_moe", "Lfm2MoeForCausalLM"},
    {"smollm3", "SmolLM3ForCausalLM"},
    {"gpt_oss", "GptOssForCausalLM"},
    {"internlm2", "InternLM2ForCausalLM"},
    {"nemotron_h", "NemotronHForCausalLM"},
    {"ernie4_5", "Ernie4_5ForCausalLM"},
    {"ernie4_5_moe", "Ernie4_5_MoeForCausalLM"},
    {"hunyuan_v1_dense", "HunYuanDenseV1ForCausalLM"},
};

}  // namespace

std::string_view text_architecture_of(std::string_view model_type) {
  for (const auto& text : kTexts)
    if (estimator::has_word(text.types, model_type)) return text.architecture;
  return {};
}

std::string part_of(const Description& model, std::string_view parts) { return model.first(parts); }

}  // namespace vramauto::vision

VRAMAUTO_PLUGIN(vision) {
  (void)host;
  return &vramauto::vision::kPlugin;
}
