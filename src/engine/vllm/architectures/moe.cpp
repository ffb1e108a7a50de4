// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0};

constexpr Architecture kRows[] = {
    {.names = "AfmoeForCausalLM BailingMoeForCausalLM BailingMoeV2ForCausalLM DbrxForCausalLM "
              "DeepseekForCausalLM Ernie4_5_MoeForCausalLM ExaoneMoEForCausalLM Glm4MoeForCausalLM "
              "GptOssForCausalLM GraniteMoeForCausalLM GraniteMoeSharedForCausalLM Llama4ForCausalLM "
              "MiniMaxM2ForCausalLM MixtralForCausalLM MiMoV2FlashForCausalLM OlmoeForCausalLM "
              "PanguProMoEV2ForCausalLM PhiMoEForCausalLM Qwen2MoeForCausalLM Qwen3MoeForCausalLM "
              "SarvamMoEForCausalLM Step3TextForCausalLM Step3p5ForCausalLM FlexOlmoForCausalLM "
              "HunYuanMoEV1ForCausalLM LlavaNextForConditionalGeneration Phi3VForCausalLM "
              "Qwen2VLForConditionalGeneration"},
    {.names = "Cohere2MoeForCausalLM ExaoneMoeForCausalLM GraniteMoeSWAForCausalLM HYV3ForCausalLM "
              "K2HorizonForCausalLM LagunaForCausalLM MiniMaxM3SparseForCausalLM InklingForCausalLM "
              "MiMoV2ForCausalLM MuseGlimmerForCausalLM Param2MoEForCausalLM Step5ForCausalLM "
              "Kolibri1ForCausalLM MellumForCausalLM",
     .since = kV20},
    {.names = "ArcticForCausalLM", .until = {0, 29, 0}},
    {.names = "Dots1ForCausalLM", .until = {0, 24, 0}},
    {.names = "Grok1ModelForCausalLM Grok1ForCausalLM", .until = {0, 25, 0}},
};

}  // namespace

std::span<const Architecture> moe_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
