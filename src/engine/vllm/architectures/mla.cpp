// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0};

constexpr Architecture kRows[] = {
    {.names = "AXK1ForCausalLM BailingMoeV2_5ForCausalLM DeepseekV2ForCausalLM DeepseekV3ForCausalLM "
              "DeepseekV32ForCausalLM Glm4MoeLiteForCausalLM GlmMoeDsaForCausalLM LongcatFlashForCausalLM "
              "MiniCPM3ForCausalLM MistralLarge3ForCausalLM PanguUltraMoEForCausalLM SarvamMLAForCausalLM"},
    {.names = "BailingMoeV3ForCausalLM DeepseekV4ForCausalLM Glm5NextForCausalLM LongcatFlashNgramForCausalLM "
              "DeepseekV41ForCausalLM",
     .since = kV20},
};

}  // namespace

std::span<const Architecture> mla_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
