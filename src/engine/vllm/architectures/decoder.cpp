// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV27{0, 27, 0}, kV25{0, 25, 0}, kV26{0, 26, 0}, kV29{0, 29, 0}, kV32{0, 32, 0};

constexpr Architecture kRows[] = {
    // Both ends on the stages that need them.
    {.names =
         "LlamaForCausalLM LLaMAForCausalLM MistralForCausalLM LlamaModel MistralModel InternLM3ForCausalLM IQuestCoderForCausalLM "
         "Qwen2ForCausalLM Qwen2Model Qwen3ForCausalLM MiMoForCausalLM Phi3ForCausalLM DeciLMForCausalLM GraniteForCausalLM "
         "NemotronForCausalLM SolarForCausalLM HyperCLOVAXForCausalLM ApertusForCausalLM ExaoneForCausalLM Exaone4ForCausalLM "
         "Glm4ForCausalLM Ernie4_5ForCausalLM Ernie4_5_ForCausalLM PanguEmbeddedForCausalLM TeleChat2ForCausalLM "
         "TeleFLMForCausalLM"},
    {.names = "Ministral3ForCausalLM TeleChat3ForCausalLM", .since = {0, 20, 0}},
    {.names = "GraniteSWAForCausalLM", .since = {0, 29, 0}},
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
    {.names = "BloomForCausalLM", .until = kV27, .ends_on_all_stages = true},
    {.names = "BloomForCausalLM", .since = kV27, .ends_on_all_stages = true, .refuses_fp8_cache = true},
    {.names = "QWenLMHeadModel BaiChuanForCausalLM BaichuanForCausalLM", .until = {0, 24, 0}, .ends_on_all_stages = true},
    {.names = "FalconForCausalLM", .ends_on_all_stages = true, .ignores_cache_dtype = true},
    {.names = "RWForCausalLM", .until = {0, 29, 0}, .ends_on_all_stages = true, .ignores_cache_dtype = true},
    {.names = "MPTForCausalLM MptForCausalLM StableLMEpochForCausalLM", .until = {0, 29, 0}, .ends_on_all_stages = true},

    // A class of vLLM's own once, transformers' class since.
    {.names = "ArceeForCausalLM CwmForCausalLM GlmForCausalLM Jais2ForCausalLM SeedOssForCausalLM", .until = kV32},
    {.names = "HunYuanDenseV1ForCausalLM", .until = kV29},
    {.names =
         "ArceeForCausalLM CwmForCausalLM GlmForCausalLM GPTNeoXForCausalLM Jais2ForCausalLM PhiForCausalLM SeedOssForCausalLM",
     .since = kV32,
     .backend = Backend::transformers},
    {.names = "HunYuanDenseV1ForCausalLM", .since = kV29, .backend = Backend::transformers},
    {.names = "GPTNeoXForCausalLM PhiForCausalLM", .until = kV32, .ends_on_all_stages = true},
    {.names = "OlmoForCausalLM Olmo2ForCausalLM", .until = kV26, .ends_on_all_stages = true},
    {.names = "OlmoForCausalLM Olmo2ForCausalLM", .since = kV26, .backend = Backend::transformers},
    {.names = "Olmo3ForCausalLM", .until = kV29, .ends_on_all_stages = true},
    {.names = "Olmo3ForCausalLM", .since = kV29, .backend = Backend::transformers, .rope_by_layer_kind = true},
    {.names = "Starcoder2ForCausalLM", .until = kV25, .ends_on_all_stages = true},
    {.names = "Starcoder2ForCausalLM", .since = kV25, .backend = Backend::transformers},
    {.names = "GPTBigCodeForCausalLM", .until = kV25, .ends_on_all_stages = true},
    {.names = "GPTBigCodeForCausalLM",
     .since = kV25,
     .backend = Backend::transformers,
     .replicates_mlp = true,
     .keeps_causal_mask = true},
    {.names = "PersimmonForCausalLM", .until = kV26, .ends_on_all_stages = true},
    {.names = "PersimmonForCausalLM", .since = kV26, .backend = Backend::transformers, .replicates_mlp = true},

    // Transformers' class always.
    {.names = "SmolLM3ForCausalLM HeliumForCausalLM", .backend = Backend::transformers},

    {.names = "Gemma3nForCausalLM", .ends_on_all_stages = true, .refuses_pp = true},

    // Served, described by no estimator of ours unless by its files.
    {.names = "Rnj1ForCausalLM", .since = {0, 20, 0}},
    {.names = "HrmTextForCausalLM", .since = {0, 24, 0}},
    {.names = "VaultGemmaForCausalLM", .since = {0, 27, 0}},
    {.names = "NanbeigeForCausalLM", .since = {0, 30, 0}},
    {.names = "BeamForCausalLM DomynEdgeForCausalLM DoryForCausalLM FlintForCausalLM", .since = {0, 33, 0}},
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
