// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0};

constexpr Architecture kRows[] = {
    // Their classes build the embedding, the last norm and lm_head whatever stage they are on.
    {.names = "DbrxForCausalLM GptOssForCausalLM GraniteMoeForCausalLM GraniteMoeSharedForCausalLM MixtralForCausalLM "
              "OlmoeForCausalLM PhiMoEForCausalLM Qwen2MoeForCausalLM Qwen3MoeForCausalLM",
     .ends_on_all_stages = true},
    {.names = "Cohere2MoeForCausalLM GraniteMoeSWAForCausalLM HYV3ForCausalLM InklingForCausalLM K2HorizonForCausalLM "
              "MuseGlimmerForCausalLM",
     .since = kV20,
     .ends_on_all_stages = true},
    {.names = "AfmoeForCausalLM BailingMoeForCausalLM BailingMoeV2ForCausalLM DeepseekForCausalLM Ernie4_5_MoeForCausalLM "
              "ExaoneMoEForCausalLM Glm4MoeForCausalLM Llama4ForCausalLM MiniMaxM2ForCausalLM PanguProMoEV2ForCausalLM "
              "SarvamMoEForCausalLM Step3TextForCausalLM Step3p5ForCausalLM LlavaNextForConditionalGeneration Phi3VForCausalLM "
              "Qwen2VLForConditionalGeneration"},
    {.names = "ExaoneMoeForCausalLM LagunaForCausalLM MiMoV2ForCausalLM MiniMaxM3SparseForCausalLM Param2MoEForCausalLM "
              "Step5ForCausalLM",
     .since = kV20},
    {.names = "MiMoV2FlashForCausalLM", .until = kV20, .ignores_cache_dtype = true, .pads_values = true},
    {.names = "MiMoV2FlashForCausalLM", .since = kV20},
    // From a class of vLLM's own to transformers', between the two releases.
    {.names = "FlexOlmoForCausalLM", .until = kV20, .ends_on_all_stages = true},
    {.names = "HunYuanMoEV1ForCausalLM", .until = kV20},
    {.names = "FlexOlmoForCausalLM HunYuanMoEV1ForCausalLM Kolibri1ForCausalLM MellumForCausalLM",
     .since = kV20,
     .backend = Backend::transformers},
    {.names = "ArcticForCausalLM", .until = {0, 29, 0}, .ends_on_all_stages = true},
    {.names = "Dots1ForCausalLM", .until = {0, 24, 0}},
    {.names = "Grok1ModelForCausalLM Grok1ForCausalLM", .until = {0, 25, 0}, .ends_on_all_stages = true},
};

}  // namespace

std::span<const Architecture> moe_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
