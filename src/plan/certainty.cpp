#include "plan/certainty.hpp"

#include <algorithm>
#include <cmath>

namespace vramauto::plan {
namespace {

double square(Bytes a, Bytes b) {
  const auto apart = static_cast<double>(a > b ? a - b : 0);
  return apart * apart;
}

Bytes root(double sum) { return static_cast<Bytes>(std::min(9e18, std::sqrt(sum))); }

// The rank that has least for the cache; where sizes are not known, the one that needs most.
const engine::Rank& fullest(const Plan& plan) {
  const auto& ranks = plan.estimate->ranks;
  if (plan.cache_bytes.size() == ranks.size())
    return ranks[static_cast<std::size_t>(std::min_element(plan.cache_bytes.begin(), plan.cache_bytes.end()) -
                                          plan.cache_bytes.begin())];
  return *std::max_element(ranks.begin(), ranks.end(),
                           [](const auto& a, const auto& b) { return a.fixed().best < b.fixed().best; });
}

}  // namespace

// Components are uncertain for reasons of their own (which kernel runs, what the driver loads), so their distances add as
// independent ones do: the root of the sum of squares. A plain sum would cover no more starts and be wider; tests/accuracy shows
// both shares and widths.
Spread cache_spread(const engine::Estimate& estimate, const engine::Rank& rank) {
  Spread out;
  if (estimate.workload.kv_cache_memory_bytes) return out;
  double less = 0, more = 0, most = 0;
  for (const auto& component : rank.components) {
    if (component.outside_budget) continue;
    const auto& amount = component.amount;
    const auto above = square(amount.high, amount.best), below = square(amount.best, amount.low);
    less += above;
    more += below;
    if (std::max(above, below) <= most) continue;
    most = std::max(above, below);
    out.least_certain = component.name;
  }
  out.less = root(less);
  out.more = root(more);
  return out;
}

void tell_certainty(Plan& plan) {
  const auto spread = cache_spread(*plan.estimate, fullest(plan));
  plan.uncertainty_bytes = spread.widest();
  plan.least_certain = spread.least_certain;
  // The bounds of a release that is not known are those of the one whose rules it is priced by.
  const bool guess = plan.estimate->guess || !plan.estimate->version_known;
  plan.certainty = plan.uncertainty_bytes == 0 ? VRAMAUTO_CERTAINTY_EXACT
                   : guess                     ? VRAMAUTO_CERTAINTY_GUESS
                                               : VRAMAUTO_CERTAINTY_WITHIN;
}

std::string_view certainty_name(std::uint32_t certainty) {
  constexpr std::string_view kNames[] = {"none", "guess", "within", "exact"};
  return certainty < std::size(kNames) ? kNames[certainty] : "none";
}

}  // namespace vramauto::plan
