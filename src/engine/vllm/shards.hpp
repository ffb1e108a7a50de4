// One rank's part of a described weight.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

struct Shard {
  std::uint64_t rows = 0, cols = 0, copies = 1;
  Bytes weight_bytes = 0, bias_bytes = 0;
};

// Rank 0 of its stage: no rank has more. Sources: vLLM 0.33, model_executor/layers/linear.py and vocab_parallel_embedding.py.
Shard shard_of(const Context& context, const vramauto_weights& weights);

// Layers of a range within [begin, begin + count).
std::uint32_t layers_within(const vramauto_layers& range, std::uint32_t begin, std::uint32_t count);
bool has_layer(const vramauto_layers& range, std::uint32_t layer);

}  // namespace vramauto::engine::vllm
