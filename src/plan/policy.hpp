// Which utilization to take of those that start.
#pragma once

#include "plan/limits.hpp"

namespace vramauto::plan {

// What the rule of thumb calls by these names: the rule's own three strategies.
inline constexpr Steps kConservativeBelow = 7'000, kConservativeMore = 2'000, kConservativeLeast = 5'000, kConservativeMost = 7'500;
inline constexpr Steps kStandard = 8'800, kAggressive = 9'500;
// The policy `maximal` leaves the last twentieth alone: what the driver and other programs take is not in any estimate.
inline constexpr Steps kMaximal = 9'500;

struct Choice {
  Steps steps = 0;
  std::uint32_t strategy = VRAMAUTO_STRATEGY_NONE;
  Steps wished = 0;  // before it was moved into the limits
};

// wanted: need(len, sequences) / total of the fullest rank.
Choice choose(std::string_view policy, Steps wanted, const Limits& limits);

// need(len, sequences) / total, the fullest rank, as steps.
Steps wanted(const engine::Estimate& estimate);

}  // namespace vramauto::plan
