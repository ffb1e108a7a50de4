#include "engine/vllm/rope_tables.hpp"

#include <algorithm>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/latents.hpp"
#include "engine/vllm/profiles.hpp"
#include "engine/vllm/shards.hpp"
#include "support/dtype.hpp"

namespace vramauto::engine::vllm {
namespace {

using estimator::Weights;

std::uint64_t number_bytes(const Context& context, const Weights& weights) {
  if (weights.dtype) return bits_of(weights.dtype) / 8;
  return has_wide_table(context, weights, weights.pattern) ? 4u : context.element_bytes();
}

bool same_table(const Weights& a, const Weights& b) { return a.rows == b.rows && a.cols == b.cols && a.pattern == b.pattern; }

bool keeps_frequencies(const Context& context) { return context.architecture->backend == Backend::transformers; }

bool is_on_stage(const Context& context, const Weights& weights, const StageRange& range) {
  return keeps_frequencies(context) || layers_within(weights.layers, range.first, range.count) != 0;
}

// A table that an earlier answer about layers of this stage has already made.
bool counted_before(const Context& context, std::size_t at, const StageRange& range) {
  const auto& all = context.blueprint->weights;
  return std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(at), [&](const Weights& other) {
    return other.role == VRAMAUTO_ROLE_ROPE && same_table(other, all[at]) && is_on_stage(context, other, range);
  });
}

bool has_other_table(const Context& context, const Weights& weights) {
  const auto& all = context.blueprint->weights;
  return std::any_of(all.begin(), all.end(),
                     [&](const Weights& other) { return other.role == VRAMAUTO_ROLE_ROPE && !same_table(other, weights); });
}

// Up to 0.21 the table was as long as dynamic scaling may ever stretch it (rotary_embedding/dynamic_ntk_scaling_rope.py). M-RoPE
// counts several positions a token.
std::uint64_t table_rows(const Context& context, const Weights& weights) {
  std::uint64_t rows = weights.units && context.profile->from >= Version{0, 22, 0} ? weights.units : weights.rows;
  if (context.architecture->short_tables) rows = std::min(rows, context.effective.max_model_len);
  if (!(context.blueprint->traits.flags & 2)) return rows;
  return rows * (context.architecture->single_mrope_rows ? context.profile->mrope_rows : 4u);
}

}  // namespace

std::vector<Bytes> rope_tables(const Context& context, const StageRange& range) {
  std::vector<Bytes> out;
  const auto& all = context.blueprint->weights;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& weights = all[i];
    if (weights.role != VRAMAUTO_ROLE_ROPE || counted_before(context, i, range) || !is_on_stage(context, weights, range)) continue;
    const auto bytes = keeps_frequencies(context) ? weights.cols / 2 * 4 * 2
                                                  : table_rows(context, weights) * weights.cols * number_bytes(context, weights);
    const auto tables = context.architecture->rope_by_layer_kind && !has_other_table(context, weights) ? 2u : 1u;
    out.insert(out.end(), tables, bytes);
  }
  return out;
}

}  // namespace vramauto::engine::vllm
