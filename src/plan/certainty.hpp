// How much is known of the memory left for the cache.
#pragma once

#include "plan/plan.hpp"

namespace vramauto::plan {

// How far the cache of a rank may lie from its best value, and the component that adds most to it; "" when there is none.
struct Spread {
  Bytes less = 0, more = 0;
  std::string_view least_certain;
  Bytes widest() const { return less > more ? less : more; }
};
Spread cache_spread(const engine::Estimate& estimate, const engine::Rank& rank);

// Fills the plan's certainty from its fullest rank.
void tell_certainty(Plan& plan);

std::string_view certainty_name(std::uint32_t certainty);  // "within"

}  // namespace vramauto::plan
