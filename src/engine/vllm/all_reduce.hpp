// Buffers of the all-reduce that compilation fuses with the norm after it.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

// FlashInfer's workspace, which torch does not see; 0 where nothing is fused.
Amount all_reduce_workspace(const Context& context);

}  // namespace vramauto::engine::vllm
