// Recurrent states: what a request keeps of state-space, linear-attention and short-convolution layers.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

enum class StateMode : std::uint8_t {
  none,   // one state for each request
  align,  // states at block boundaries, for prefix caching; few at a time
  all,    // a state for every block of the sequence
};

enum class Memory : std::uint8_t { none, attention, states, both };
// Which memory of the past the model has: "hybrid" models have both.
Memory memory_of(const estimator::Blueprint& blueprint);

StateMode state_mode(const Context& context);

// One state of one layer on one rank. E_UNSUPPORTED where ranks do not divide it.
Result<Bytes> state_bytes(const Context& context, const vramauto_cache& cache);

// Blocks one request holds of a layer's states, beside those that follow from its length.
std::uint32_t state_blocks(const Context& context, const vramauto_cache& cache, StateMode mode);

// Tokens whose multiples every block ends at, so that prefill kernels can hand out the state there; 1: any.
std::uint32_t checkpoint_unit(const Context& context, StateMode mode);

}  // namespace vramauto::engine::vllm
