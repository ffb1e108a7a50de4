#include "plan/solve.hpp"

#include <algorithm>

#include "plan/certainty.hpp"
#include "plan/policy.hpp"

namespace vramauto::plan {
namespace {

// With a given cache size the utilization does not size the cache: what is asked for is all that is taken.
bool cache_given(const engine::Estimate& estimate) { return estimate.workload.kv_cache_memory_bytes.has_value(); }

struct Bound {
  bool starts = true, keeps_room = true;  // by best values; by pessimistic ones
};

// The rank's budget must be free at the start, hold what is fixed and the cache, and leave what comes on top of it.
Bound judge(const engine::Estimate& estimate, const engine::Rank& rank, double utilization, Bytes kept) {
  const auto fixed = rank.fixed();
  const auto budget = estimate.budget(rank, utilization);
  const auto taken = [&](Bytes amount) { return cache_given(estimate) ? need(estimate, rank, amount) : budget; };
  Bound out;
  out.starts = budget <= ceiling(rank, 0, 0) && taken(fixed.best) <= ceiling(rank, rank.outside.best, kept) &&
               (cache_given(estimate) || need(estimate, rank, fixed.best) <= budget);
  out.keeps_room = taken(fixed.high) <= ceiling(rank, rank.outside.high, kept, true) &&
                   (cache_given(estimate) || need(estimate, rank, fixed.high) <= budget);
  return out;
}

void judge(Plan& plan) {
  const auto& estimate = *plan.estimate;
  Bound all;
  plan.headroom_bytes = VRAMAUTO_UNKNOWN;
  for (std::size_t i = 0; i < estimate.ranks.size(); ++i) {
    const auto& rank = estimate.ranks[i];
    const auto one = judge(estimate, rank, plan.utilization, reserve(estimate, rank, plan.devices));
    all.starts = all.starts && one.starts;
    all.keeps_room = all.keeps_room && one.keeps_room;
    const auto taken = !estimate.keeps_cache   ? rank.fixed().best
                       : cache_given(estimate) ? saturating_add(rank.fixed().best, plan.cache_bytes[i])
                                               : estimate.budget(rank, plan.utilization);
    const auto free = ceiling(rank, rank.outside.best, 0);
    plan.headroom_bytes = std::min(plan.headroom_bytes, free > taken ? free - taken : 0);
  }
  const bool fits = all.starts && plan.utilization <= estimate.utilization_limit && plan.cache.holds_max_model_len;
  plan.fits = fits ? Fits::yes : Fits::no;
  plan.margin = !fits ? VRAMAUTO_MARGIN_NONE : all.keeps_room ? VRAMAUTO_MARGIN_COMFORTABLE : VRAMAUTO_MARGIN_THIN;
}

Choice choose(const engine::Estimate& estimate, const Limits& limits) {
  if (estimate.workload.gpu_memory_utilization) return {0, VRAMAUTO_STRATEGY_GIVEN, 0};
  if (!cache_given(estimate)) return choose(estimate.workload.policy, wanted(estimate), limits);
  // The start-up check is all that is left of the utilization: as much as is really taken.
  return {std::min(limits.least, limits.most), VRAMAUTO_STRATEGY_GIVEN, limits.least};
}

void fill_cache(Plan& plan) {
  const auto& estimate = *plan.estimate;
  plan.cache = estimate.report(plan.cache_bytes, plan.max_model_len);
  plan.max_model_len_limit = plan.cache.longest;
  if (const auto usual = usual_length(estimate); usual != plan.max_model_len)
    plan.typical_concurrency = estimate.report(plan.cache_bytes, usual).max_concurrency;
  else
    plan.typical_concurrency = plan.cache.max_concurrency;
  plan.kv_cache_memory_bytes = *std::min_element(plan.cache_bytes.begin(), plan.cache_bytes.end());
}

Bytes required(const engine::Estimate& estimate) {
  Bytes most = 0;
  for (const auto& rank : estimate.ranks)
    most = std::max(most, estimate.cache_bytes(rank, estimate.effective.max_model_len, 1, false));
  return most;
}

// Without the GPU's size there are sizes to tell, but neither limits nor a choice. A given cache can still be judged.
void solve_unsized(Plan& plan) {
  const auto& asked = plan.estimate->workload;
  plan.utilization = asked.gpu_memory_utilization.value_or(0);
  plan.strategy = asked.gpu_memory_utilization ? VRAMAUTO_STRATEGY_GIVEN : VRAMAUTO_STRATEGY_NONE;
  if (!cache_given(*plan.estimate)) return;
  plan.cache_bytes.assign(plan.estimate->ranks.size(), *asked.kv_cache_memory_bytes);
  fill_cache(plan);
  if (!plan.cache.holds_max_model_len) plan.fits = Fits::no;
}

}  // namespace

Plan solve(std::unique_ptr<engine::Estimate> estimate, std::span<const detect::Device> devices) {
  Plan plan;
  plan.estimate = std::move(estimate);
  plan.devices = devices;
  const auto& priced = *plan.estimate;
  plan.max_model_len = priced.effective.max_model_len;
  plan.required_bytes = required(priced);
  if (!sizes_known(priced)) {
    solve_unsized(plan);
    tell_certainty(plan);
    return plan;
  }

  const auto in = limits(priced, devices);
  const auto choice = choose(priced, in);
  plan.strategy = choice.strategy;
  plan.utilization = priced.workload.gpu_memory_utilization.value_or(ratio(choice.steps));
  plan.utilization_min = ratio(in.least);
  plan.utilization_max = ratio(in.most);
  plan.cache_bytes = cache_at(priced, plan.utilization);
  fill_cache(plan);
  judge(plan);
  tell_certainty(plan);
  return plan;
}

std::uint64_t longest(const Plan& plan) {
  const auto& estimate = *plan.estimate;
  if (plan.cache_bytes.empty()) return 0;
  if (cache_given(estimate)) return plan.cache.longest;
  const auto in = limits(estimate, plan.devices);
  const auto& given = estimate.workload.gpu_memory_utilization;
  const auto at = [&](Steps most) { return given ? *given : ratio(std::min(most, kMaximal)); };
  // With room for what is not exact, else by best values.
  const auto safe = estimate.report(cache_at(estimate, at(in.safe_most), true), estimate.model_max_len).longest;
  return safe ? safe : estimate.report(cache_at(estimate, at(in.most)), estimate.model_max_len).longest;
}

}  // namespace vramauto::plan
