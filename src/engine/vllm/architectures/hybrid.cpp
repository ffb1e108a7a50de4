// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0};

constexpr Architecture kRows[] = {
    {.names = "FalconMambaForCausalLM FalconH1ForCausalLM Qwen3NextForCausalLM JambaForCausalLM "
              "KimiLinearForCausalLM Lfm2ForCausalLM Lfm2MoeForCausalLM MambaForCausalLM Mamba2ForCausalLM "
              "NemotronHForCausalLM NemotronHPuzzleForCausalLM OlmoHybridForCausalLM Zamba2ForCausalLM"},
    {.names = "Qwen4ExpForCausalLM HYV4ForCausalLM Qwen3_5ForCausalLM Qwen3_5MoeForCausalLM", .since = kV20},
    {.names = "BambaForCausalLM MiniMaxForCausalLM MiniMaxText01ForCausalLM MiniMaxM1ForCausalLM", .until = {0, 24, 0}},
    {.names = "Plamo2ForCausalLM", .until = {0, 27, 0}},
    {.names = "Phi4FlashForCausalLM", .until = {0, 11, 0}},
};

}  // namespace

std::span<const Architecture> hybrid_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
