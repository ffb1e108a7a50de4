// From what was asked to what the engine will do: version, dtype, length, parallelism, batch sizes, runner.
#pragma once

#include "engine/vllm/context.hpp"
#include "engine/vllm/dtypes.hpp"
#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm {

struct Resolved {
  Context context;  // points into the request and `workload`
  CacheNumbers cache;
  Found version;
};

// `workload` outlives the result. Refuses what the engine refuses at this point.
Result<Resolved> resolve(const Request& request, const Workload& workload);

// The model's own length, as this version reads it.
std::uint64_t own_length(const Context& context);

// Longest sequence the engine accepts for this model: its own length, or more where a longrope model's rotary tables or a
// model_max_length of its configuration reach further.
std::uint64_t longest_accepted(const model::Model& model, std::uint64_t own);

}  // namespace vramauto::engine::vllm
