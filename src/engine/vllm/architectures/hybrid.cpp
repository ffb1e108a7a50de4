// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0}, kV27{0, 27, 0};

constexpr Architecture kRows[] = {
    {.names = "Qwen3NextForCausalLM JambaForCausalLM MambaForCausalLM FalconMambaForCausalLM", .ends_on_all_stages = true},
    {.names = "NemotronHForCausalLM NemotronHPuzzleForCausalLM",
     .until = kV20,
     .ends_on_all_stages = true,
     .state_dtype = VRAMAUTO_F16},
    {.names = "NemotronHForCausalLM NemotronHPuzzleForCausalLM",
     .since = kV20,
     .ends_on_all_stages = true,
     .state_dtype = VRAMAUTO_F32},
    // Their linear attention runs by kernels that hand out no state inside a prefill.
    {.names = "OlmoHybridForCausalLM", .ends_on_all_stages = true, .no_state_checkpoints = true},
    {.names = "FalconH1ForCausalLM"},
    {.names = "KimiLinearForCausalLM", .until = kV27},
    {.names = "KimiLinearForCausalLM", .since = kV27, .least_expert_width = 256},
    {.names = "Lfm2ForCausalLM Lfm2MoeForCausalLM", .input_on_all_stages = true},
    {.names = "Qwen3_5ForCausalLM Qwen3_5MoeForCausalLM", .since = {0, 27, 0}, .input_on_all_stages = true},
    {.names = "AliceAIForCausalLM", .since = {0, 33, 0}, .refuses_pp = true, .no_state_checkpoints = true},
    {.names = "Mamba2ForCausalLM Zamba2ForCausalLM", .refuses_pp = true},
    {.names = "Qwen4ExpForCausalLM", .since = {0, 29, 0}, .ends_on_all_stages = true},
    {.names = "HYV4ForCausalLM", .since = {0, 29, 0}},
    {.names = "BambaForCausalLM", .until = {0, 24, 0}, .ends_on_all_stages = true},
    {.names = "MiniMaxForCausalLM MiniMaxText01ForCausalLM MiniMaxM1ForCausalLM",
     .until = {0, 24, 0},
     .refuses_pp = true,
     .short_tables = true},
    {.names = "Plamo2ForCausalLM", .until = {0, 27, 0}, .ends_on_all_stages = true, .short_tables = true},
    {.names = "Phi4FlashForCausalLM", .until = {0, 11, 0}, .refuses_pp = true},
};

}  // namespace

std::span<const Architecture> hybrid_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
