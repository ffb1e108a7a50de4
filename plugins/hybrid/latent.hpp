// Latent attention without positions, as hybrids have it between their state layers.
#pragma once

#include "states.hpp"

namespace vramauto::estimator::hybrid {

// vLLM 0.33, models/kimi_k3/nvidia/mla.py, MultiHeadLatentAttention; vLLM 0.19.1, models/kimi_linear.py, KimiMLAAttention.
struct Latent {
  std::uint32_t heads = 0, rank = 0, rope = 0, nope = 0, value = 0;
  std::uint32_t query_rank = 0;  // 0: the query is projected at once
  bool gate = false;             // of the output

  vramauto_status weights(const Place& at) const;
  vramauto_cache cache() const;
  vramauto_forward forward() const;
};

// Sizes under the keys that all these models share.
Answer<Latent> read_latent(const Description& model, std::uint32_t heads);

}  // namespace vramauto::estimator::hybrid
