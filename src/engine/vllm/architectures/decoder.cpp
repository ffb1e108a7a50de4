// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

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
              "Gemma4ForCausalLM GraniteMoeHybridForCausalLM "
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

    {.names = "Gemma3nForCausalLM", .ends_on_all_stages = true, .refuses_pp = true},

    // Served, described by no estimator of ours unless by its files.
    {.names = "BeamForCausalLM DomynEdgeForCausalLM DoryForCausalLM FlintForCausalLM "
              "Rnj1ForCausalLM HrmTextForCausalLM NanbeigeForCausalLM VaultGemmaForCausalLM",
     .since = kV20},
    {.names = "IQuestLoopCoderForCausalLM Step1ForCausalLM"},
    {.names = "GritLM Cheers CheersForConditionalGeneration FireRedLIDForConditionalGeneration", .until = {0, 29, 0}},
    {.names = "InternLM2VEForCausalLM", .until = {0, 24, 0}},
    {.names = "JAISLMHeadModel", .until = {0, 23, 0}},
    {.names = "OuroForCausalLM", .until = {0, 27, 0}},
    {.names = "MotifForCausalLM", .until = {0, 11, 0}},
    {.names = "Phi3SmallForCausalLM", .until = {0, 10, 0}},
};

}  // namespace

std::span<const Architecture> decoder_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
