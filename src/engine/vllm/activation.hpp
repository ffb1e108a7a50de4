// Peak of temporary memory in the engine's profile run: the larger of the forward pass and the sampler.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

struct Activation {
  Amount forward, sampler;  // sampler 0 on stages without one
  Amount peak() const;      // the larger, bound by bound
  bool sampler_decides() const { return sampler.best >= forward.best; }
};

Activation activation_of_stage(const Context& context, std::uint32_t stage);

// Logits and what the sampler makes of them: bytes for each of rows x vocabulary, padded.
struct SamplerCost {
  double best = 0, low = 0, high = 0;
};
SamplerCost sampler_cost(const Context& context);

// Sampler memory that no profile run covers: MRV2 up to 0.32 profiles greedy sampling, the warm-up and requests use top-k and
// top-p.
Amount unprofiled_sampler(const Context& context, const Activation& profiled);

}  // namespace vramauto::engine::vllm
