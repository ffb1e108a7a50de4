// Which of a machine's GPUs a plan uses, as container engines and schedulers count them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/plan_view.hpp"

namespace client {

// What the container's environment gets instead of the plan's: GPUs are numbered anew inside. these_gpus: it gets the plan's own,
// not others like them.
std::vector<std::pair<std::string, std::string>> environment_inside(const PlanView& plan, bool these_gpus);

// "0,2", or their UUIDs where those are known; "" when no GPU is known.
std::string used_gpus(const PlanView& plan);

// Whether any GPUs of the machine will do as well as those that the plan uses.
bool any_will_do(const PlanView& plan);

// "2x NVIDIA L4"; "" when no GPU is known.
std::string gpu_names(const PlanView& plan);

// Throws Failure for ranks on more than one machine: `what` starts on one.
void must_be_one_node(const PlanView& plan, const std::string& what);

// vLLM's image on Docker Hub, of the plan's release.
std::string image(const PlanView& plan);

}  // namespace client
