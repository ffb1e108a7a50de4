// Buffers that modules hold beside their parameters.
#pragma once

#include "engine/vllm/context.hpp"
#include "engine/vllm/load_order.hpp"
#include "engine/vllm/quantization/placed.hpp"

namespace vramauto::engine::vllm {

// Their bytes on a stage, loaded after its parameters. `encoders`: those the rank has, a bit each.
Bytes load_buffers(const Context& context, const quantization::Placed& formats, const StageRange& range, std::uint64_t encoders,
                   LoadOrder& order);

}  // namespace vramauto::engine::vllm
