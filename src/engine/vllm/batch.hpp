// Default batch sizes: tokens and sequences of one step.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

struct Batch {
  std::uint64_t tokens = 0, sequences = 0;
};

// By GPU class and usage, before any adjustment. `total` is the driver's (NVML) total, which the engine compares.
Batch default_batch(const Profile& profile, const detect::Device* device, bool llm_class);

// The default where a value is not given, adjusted as the engine adjusts what was left to it. `whole_item`: tokens that must fit.
Batch resolve_batch(const Profile& profile, const Workload& workload, const detect::Device* device, std::uint64_t max_model_len,
                    bool chunked_prefill, std::uint64_t whole_item = 0);

}  // namespace vramauto::engine::vllm
