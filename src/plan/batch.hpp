// Sequences and tokens of one step, for a stated traffic.
#pragma once

#include "plan/placement.hpp"
#include "plan/plan.hpp"

namespace vramauto::plan {

// Sets what was left to the plan: --max-num-seqs auto and --max-num-batched-tokens auto.
Result<void> choose_batch(const engine::Request& request, const Placement& placement, engine::Workload& workload);

}  // namespace vramauto::plan
