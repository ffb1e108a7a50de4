// CUDA graphs: which sizes are captured, what they take, and whether the budget counts it.
#pragma once

#include "engine/vllm/context.hpp"
#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm {

struct CaptureSizes {
  std::uint32_t piecewise = 0, full = 0;  // graphs of each kind
  std::uint64_t largest = 0;              // tokens
};

// Modes and sizes that the engine reads, whatever else is there.
Result<void> check_compilation(const Workload& workload, const Version& version);

// From the workload's compilation-config and the profile's rule. None with enforce-eager.
CaptureSizes capture_sizes(const Context& context);

struct Graphs {
  Amount amount;
  bool in_budget = false;  // an estimate is subtracted before the cache is sized
  std::string_view source;
};
Graphs graphs_of_stage(const Context& context, const CaptureSizes& sizes, std::uint32_t stage);

}  // namespace vramauto::engine::vllm
