// Sources: vLLM's model_executor/models/registry.py of every minor release (names; until: _PREVIOUSLY_SUPPORTED_MODELS) and the
// classes it names (what they build where), read in 0.33.0, 0.19.1 and, where they differ, in the releases between.
#include "engine/vllm/architectures.hpp"

#include <algorithm>
#include <string>

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

// What a search found: the row of this version, else one of another.
struct Search {
  const Architecture *row = nullptr, *other = nullptr;
};

Search search(std::string_view name, const Version& version) {
  Search out;
  for (const auto table : kTables)
    for (const auto& row : table()) {
      if (name.empty() || !has_word(row.names, name)) continue;
      out.other = &row;
      if (version >= row.since && version < row.until) return {&row, &row};
    }
  return out;
}

// vLLM 0.33, config/model.py, _SUFFIX_TO_DEFAULTS, and registry.py, _normalize_arch: an architecture that is not listed and is
// named after a pooling task is a class of the same stem, converted.
constexpr std::string_view kConverted[] = {"ForTextEncoding",
                                           "EmbeddingModel",
                                           "ForSequenceClassification",
                                           "ForTokenClassification",
                                           "ForAudioClassification",
                                           "ForImageClassification",
                                           "ForVideoClassification",
                                           "ClassificationModel",
                                           "ForRewardModeling",
                                           "RewardModel",
                                           "Model"};
constexpr std::string_view kClasses[] = {"ForCausalLM", "ForConditionalGeneration", "ChatModel", "LMHeadModel"};

Search search_converted(std::string_view name, const Version& version) {
  for (const auto suffix : kConverted) {
    if (!name.ends_with(suffix)) continue;
    for (const auto ending : kClasses)
      if (const auto found = search(std::string(name.substr(0, name.size() - suffix.size())).append(ending), version); found.row)
        return found;
    return {};
  }
  return {};
}

}  // namespace

bool is_listed(std::string_view name) {
  const auto names = [&](const Architecture& row) { return has_word(row.names, name); };
  return !name.empty() && std::any_of(std::begin(kTables), std::end(kTables),
                                      [&](const auto table) { return std::any_of(table().begin(), table().end(), names); });
}

Architecture composite_of(const Architecture& whole, std::string_view text, const Version& version) {
  const Architecture* row = nullptr;  // a text that is served by its composite only may have no row for this version
  for (const auto table : kTables)
    for (const auto& one : table())
      if (!text.empty() && has_word(one.names, text) && (!row || (version >= one.since && version < one.until))) row = &one;
  if (!row || row == &whole) return whole;
  auto out = *row;
  out.names = whole.names;
  out.since = whole.since;
  out.until = whole.until;
  out.backend = whole.backend;
  out.refused = whole.refused;
  out.refuses_pp = whole.refuses_pp;
  out.towers_on_all_stages = whole.towers_on_all_stages;
  out.whole_towers = whole.whole_towers;
  out.undivided_towers = whole.undivided_towers;
  out.undivided_from_params = whole.undivided_from_params;
  out.towers_need_even_heads = whole.towers_need_even_heads;
  out.ends_on_all_stages |= whole.ends_on_all_stages;
  out.input_on_all_stages |= whole.input_on_all_stages;
  out.replicates_mlp |= whole.replicates_mlp;
  out.refuses_tp |= whole.refuses_tp;
  out.refuses_fp8_cache |= whole.refuses_fp8_cache;
  out.ignores_cache_dtype |= whole.ignores_cache_dtype;
  out.single_mrope_rows |= whole.single_mrope_rows;
  out.builds_no_head |= whole.builds_no_head;
  out.mxfp4_experts_only |= whole.mxfp4_experts_only;
  out.not_compiled |= whole.not_compiled;
  return out;
}

Result<const Architecture*> find_architecture(std::string_view name, const Version& version) {
  constexpr std::string_view where = "architecture";
  auto found = search(name, version);
  if (!found.other) found = search_converted(name, version);
  if (found.row && !found.row->refused.empty())
    return fail(VRAMAUTO_E_UNSUPPORTED, where, "Model architecture {}: {}", name, found.row->refused);
  if (found.row) return found.row;
  if (found.other && version >= found.other->until)
    return fail(VRAMAUTO_E_UNSUPPORTED, where,
                "Model architecture {} was supported in vLLM until v{}.{}.0, and is not supported anymore", name,
                found.other->until.major, found.other->until.minor - 1);
  return fail(VRAMAUTO_E_UNSUPPORTED, where, "Model architectures ['{}'] are not supported for now in vLLM {}", text::shown(name),
              to_string(version));
}

}  // namespace vramauto::engine::vllm
