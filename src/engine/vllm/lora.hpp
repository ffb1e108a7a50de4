// What vLLM allocates beside the weights to serve LoRA adapters.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

// --max-lora-rank; 0 where LoRA is off. On as asked, and for a base model that was opened by its adapter, then with the engine's
// next larger rank. E_UNSUPPORTED, in the engine's words, for adapters that it does not load.
Result<std::uint32_t> lora_rank(const Context& context);

// The stacked A and B of every linear layer on one rank of a stage.
Amount lora_buffers(const Context& context, std::uint32_t stage);

}  // namespace vramauto::engine::vllm
