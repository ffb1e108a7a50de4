// Tensors the model runner keeps for itself.
#pragma once

#include "engine/vllm/cache.hpp"
#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

// MRV2 counts tokens per sequence for penalties: int32 for each vocabulary entry, and a bit. Made while loading, after weights are
// measured. vLLM 0.33, v1/worker/gpu/sample/penalties.py.
Bytes penalty_buffers(const Context& context);

// Where a sequence's blocks are, on the GPU. MRV2 makes two tables per group with the cache, after the budget is spent; the V1
// runner one, before the profile run. vLLM 0.33, v1/worker/gpu/block_table.py; v1/worker/block_table.py.
Bytes block_tables(const Context& context, const CacheLayout& layout);

// Counts of how often each expert was chosen, for so many steps back, and room for one layer's experts that move (made late up to
// 0.19). vLLM 0.33 and 0.10, distributed/eplb/eplb_state.py.
Amount expert_balancing(const Context& context, std::uint32_t stage);

// DeepEP's buffers, where experts are dealt to data-parallel ranks and one of its kernels was asked for.
Amount all_to_all_buffers(const Context& context);

// What a drafter holds for as many tokens as a step has, and, where it is asked to, the logits of what it drafted.
Bytes draft_buffers(const Context& context);

}  // namespace vramauto::engine::vllm
