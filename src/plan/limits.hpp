// Between which utilizations a start succeeds, rank by rank.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "plan/plan.hpp"

namespace vramauto::plan {

// Utilizations are whole steps of 1/10,000: four decimals, and no doubt about rounding.
using Steps = std::uint32_t;
inline constexpr Steps kWhole = 10'000;
inline constexpr Steps kBeyond = 100 * kWhole;  // more than a hundred GPUs
constexpr double ratio(Steps steps) { return static_cast<double>(steps) / kWhole; }

struct Limits {
  Steps least = 0, most = kWhole;             // u_min rounded up, u_max rounded down, by best values
  Steps safe_least = 0, safe_most = kWhole;   // the same by pessimistic bounds
  std::size_t least_rank = 0, most_rank = 0;  // the ranks that decide least and most
  bool fit() const { return least <= most; }
};

// What stays free on the rank's GPU whatever happens: as asked; where nothing was asked, a tenth of memory shared with the host.
Bytes reserve(const engine::Estimate& estimate, const engine::Rank& rank, std::span<const detect::Device> devices);

// What a rank can be given at most: free at the start, less what comes on top of the budget and the reserve.
Bytes ceiling(const engine::Rank& rank, Bytes outside, Bytes reserved, bool pessimistic = false);

// What the budget must hold: `fixed` and one sequence of the planned length. With a given cache size, that size instead.
Bytes need(const engine::Estimate& estimate, const engine::Rank& rank, Bytes fixed);

// Sequences that each copy of the model should hold; tokens of one of them: as stated, else the planned length.
std::uint64_t sequences_each(const engine::Workload& workload);
std::uint64_t usual_length(const engine::Estimate& estimate);

// The cache that all of them need, or one sequence of the planned length where that is more.
Bytes wanted_cache(const engine::Estimate& estimate, const engine::Rank& rank);

// Smallest step whose budget holds `bytes`; largest whose budget is within them.
Steps least_steps(const engine::Estimate& estimate, const engine::Rank& rank, Bytes bytes);
Steps most_steps(const engine::Estimate& estimate, const engine::Rank& rank, Bytes bytes);

// Every rank's total must be known.
Limits limits(const engine::Estimate& estimate, std::span<const detect::Device> devices);

bool sizes_known(const engine::Estimate& estimate);

// What the engine leaves to the cache on each rank at a utilization; with a given cache size, that size.
std::vector<Bytes> cache_at(const engine::Estimate& estimate, double utilization, bool pessimistic = false);

}  // namespace vramauto::plan
