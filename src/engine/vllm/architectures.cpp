// Sources: vLLM 0.33.0 and 0.19.1, model_executor/models/registry.py (names; until: _PREVIOUSLY_SUPPORTED_MODELS) and the classes
// it names (what they build where). Between the two a boundary that no list gives stands at 0.20.0.
#include "engine/vllm/architectures.hpp"

#include "support/text.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0};

constexpr Architecture kRows[] = {
    // Both ends on the stages that need them.
    {.names =
         "LlamaForCausalLM LLaMAForCausalLM MistralForCausalLM LlamaModel MistralModel InternLM3ForCausalLM IQuestCoderForCausalLM "
         "Qwen2ForCausalLM Qwen2Model Qwen3ForCausalLM MiMoForCausalLM Phi3ForCausalLM DeciLMForCausalLM GraniteForCausalLM "
         "NemotronForCausalLM SolarForCausalLM HyperCLOVAXForCausalLM ApertusForCausalLM ExaoneForCausalLM Exaone4ForCausalLM "
         "Glm4ForCausalLM Ernie4_5ForCausalLM Ernie4_5_ForCausalLM PanguEmbeddedForCausalLM TeleChat2ForCausalLM "
         "TeleFLMForCausalLM"},
    {.names = "Ministral3ForCausalLM TeleChat3ForCausalLM GraniteSWAForCausalLM", .since = kV20},
    {.names = "InternLMForCausalLM XverseForCausalLM", .until = {0, 24, 0}},
    {.names = "AquilaModel AquilaForCausalLM", .until = {0, 25, 0}},
    {.names = "TeleChatForCausalLM", .until = {0, 26, 0}},
    {.names = "Fairseq2LlamaForCausalLM", .until = {0, 29, 0}},

    // Both ends on every stage.
    {.names = "ChatGLMModel ChatGLMForConditionalGeneration CohereForCausalLM Cohere2ForCausalLM GemmaForCausalLM "
              "Gemma2ForCausalLM Gemma2Model Gemma3ForCausalLM Gemma3TextModel GPT2LMHeadModel GPTJForCausalLM "
              "GraniteMoeHybridForCausalLM "
              "InternLM2ForCausalLM MiniCPMForCausalLM OPTForCausalLM OrionForCausalLM Plamo3ForCausalLM StableLmForCausalLM",
     .ends_on_all_stages = true},
    {.names = "BloomForCausalLM", .until = kV20, .ends_on_all_stages = true},
    {.names = "BloomForCausalLM", .since = kV20, .ends_on_all_stages = true, .refuses_fp8_cache = true},
    {.names = "QWenLMHeadModel BaiChuanForCausalLM BaichuanForCausalLM", .until = {0, 24, 0}, .ends_on_all_stages = true},
    {.names = "FalconForCausalLM", .ends_on_all_stages = true, .ignores_cache_dtype = true},
    {.names = "RWForCausalLM", .until = {0, 29, 0}, .ends_on_all_stages = true, .ignores_cache_dtype = true},
    {.names = "MPTForCausalLM MptForCausalLM StableLMEpochForCausalLM", .until = {0, 29, 0}, .ends_on_all_stages = true},

    // A class of vLLM's own once, transformers' class since.
    {.names = "ArceeForCausalLM CwmForCausalLM GlmForCausalLM HunYuanDenseV1ForCausalLM Jais2ForCausalLM SeedOssForCausalLM",
     .until = kV20},
    {.names = "ArceeForCausalLM CwmForCausalLM GlmForCausalLM HunYuanDenseV1ForCausalLM Jais2ForCausalLM SeedOssForCausalLM",
     .since = kV20,
     .backend = Backend::transformers},
    {.names = "GPTNeoXForCausalLM OlmoForCausalLM Olmo2ForCausalLM Olmo3ForCausalLM PhiForCausalLM Starcoder2ForCausalLM",
     .until = kV20,
     .ends_on_all_stages = true},
    {.names = "GPTNeoXForCausalLM OlmoForCausalLM Olmo2ForCausalLM PhiForCausalLM Starcoder2ForCausalLM",
     .since = kV20,
     .backend = Backend::transformers},
    {.names = "Olmo3ForCausalLM", .since = kV20, .backend = Backend::transformers, .rope_by_layer_kind = true},
    {.names = "GPTBigCodeForCausalLM", .until = kV20, .ends_on_all_stages = true},
    {.names = "GPTBigCodeForCausalLM",
     .since = kV20,
     .backend = Backend::transformers,
     .replicates_mlp = true,
     .keeps_causal_mask = true},
    {.names = "PersimmonForCausalLM", .until = kV20, .ends_on_all_stages = true},
    {.names = "PersimmonForCausalLM", .since = kV20, .backend = Backend::transformers, .replicates_mlp = true},

    // Transformers' class always.
    {.names = "SmolLM3ForCausalLM HeliumForCausalLM", .backend = Backend::transformers},
};

bool has_word(std::string_view words, std::string_view wanted) {
  for (auto at = words.find(wanted); at != std::string_view::npos; at = words.find(wanted, at + 1)) {
    const auto end = at + wanted.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

}  // namespace

Result<const Architecture*> find_architecture(std::string_view name, const Version& version) {
  constexpr std::string_view where = "architecture";
  const Architecture* other = nullptr;
  for (const auto& row : kRows) {
    if (name.empty() || !has_word(row.names, name)) continue;
    other = &row;
    if (version < row.since || version >= row.until) continue;
    return &row;
  }
  if (other && version >= other->until)
    return fail(VRAMAUTO_E_UNSUPPORTED, where,
                "Model architecture {} was supported in vLLM until v{}.{}.0, and is not supported anymore", name,
                other->until.major, other->until.minor - 1);
  return fail(VRAMAUTO_E_UNSUPPORTED, where, "Model architectures ['{}'] are not supported for now in vLLM {}", text::shown(name),
              to_string(version));
}

}  // namespace vramauto::engine::vllm
