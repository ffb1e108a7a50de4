// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0};

constexpr Architecture kRows[] = {
    {.names = "FireRedASR2ForConditionalGeneration CohereAsrForConditionalGeneration "
              "NemotronParseForConditionalGeneration WhisperForConditionalGeneration"},
    {.names = "RadioMBartPrefixForCausalLM", .since = kV20},
    {.names = "DonutForConditionalGeneration", .until = {0, 11, 0}},
};

}  // namespace

std::span<const Architecture> encdec_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
