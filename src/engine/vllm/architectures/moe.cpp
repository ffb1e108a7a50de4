// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0}, kV29{0, 29, 0}, kV32{0, 32, 0};

constexpr Architecture kRows[] = {
    // Their classes build the embedding, the last norm and lm_head whatever stage they are on.
    {.names = "DbrxForCausalLM GptOssForCausalLM GraniteMoeForCausalLM GraniteMoeSharedForCausalLM MixtralForCausalLM "
              "OlmoeForCausalLM PhiMoEForCausalLM Qwen2MoeForCausalLM Qwen3MoeForCausalLM",
     .ends_on_all_stages = true},
    {.names = "HYV3ForCausalLM", .since = {0, 20, 0}, .ends_on_all_stages = true},
    {.names = "Cohere2MoeForCausalLM", .since = {0, 21, 0}, .ends_on_all_stages = true},
    {.names = "InklingForCausalLM", .since = {0, 26, 0}, .ends_on_all_stages = true},
    {.names = "MuseGlimmerForCausalLM", .since = {0, 28, 0}, .ends_on_all_stages = true},
    {.names = "GraniteMoeSWAForCausalLM", .since = {0, 29, 0}, .ends_on_all_stages = true},
    {.names = "K2HorizonForCausalLM", .since = {0, 30, 0}, .ends_on_all_stages = true},
    {.names = "AfmoeForCausalLM BailingMoeForCausalLM BailingMoeV2ForCausalLM DeepseekForCausalLM Ernie4_5_MoeForCausalLM "
              "ExaoneMoEForCausalLM Glm4MoeForCausalLM Llama4ForCausalLM MiniMaxM2ForCausalLM PanguProMoEV2ForCausalLM "
              "SarvamMoEForCausalLM Step3TextForCausalLM Step3p5ForCausalLM LlavaNextForConditionalGeneration Phi3VForCausalLM "
              "Qwen2VLForConditionalGeneration"},
    {.names = "Param2MoEForCausalLM", .since = {0, 20, 0}},
    {.names = "LagunaForCausalLM", .since = {0, 21, 0}},
    {.names = "MiMoV2ForCausalLM", .since = {0, 21, 0}, .until = kV32, .ignores_cache_dtype = true},
    {.names = "MiMoV2ForCausalLM", .since = kV32},
    {.names = "MiniMaxM3SparseForCausalLM", .since = {0, 24, 0}},
    {.names = "ExaoneMoeForCausalLM", .since = {0, 27, 0}},
    {.names = "Step5ForCausalLM", .since = {0, 33, 0}},
    {.names = "MiMoV2FlashForCausalLM", .until = kV20, .ignores_cache_dtype = true, .pads_values = true},
    {.names = "MiMoV2FlashForCausalLM", .since = kV20, .until = kV32, .ignores_cache_dtype = true},
    {.names = "MiMoV2FlashForCausalLM", .since = kV32},
    // From a class of vLLM's own to transformers'.
    {.names = "FlexOlmoForCausalLM", .until = kV29, .ends_on_all_stages = true},
    {.names = "HunYuanMoEV1ForCausalLM", .until = kV29},
    {.names = "FlexOlmoForCausalLM HunYuanMoEV1ForCausalLM", .since = kV29, .backend = Backend::transformers},
    {.names = "MellumForCausalLM", .since = {0, 22, 0}, .until = kV32, .ends_on_all_stages = true},
    {.names = "MellumForCausalLM", .since = kV32, .backend = Backend::transformers},
    {.names = "Kolibri1ForCausalLM", .since = {0, 33, 0}, .backend = Backend::transformers},
    {.names = "ArcticForCausalLM", .until = {0, 29, 0}, .ends_on_all_stages = true},
    {.names = "Dots1ForCausalLM", .until = {0, 24, 0}},
    {.names = "Grok1ModelForCausalLM Grok1ForCausalLM", .until = {0, 25, 0}, .ends_on_all_stages = true},
};

}  // namespace

std::span<const Architecture> moe_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
