#include "engine/vllm/shards.hpp"

#include <algorithm>

#include "engine/vllm/architectures.hpp"
#include "support/dtype.hpp"

namespace vramauto::engine::vllm {
namespace {

// The MLP of a model whose class has no tensor-parallel plan stays whole: vLLM 0.33, models/transformers/base.py,
// recursive_replace.
bool stays_whole(const Context& context, const vramauto_weights& weights) {
  if (!context.architecture->replicates_mlp || weights.role != VRAMAUTO_ROLE_LINEAR) return false;
  if (weights.split == VRAMAUTO_SPLIT_ROWS) return true;
  return weights.split == VRAMAUTO_SPLIT_COLS && !context.blueprint->forwards.empty() &&
         weights.cols == context.blueprint->forwards.front().intermediate;
}

// Built whole on every rank, as ranks do not divide the heads it goes with.
bool is_uneven(const vramauto_weights& weights, std::uint32_t tp) {
  return weights.uneven == VRAMAUTO_UNEVEN_REPLICATE && weights.units && weights.units % tp != 0;
}

// Tables that only some versions treat as vocabularies: vLLM 0.19.1 and 0.33, models/roberta.py, RobertaEmbedding.
bool is_plain_table(const Context& context, const vramauto_weights& weights) {
  return context.architecture->plain_tables && weights.split == VRAMAUTO_SPLIT_VOCAB && weights.role == VRAMAUTO_ROLE_OTHER;
}

std::uint64_t units_on_rank(const vramauto_weights& weights, std::uint32_t tp) {
  switch (weights.uneven) {
    case VRAMAUTO_UNEVEN_REPEAT:
      return std::max(1u, weights.units / tp);
    case VRAMAUTO_UNEVEN_REPLICATE:
      return weights.units % tp == 0 ? weights.units / tp : weights.units;
    default:
      return ceil_div(weights.units, tp);
  }
}

void divide(Shard& shard, vramauto_split split, const vramauto_weights& weights, std::uint32_t tp) {
  switch (split) {
    case VRAMAUTO_SPLIT_ROWS:
      shard.rows = ceil_div(weights.rows, tp);
      break;
    case VRAMAUTO_SPLIT_COLS:
      shard.cols = weights.units && weights.uneven == VRAMAUTO_UNEVEN_PAD
                       ? weights.cols / weights.units * units_on_rank(weights, tp)
                       : ceil_div(weights.cols, tp);
      break;
    case VRAMAUTO_SPLIT_VOCAB:
      shard.rows = ceil_div(round_up(weights.rows, 64), tp);
      break;
    case VRAMAUTO_SPLIT_UNITS:
      shard.rows = weights.rows / weights.units * units_on_rank(weights, tp);
      break;
    default:
      break;
  }
}

// Layers of a range before this one.
std::uint64_t layers_below(const vramauto_layers& range, std::uint64_t layer) {
  const auto first = static_cast<std::uint64_t>(range.first);
  if (layer <= first) return 0;
  const std::uint32_t total = std::max(1u, range.count), run = std::max(1u, range.run);
  const auto stride = range.stride ? range.stride : run;
  if (run >= total || stride == run) return std::min<std::uint64_t>(layer - first, total);
  const auto runs = (layer - first) / stride, within = (layer - first) % stride;
  return std::min<std::uint64_t>(runs * run + std::min<std::uint64_t>(within, run), total);
}

}  // namespace

Shard shard_of(const Context& context, const vramauto_weights& weights) {
  Shard shard{weights.rows, weights.cols, weights.copies, 0, 0};
  const auto tp = context.parallel.tp;
  if (weights.split != VRAMAUTO_SPLIT_EXPERTS) {
    const bool whole = (weights.encoders && context.parallel.whole_towers) ||
                       (weights.role == VRAMAUTO_ROLE_SHARED_EXPERT && context.parallel.whole_shared_experts) ||
                       is_uneven(weights, tp) || is_plain_table(context, weights);
    if (!whole && !stays_whole(context, weights)) divide(shard, weights.split, weights, tp);
  } else if (context.parallel.expert_parallel) {
    shard.copies = context.parallel.experts_on_rank(weights.copies);
  } else {
    divide(shard, weights.inner, weights, static_cast<std::uint32_t>(context.parallel.expert_ranks()));
  }
  const auto block = weights.dtype ? block_of(weights.dtype) : Block{1, context.element_bytes()};
  // The blueprint's own elements were checked against 2^53 in all, so these products stay below 2^64.
  shard.weight_bytes = bytes_of(block, shard.rows * shard.cols * shard.copies);
  if (weights.flags & VRAMAUTO_BIAS) shard.bias_bytes = bytes_of(block, shard.rows * shard.copies);
  return shard;
}

std::uint32_t layers_within(const vramauto_layers& range, std::uint32_t begin, std::uint32_t count) {
  if (range.first < 0) return 0;
  return static_cast<std::uint32_t>(layers_below(range, std::uint64_t{begin} + count) - layers_below(range, begin));
}

bool has_layer(const vramauto_layers& range, std::uint32_t layer) { return layers_within(range, layer, 1) != 0; }

}  // namespace vramauto::engine::vllm
