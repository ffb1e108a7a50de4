// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0}, kV29{0, 29, 0};

constexpr Architecture kRows[] = {
    {.names = "AXK1ForCausalLM BailingMoeV2_5ForCausalLM DeepseekV2ForCausalLM DeepseekV3ForCausalLM "
              "LongcatFlashForCausalLM MistralLarge3ForCausalLM "
              "PanguUltraMoEForCausalLM SarvamMLAForCausalLM"},
    {.names = "MiniCPM3ForCausalLM", .ends_on_all_stages = true},
    {.names = "DeepseekV32ForCausalLM", .until = kV29},
    // The configuration classes of that time had head_dim as another name of qk_rope_head_dim.
    {.names = "Glm4MoeLiteForCausalLM GlmMoeDsaForCausalLM", .until = kV20, .rope_key = "head_dim"},
    {.names = "Glm4MoeLiteForCausalLM", .since = kV20},
    {.names = "GlmMoeDsaForCausalLM", .since = kV20, .until = kV29},
    {.names = "DeepseekV32ForCausalLM", .since = kV29, .not_compiled = true},
    {.names = "GlmMoeDsaForCausalLM", .since = kV29, .not_compiled = true, .fp8_cache_on_blackwell = true},
    {.names = "Glm5NextForCausalLM", .since = {0, 30, 0}, .not_compiled = true, .fp8_cache_on_blackwell = true},
    {.names = "DeepseekV4ForCausalLM", .since = kV20, .until = {0, 23, 0}, .compressed_cache = 256},
    {.names = "DeepseekV4ForCausalLM", .since = {0, 23, 0}, .not_compiled = true, .compressed_cache = 256},
    {.names = "DeepseekV41ForCausalLM", .since = {0, 30, 0}, .not_compiled = true},
    {.names = "BailingMoeV3ForCausalLM", .since = {0, 28, 0}},
    {.names = "LongcatFlashNgramForCausalLM", .since = {0, 26, 0}},
};

}  // namespace

std::span<const Architecture> mla_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
