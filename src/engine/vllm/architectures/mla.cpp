// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0};

constexpr Architecture kRows[] = {
    {.names = "AXK1ForCausalLM BailingMoeV2_5ForCausalLM DeepseekV2ForCausalLM DeepseekV3ForCausalLM "
              "Glm4MoeLiteForCausalLM LongcatFlashForCausalLM MiniCPM3ForCausalLM MistralLarge3ForCausalLM "
              "PanguUltraMoEForCausalLM SarvamMLAForCausalLM"},
    {.names = "DeepseekV32ForCausalLM GlmMoeDsaForCausalLM", .until = kV20},
    {.names = "DeepseekV32ForCausalLM", .since = kV20, .not_compiled = true},
    {.names = "GlmMoeDsaForCausalLM", .since = kV20, .not_compiled = true, .fp8_cache_on_blackwell = true},
    {.names = "DeepseekV4ForCausalLM", .since = kV20, .not_compiled = true, .compressed_cache = 256},
    {.names = "DeepseekV41ForCausalLM", .since = kV20, .not_compiled = true},
    {.names = "Glm5NextForCausalLM", .since = kV20, .not_compiled = true, .fp8_cache_on_blackwell = true},
    {.names = "BailingMoeV3ForCausalLM", .since = kV20, .no_state_checkpoints = true},
    {.names = "LongcatFlashNgramForCausalLM", .since = kV20},
};

}  // namespace

std::span<const Architecture> mla_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
