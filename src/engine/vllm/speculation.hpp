// Speculative decoding as far as memory shows it: --speculative-config.
#pragma once

#include "engine/estimate.hpp"

namespace vramauto::engine::vllm {

struct Speculation {
  std::uint32_t tokens = 0;  // drafted in a step; 0: no speculation
  bool own_layers = false;   // drafted by layers of the model's own checkpoint, which exist only then
};

// `draft_layers`: of the model, what "mtp" drafts with unless told.
Result<Speculation> read_speculation(const Workload& workload, std::uint32_t draft_layers);

}  // namespace vramauto::engine::vllm
