#include "engine/vllm/speculation.hpp"

#include "support/json.hpp"

namespace vramauto::engine::vllm {

// vLLM 0.33, config/speculative.py: methods named "…mtp" run the checkpoint's own layers; where the number is left out, each of
// them drafts one token.
Result<Speculation> read_speculation(const Workload& workload, std::uint32_t draft_layers) {
  constexpr std::string_view where = "speculative-config";
  constexpr std::int64_t kMost = 1024;
  if (workload.speculative_config.empty()) return Speculation{};
  const auto document = TRY(json::parse(std::string(where), workload.speculative_config));
  const auto& root = document.root();
  const auto *method = root.find("method"), *tokens = root.find("num_speculative_tokens");
  Speculation out;
  if (!method && !tokens) return out;
  out.own_layers = method && method->is(json::Type::string) && method->text.ends_with("mtp");
  if (out.own_layers && draft_layers == 0)
    return fail(VRAMAUTO_E_UNSUPPORTED, where, "found method {}, but no layers that draft are known of this model", method->text);
  if (!tokens && out.own_layers) return out.tokens = draft_layers, out;
  if (!tokens) return fail(VRAMAUTO_E_ARGUMENT, where, "num_speculative_tokens is missing, expected how many tokens are drafted");
  if (!tokens->is(json::Type::integer) || tokens->integer < 1 || tokens->integer > kMost)
    return fail(VRAMAUTO_E_ARGUMENT, where, "num_speculative_tokens is no whole number from 1 to {}", kMost);
  out.tokens = static_cast<std::uint32_t>(tokens->integer);
  return out;
}

}  // namespace vramauto::engine::vllm
