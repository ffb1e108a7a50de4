#include "plan/limits.hpp"

#include <algorithm>
#include <cmath>

namespace vramauto::plan {
namespace {

Bytes minus(Bytes a, Bytes b) { return a > b ? a - b : 0; }

double share(Bytes bytes, Bytes total) {
  return total ? static_cast<double>(bytes) / static_cast<double>(total) * kWhole : kBeyond;
}

}  // namespace

bool sizes_known(const engine::Estimate& estimate) {
  return std::none_of(estimate.ranks.begin(), estimate.ranks.end(),
                      [](const auto& rank) { return rank.total_bytes == VRAMAUTO_UNKNOWN; });
}

Bytes reserve(const engine::Estimate& estimate, const engine::Rank& rank, std::span<const detect::Device> devices) {
  const auto& asked = estimate.workload;
  if (asked.reserve_set) return asked.reserve;
  // The host's programs live in unified memory too; a utilization of the user's own says that this was considered.
  const bool shared = rank.device < devices.size() && devices[rank.device].unified_memory;
  return shared && !asked.gpu_memory_utilization ? rank.total_bytes / 10 : 0;
}

Bytes ceiling(const engine::Rank& rank, Bytes outside, Bytes reserved, bool pessimistic) {
  const auto free = std::min({rank.free_at_start, rank.total_bytes, pessimistic ? rank.free_at_start_low : VRAMAUTO_UNKNOWN});
  return minus(free, saturating_add(outside, reserved));
}

Bytes need(const engine::Estimate& estimate, const engine::Rank& rank, Bytes fixed) {
  const auto given = estimate.workload.kv_cache_memory_bytes;
  const auto cache = given ? *given : estimate.cache_bytes(rank, estimate.effective.max_model_len, 1, true);
  return saturating_add(fixed, cache);
}

std::uint64_t sequences_each(const engine::Workload& workload) {
  const auto copies = std::max(1u, workload.data_parallel_size);
  return std::max<std::uint64_t>(1, (workload.sequences + copies - 1) / copies);
}

std::uint64_t usual_length(const engine::Estimate& estimate) {
  const auto usual = saturating_add(estimate.workload.input_len.value_or(0), estimate.workload.output_len.value_or(0));
  return usual ? usual : estimate.effective.max_model_len;
}

Bytes wanted_cache(const engine::Estimate& estimate, const engine::Rank& rank) {
  const auto all = estimate.workload.kv_cache_memory_bytes
                       ? 0
                       : estimate.cache_bytes(rank, usual_length(estimate), sequences_each(estimate.workload), true);
  return std::max(all, need(estimate, rank, 0));
}

Steps least_steps(const engine::Estimate& estimate, const engine::Rank& rank, Bytes bytes) {
  const auto exact = share(bytes, rank.total_bytes);
  if (exact >= kBeyond) return kBeyond;
  auto steps = static_cast<Steps>(std::max(0.0, std::floor(exact) - 1));
  while (steps < kBeyond && estimate.budget(rank, ratio(steps)) < bytes) ++steps;
  return steps;
}

Steps most_steps(const engine::Estimate& estimate, const engine::Rank& rank, Bytes bytes) {
  auto steps = static_cast<Steps>(std::min<double>(kWhole, std::ceil(share(bytes, rank.total_bytes)) + 1));
  while (steps > 0 && estimate.budget(rank, ratio(steps)) > bytes) --steps;
  return steps;
}

Limits limits(const engine::Estimate& estimate, std::span<const detect::Device> devices) {
  Limits out;
  out.most = out.safe_most = static_cast<Steps>(std::clamp(estimate.utilization_limit, 0.0, 1.0) * kWhole);
  for (std::size_t i = 0; i < estimate.ranks.size(); ++i) {
    const auto& rank = estimate.ranks[i];
    const auto fixed = rank.fixed();
    const auto kept = reserve(estimate, rank, devices);
    const auto cache = need(estimate, rank, 0);
    const auto least = least_steps(estimate, rank, saturating_add(fixed.best, cache));
    const auto most = most_steps(estimate, rank, ceiling(rank, rank.outside.best, kept));
    if (least > out.least) out.least = least, out.least_rank = i;
    if (most < out.most) out.most = most, out.most_rank = i;
    out.safe_least = std::max(out.safe_least, least_steps(estimate, rank, saturating_add(fixed.high, cache)));
    out.safe_most = std::min(out.safe_most, most_steps(estimate, rank, ceiling(rank, rank.outside.high, kept, true)));
  }
  return out;
}

std::vector<Bytes> cache_at(const engine::Estimate& estimate, double utilization, bool pessimistic) {
  std::vector<Bytes> out(estimate.ranks.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto& rank = estimate.ranks[i];
    const auto fixed = rank.fixed();
    const auto given = estimate.workload.kv_cache_memory_bytes;
    out[i] = given ? *given : minus(estimate.budget(rank, utilization), pessimistic ? fixed.high : fixed.best);
  }
  return out;
}

}  // namespace vramauto::plan
