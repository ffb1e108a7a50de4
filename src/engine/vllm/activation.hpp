// Peak of temporary memory in the engine's profile run: the largest of encoder, forward pass and sampler.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

struct Activation {
  Amount forward, sampler, encoder;  // sampler and encoder 0 on stages without
  std::string_view fitted_to;        // the starts that the forward pass's factor is from
  Amount peak() const;               // the largest, bound by bound
  std::string_view phase() const;    // whose the best value is
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
