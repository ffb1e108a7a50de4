// The smallest layout that meets what is asked: how many GPUs, which, and how they share the model.
#pragma once

#include "plan/placement.hpp"
#include "plan/plan.hpp"

namespace vramauto::plan {

// Some size is left to the plan.
bool searches(const engine::Workload& workload);

// The first layout that meets the workload; where none does, the plan that comes nearest.
Result<Plan> search(const engine::Request& request);

// Of as many ranks as the plan has, on GPUs that are not alike: the layout whose cache holds most; nothing where that is the
// plan's.
std::optional<Plan> regrouped(const engine::Request& request, const Plan& plan);

}  // namespace vramauto::plan
