// Routed experts on one rank, as vLLM's fused layer creates them.
#pragma once

#include <span>

#include "engine/vllm/context.hpp"
#include "engine/vllm/quantization/format.hpp"
#include "estimator/blueprint.hpp"

namespace vramauto::engine::vllm {

// Tensors of one side of a layer's experts, biases included: gate and up of all experts of a rank, or their down projections.
// E_UNSUPPORTED, in the engine's words, for what it does not divide this way.
Result<quantization::Tensors> expert_tensors(const Context& context, const quantization::Format& format,
                                             std::span<const estimator::Weights> parts);

// Which rank has which expert: one int32 for each, in every layer that has experts. None without expert parallelism.
Bytes expert_map_bytes(const Context& context, const StageRange& stage);

}  // namespace vramauto::engine::vllm
