// Weights of one rank as vLLM loads them: sharded, padded, rounded by the allocator.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

struct RankWeights {
  Bytes parameter_bytes = 0;          // parameters and buffers before post-processing and rounding
  Amount loaded;                      // what "Model loading took" prints
  std::vector<Component> components;  // of `loaded`: embedding, layers, head, rope, rounding
};

// Ranks of one pipeline stage hold the same amounts.
Result<RankWeights> weights_of_stage(const Context& context, std::uint32_t stage);

}  // namespace vramauto::engine::vllm
