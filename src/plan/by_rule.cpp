#include <algorithm>

#include "engine/rule/rule.hpp"
#include "plan/solve.hpp"

namespace vramauto::plan {
namespace {

// The smallest GPU of those used; 0 when there is none, or none of a known size.
double smallest_gib(std::span<const detect::Device> devices, std::size_t used) {
  auto least = VRAMAUTO_UNKNOWN;
  for (const auto& device : devices.first(std::min(devices.size(), used))) least = std::min(least, device.total_bytes);
  return least == VRAMAUTO_UNKNOWN ? 0 : static_cast<double>(least) / static_cast<double>(kGiB);
}

}  // namespace

Plan by_rule(const engine::Request& request) {
  namespace rule = engine::rule;
  const auto& asked = *request.workload;
  Plan plan;
  plan.rule = true;
  plan.rule_asked = std::make_unique<const engine::Workload>(asked);
  plan.devices = request.devices;
  const auto size = rule::model_size(*request.model);
  const auto gpu = smallest_gib(request.devices, std::size_t{asked.tensor_parallel_size} * asked.pipeline_parallel_size);
  const auto answer = rule::apply(size.gib, gpu, asked.max_model_len.value_or(0), asked.tensor_parallel_size);
  plan.rule_size_gib = answer.size_gib;
  plan.rule_kv_gib = answer.kv_gib;
  plan.rule_need_gib = answer.need_gib;
  plan.rule_gpu_gib = answer.gpu_gib;
  plan.rule_max_model_len = plan.max_model_len = answer.max_model_len;
  plan.utilization = asked.gpu_memory_utilization.value_or(answer.utilization);
  plan.strategy = asked.gpu_memory_utilization ? std::uint32_t{VRAMAUTO_STRATEGY_GIVEN} : answer.strategy;
  if (!size.warning.empty()) plan.warnings.push_back({"config_unreadable", size.warning});
  if (gpu <= 0) plan.warnings.push_back({"no_gpu", "no GPU of a known size was found: 0.90 is the default, not an answer"});
  if (asked.method != "rule")
    plan.warnings.push_back({"method_rule", "the engine's arithmetic needs a configuration: the rule of thumb answers"});
  return plan;
}

std::string reason_by_rule(const Plan& plan) {
  if (plan.rule_gpu_gib <= 0) return "no GPU of a known size: the default";
  return fmt::format("the rule of thumb counts {:.1f} GB of {:.1f} GB", plan.rule_need_gib, plan.rule_gpu_gib);
}

}  // namespace vramauto::plan
