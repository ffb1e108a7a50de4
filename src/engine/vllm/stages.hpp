// How vLLM divides a model over pipeline stages and tensor-parallel ranks, and what it refuses to divide.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

// Layers on each of `pp` stages. VLLM_PP_LAYER_PARTITION (--env) decides where it is set.
Result<std::vector<std::uint32_t>> split_layers(std::uint32_t layers, std::uint32_t pp, const Version& version,
                                                const Workload& workload);

// What the engine checks before it loads: heads, KV heads, the vocabulary, pipeline support. E_UNSUPPORTED in its own words.
Result<void> check_parallel(const estimator::Blueprint& blueprint, const Parallel& parallel, const Architecture& architecture);

// Of how the layers are split: whose cache a layer uses is on its stage.
Result<void> check_borrowed(const estimator::Blueprint& blueprint, const Parallel& parallel);

}  // namespace vramauto::engine::vllm
