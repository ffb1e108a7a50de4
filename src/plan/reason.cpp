#include <algorithm>
#include <array>

#include "plan/policy.hpp"
#include "plan/solve.hpp"

namespace vramauto::plan {
namespace {

struct Part {
  std::string_view name;
  Bytes bytes;
};

// The largest of what the budget must hold.
Part largest(const engine::Estimate& estimate, const engine::Rank& rank, std::uint64_t length) {
  const std::array parts = {
      Part{"weights", rank.weights.best},
      Part{"activations", rank.activation.best},
      Part{"CUDA graphs", rank.graphs_in_budget ? rank.graphs.best : 0},
      Part{"cache of one sequence", estimate.workload.kv_cache_memory_bytes.value_or(estimate.cache_bytes(rank, length, 1, true))},
  };
  return *std::max_element(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.bytes < b.bytes; });
}

std::string device_name(const Plan& plan, const engine::Rank& rank) {
  const bool named = rank.device < plan.devices.size() && !plan.devices[rank.device].name.empty();
  return named ? text::shown(plan.devices[rank.device].name, 256) : "a GPU of " + text::gib(rank.total_bytes, 1);
}

std::string who(const Plan& plan, const engine::Rank& rank) {
  if (plan.estimate->ranks.size() == 1) return device_name(plan, rank);
  return fmt::format("rank {} on {}", rank.rank, device_name(plan, rank));
}

std::string does_not_fit(const Plan& plan, const engine::Rank& rank) {
  const auto& estimate = *plan.estimate;
  const auto part = largest(estimate, rank, plan.max_model_len);
  const auto most = ceiling(rank, rank.outside.best, reserve(estimate, rank, plan.devices));
  return fmt::format("{} needs {} for one sequence of {} tokens and can give {}; most of it are {} of {}", who(plan, rank),
                     text::gib(need(estimate, rank, rank.fixed().best)), text::grouped(plan.max_model_len), text::gib(most),
                     text::gib(part.bytes), part.name);
}

std::string given_too_high(const Plan& plan, const engine::Rank& rank) {
  return fmt::format("{} of {} is {}, more than the {} it can give; at most {}", plan.utilization, who(plan, rank),
                     text::gib(plan.estimate->budget(rank, plan.utilization)),
                     text::gib(ceiling(rank, rank.outside.best, reserve(*plan.estimate, rank, plan.devices))),
                     plan.utilization_max);
}

std::string given_too_low(const Plan& plan, const engine::Rank& rank) {
  const auto part = largest(*plan.estimate, rank, plan.max_model_len);
  return fmt::format("{} of {} is {}, one sequence of {} tokens needs {}, most of it {} of {}; at least {}", plan.utilization,
                     who(plan, rank), text::gib(plan.estimate->budget(rank, plan.utilization)), text::grouped(plan.max_model_len),
                     text::gib(need(*plan.estimate, rank, rank.fixed().best)), text::gib(part.bytes), part.name,
                     plan.utilization_min);
}

std::string given_cache_too_small(const Plan& plan) {
  return fmt::format("one sequence of {} tokens needs {} of KV cache, {} are given", text::grouped(plan.max_model_len),
                     text::gib(plan.required_bytes), text::gib(*plan.estimate->workload.kv_cache_memory_bytes));
}

std::string refused(const Plan& plan, const Limits& in) {
  const auto& ranks = plan.estimate->ranks;
  const auto& asked = plan.estimate->workload;
  if (asked.kv_cache_memory_bytes && !plan.cache.holds_max_model_len) return given_cache_too_small(plan);
  if (!in.fit()) return does_not_fit(plan, ranks[in.least_rank]);
  return plan.utilization < plan.utilization_min ? given_too_low(plan, ranks[in.least_rank])
                                                 : given_too_high(plan, ranks[in.most_rank]);
}

std::string accepted(const Plan& plan, const Limits& in) {
  const auto& rank = plan.estimate->ranks[in.least_rank];
  const auto part = largest(*plan.estimate, rank, plan.max_model_len);
  auto out = fmt::format("one sequence of {} tokens needs {:.0f} % of {}, most of it {} of {}", text::grouped(plan.max_model_len),
                         100 * plan.utilization_min, who(plan, rank), text::gib(part.bytes), part.name);
  const auto& asked = plan.estimate->workload;
  if (plan.strategy == VRAMAUTO_STRATEGY_GIVEN || asked.kv_cache_memory_bytes) return out;
  const auto wished = choose(asked.policy, wanted(*plan.estimate), in).wished;
  const auto steps = static_cast<Steps>(plan.utilization * kWhole + 0.5);
  if (wished == steps || asked.policy != "balanced") return out;
  return out + fmt::format("; {} {} from {} to {}", strategy_name(plan.strategy), steps > wished ? "raised" : "lowered",
                           ratio(wished), plan.utilization);
}

}  // namespace

std::string reason(const Plan& plan) {
  if (plan.rule) return reason_by_rule(plan);
  if (!sizes_known(*plan.estimate))
    return plan.fits == Fits::no ? given_cache_too_small(plan)
                                 : "the GPU's memory is not known: sizes are told, whether they fit is not";
  const auto in = limits(*plan.estimate, plan.devices);
  return plan.fits == Fits::yes ? accepted(plan, in) : refused(plan, in);
}

}  // namespace vramauto::plan
