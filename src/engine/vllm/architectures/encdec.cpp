// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV11{0, 11, 0}, kV20{0, 20, 0};

constexpr std::string_view kNoPositions =
    "transformers' class of its decoder takes no position_ids, so vLLM cannot run it through transformers";
constexpr std::string_view kBartPlugin =
    "not supported in-tree anymore. Please install the plugin at https://github.com/vllm-project/bart-plugin";
constexpr std::string_view kNoClass = "not supported for now: vLLM has no class for it";

constexpr Architecture kRows[] = {
    {.names = "CohereAsrForConditionalGeneration NemotronParseForConditionalGeneration WhisperForConditionalGeneration "
              "FireRedASR2ForConditionalGeneration",
     .refuses_pp = true},
    {.names = "RadioMBartPrefixForCausalLM", .since = {0, 33, 0}, .refuses_pp = true},

    // Engine V0 had them; what followed took them out, and transformers' classes do not fit.
    {.names = "BartModel BartForConditionalGeneration MBartForConditionalGeneration Florence2ForConditionalGeneration",
     .until = kV11,
     .refuses_pp = true},
    {.names = "BartModel BartForConditionalGeneration MBartForConditionalGeneration Florence2ForConditionalGeneration",
     .since = kV11,
     .until = kV20,
     .refused = kBartPlugin},
    {.names = "BartModel BartForConditionalGeneration MBartForConditionalGeneration", .since = kV20, .refused = kNoPositions},
    {.names = "Florence2ForConditionalGeneration", .since = kV20, .refused = kBartPlugin},
    {.names = "DonutForConditionalGeneration", .until = kV11, .refuses_pp = true},

    // Never had a class.
    {.names = "T5ForConditionalGeneration T5Model MT5ForConditionalGeneration UMT5ForConditionalGeneration "
              "M2M100ForConditionalGeneration MarianMTModel PegasusForConditionalGeneration",
     .until = kV20,
     .refused = kNoClass},
    {.names = "T5ForConditionalGeneration T5Model MT5ForConditionalGeneration UMT5ForConditionalGeneration "
              "M2M100ForConditionalGeneration MarianMTModel PegasusForConditionalGeneration",
     .since = kV20,
     .refused = kNoPositions},
};

}  // namespace

std::span<const Architecture> encdec_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
