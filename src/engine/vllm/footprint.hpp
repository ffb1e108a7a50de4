// Memory that torch does not see: what is taken before the engine's first snapshot, and what grows after it.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

// CUDA context of this GPU.
Amount cuda_context(const Context& context);
// Communication buffers that exist once all ranks are connected; 0 for a single rank.
Amount communication(const Context& context);
// What the profile run finds beside torch's memory: kernels loaded on first use, first collectives; from 0.27 on also
// fragmentation and small runner buffers. `sampler`: this stage samples.
struct NonTorch {
  Amount amount;
  std::string_view source;
};
NonTorch non_torch(const Context& context, bool sampler);

struct Startup {
  Amount before_snapshot;  // reduces free memory at the check, not the budget
  Amount in_budget;        // the rest of it, paid from the budget (older releases)
};
Startup startup(const Context& context);

}  // namespace vramauto::engine::vllm
