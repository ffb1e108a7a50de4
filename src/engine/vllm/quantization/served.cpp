#include "engine/vllm/quantization/served.hpp"

#include <algorithm>

#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm::quantization {
namespace {

constexpr Version kWithoutBitsAndBytes{0, 28, 0};  // a plugin from then on
constexpr Version kOnlineNames{0, 20, 0};          // "fp8_per_tensor" and its like

bool online(const Rules& rules) { return rules.quantises() && rules.formats.back().online; }

Result<void> check_version(const Rules& rules, const Profile& profile) {
  if (rules.method == "bitsandbytes" && profile.from >= kWithoutBitsAndBytes)
    return fail(
        VRAMAUTO_E_UNSUPPORTED, "quantization_config",
        "Unknown quantization method: bitsandbytes. vLLM serves it as a plugin only from 0.28 on, the rules are those of {}",
        profile.name);
  if (!online(rules)) return {};
  if (rules.method == "fp8" && profile.from >= Version{0, 33, 0})
    return fail(VRAMAUTO_E_UNSUPPORTED, "quantization",
                "The fp8 quantization method no longer supports online quantization in vLLM {}: use --quantization fp8_per_tensor",
                profile.name);
  if (rules.method != "fp8" && rules.method != "bitsandbytes" && profile.from < kOnlineNames)
    return fail(VRAMAUTO_E_UNSUPPORTED, "quantization", "Unknown quantization method: {}. vLLM {} knows fp8 here", rules.method,
                profile.name);
  return {};
}

// get_min_capability of each method and scheme.
std::uint32_t least_capability(const Format& format) {
  switch (format.scheme) {
    case Scheme::gptq:
    case Scheme::gguf:
    case Scheme::none:
      return 60;
    case Scheme::packed:
    case Scheme::bnb4:
    case Scheme::bnb8:
      return 70;
    default:
      return 75;
  }
}

// vLLM 0.19.1, quantization/gguf.py, get_supported_act_dtypes.
Result<void> check_numbers(const Context& context) {
  if (!context.formats->rules.types_are_stored || context.capability() < 100 || context.dtype != VRAMAUTO_BF16) return {};
  return fail(VRAMAUTO_E_UNSUPPORTED, "dtype",
              "torch.bfloat16 is not supported for quantization method gguf on this GPU. Supported dtypes: [torch.float16, "
              "torch.float32]");
}

}  // namespace

Result<void> check_served(const Context& context) {
  const auto& rules = context.formats->rules;
  TRY(check_numbers(context));
  TRY(check_version(rules, *context.profile));
  for (const auto& format : rules.formats) {
    const auto least = least_capability(format), found = context.capability();
    if (found >= least) continue;
    if (rules.method.empty())
      return fail(VRAMAUTO_E_UNSUPPORTED, "devices",
                  "the GPU's compute capability is {}.{}, expected at least {}.{}: vLLM has no kernels for it", found / 10,
                  found % 10, least / 10, least % 10);
    return fail(VRAMAUTO_E_UNSUPPORTED, "quantization_config",
                "The quantization method {} is not supported for the current GPU. Minimum capability: {}. Current capability: {}.",
                rules.method, least, found);
  }
  return {};
}

}  // namespace vramauto::engine::vllm::quantization
