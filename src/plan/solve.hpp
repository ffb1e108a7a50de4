// One priced estimate in, one plan out. calculate() prices, and may price again; what it tries is solved here.
#pragma once

#include "plan/limits.hpp"

namespace vramauto::plan {

// Takes the estimate. Neither shortens the length nor looks for alternatives.
Plan solve(std::unique_ptr<engine::Estimate> estimate, std::span<const detect::Device> devices);

// The longest single sequence that the plan's GPUs hold with some room left; 0 when not even one token fits.
std::uint64_t longest(const Plan& plan);

// Where its ranks are not on the first GPU's node alone.
void warn_about_nodes(Plan& plan);

// The same plan by the rule of thumb, which knows neither ranks nor caches, and why it is so.
Plan by_rule(const engine::Request& request);
std::string reason_by_rule(const Plan& plan);

}  // namespace vramauto::plan
