// How many layers each pipeline stage gets where its GPUs differ from those of other stages.
#pragma once

#include "plan/placement.hpp"
#include "plan/plan.hpp"

namespace vramauto::plan {

// The engine divides layers evenly. Where another division lets the fullest stage take a smaller share of its GPUs, the workload's
// environment states it: VLLM_PP_LAYER_PARTITION. Stages on GPUs of one size are left alone, and so is what was stated already.
// Gives how many plans were priced for it.
Result<std::uint64_t> divide_layers(const engine::Request& request, const Placement& placement, engine::Workload& workload);

}  // namespace vramauto::plan
