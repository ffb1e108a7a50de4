// Sources: vLLM 0.33.0 and 0.19.1, model_executor/models/registry.py (names; until: _PREVIOUSLY_SUPPORTED_MODELS) and the classes
// it names (what they build where). Between the two a boundary that no list gives stands at 0.20.0.
#include "engine/vllm/architectures.hpp"

#include <algorithm>

#include "support/text.hpp"

namespace vramauto::engine::vllm {
namespace {

bool has_word(std::string_view words, std::string_view wanted) {
  for (auto at = words.find(wanted); at != std::string_view::npos; at = words.find(wanted, at + 1)) {
    const auto end = at + wanted.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

// One table for each family of estimators, in architectures/.
constexpr std::span<const Architecture> (*kTables[])() = {decoder_architectures, moe_architectures,    mla_architectures,
                                                          hybrid_architectures,  vision_architectures, encdec_architectures,
                                                          pooling_architectures};

}  // namespace

bool is_listed(std::string_view name) {
  const auto names = [&](const Architecture& row) { return has_word(row.names, name); };
  return !name.empty() && std::any_of(std::begin(kTables), std::end(kTables),
                                      [&](const auto table) { return std::any_of(table().begin(), table().end(), names); });
}

Result<const Architecture*> find_architecture(std::string_view name, const Version& version) {
  constexpr std::string_view where = "architecture";
  const Architecture* other = nullptr;
  for (const auto table : kTables)
    for (const auto& row : table()) {
      if (name.empty() || !has_word(row.names, name)) continue;
      other = &row;
      if (version >= row.since && version < row.until) return &row;
    }
  if (other && version >= other->until)
    return fail(VRAMAUTO_E_UNSUPPORTED, where,
                "Model architecture {} was supported in vLLM until v{}.{}.0, and is not supported anymore", name,
                other->until.major, other->until.minor - 1);
  return fail(VRAMAUTO_E_UNSUPPORTED, where, "Model architectures ['{}'] are not supported for now in vLLM {}", text::shown(name),
              to_string(version));
}

}  // namespace vramauto::engine::vllm
