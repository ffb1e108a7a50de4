#include "plan/policy.hpp"

#include <algorithm>

namespace vramauto::plan {
namespace {

Choice balanced(Steps wanted) {
  if (wanted < kConservativeBelow) {
    const auto steps = std::clamp(wanted + kConservativeMore, kConservativeLeast, kConservativeMost);
    return {steps, VRAMAUTO_STRATEGY_CONSERVATIVE, steps};
  }
  if (wanted < kWhole) return {kStandard, VRAMAUTO_STRATEGY_STANDARD, kStandard};
  return {kAggressive, VRAMAUTO_STRATEGY_AGGRESSIVE, kAggressive};
}

// As far from both ends as the pessimistic bounds ask; where those cross, the room there is, divided as the two uncertainties are.
Steps keep_away(Steps steps, const Limits& in) {
  if (!in.fit()) return in.most;  // nothing starts: what comes nearest
  if (in.safe_least <= in.safe_most) return std::clamp(steps, in.safe_least, in.safe_most);
  const std::uint64_t below = in.safe_least - in.least, above = in.most - in.safe_most, room = in.most - in.least;
  return static_cast<Steps>(in.least + room * below / (below + above));
}

}  // namespace

Choice choose(std::string_view policy, Steps wanted, const Limits& limits) {
  // All sequences that were asked for, where the GPUs can hold them at all.
  const auto enough = wanted <= limits.most ? std::max(wanted, limits.least) : limits.least;
  if (policy == "minimal") {
    return {std::min(enough, limits.most), VRAMAUTO_STRATEGY_MINIMAL, enough};
  }
  if (policy == "maximal") {
    const auto steps = std::max(std::min(limits.most, kMaximal), std::min(limits.least, limits.most));
    return {steps, VRAMAUTO_STRATEGY_MAXIMAL, limits.most};
  }
  auto out = balanced(wanted);
  out.steps = std::max(keep_away(out.steps, limits), std::min(enough, limits.most));
  return out;
}

Steps wanted(const engine::Estimate& estimate) {
  Steps most = 0;
  for (const auto& rank : estimate.ranks)
    most = std::max(most, least_steps(estimate, rank, saturating_add(rank.fixed().best, wanted_cache(estimate, rank))));
  return most;
}

}  // namespace vramauto::plan
