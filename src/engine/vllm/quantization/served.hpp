// Which weight formats a release serves.
#pragma once

#include "engine/vllm/context.hpp"
#include "engine/vllm/quantization/placed.hpp"

namespace vramauto::engine::vllm::quantization {

// E_UNSUPPORTED, in the engine's words, for a method that this release does not know, or no longer.
Result<void> check_served(const Context& context);

}  // namespace vramauto::engine::vllm::quantization
