#include <algorithm>

#include "plan/policy.hpp"
#include "plan/search.hpp"
#include "plan/solve.hpp"

namespace vramauto::plan {
namespace {

using Change = std::pair<std::string, std::string>;

Alternative gain_of(const Plan& plan, std::vector<Change> change) {
  Alternative out;
  out.change = std::move(change);
  out.fits = plan.fits;
  out.utilization = plan.utilization;
  out.max_concurrency = plan.cache.max_concurrency;
  out.max_model_len = plan.max_model_len;
  out.tokens = plan.cache.tokens;
  return out;
}

// The plan with one option changed, or nothing where the engine would refuse or it still does not fit.
std::optional<Alternative> attempt(const engine::Request& request, const Placement& placement, const Change& change) {
  auto workload = *request.workload;
  if (!engine::set(workload, change.first, change.second)) return std::nullopt;
  auto changed = request;
  changed.workload = &workload;
  auto estimate = price(changed, placement);
  if (!estimate) return std::nullopt;
  const auto plan = solve(std::move(*estimate), request.devices);
  if (plan.fits != Fits::yes) return std::nullopt;
  return gain_of(plan, {change});
}

// The first of several values of one option that fits.
void add_first(std::vector<Alternative>& out, const engine::Request& request, const Placement& placement, const std::string& option,
               std::span<const std::uint64_t> values) {
  for (const auto value : values) {
    if (auto found = attempt(request, placement, {option, std::to_string(value)})) {
      out.push_back(std::move(*found));
      return;
    }
  }
}

void add(std::vector<Alternative>& out, const engine::Request& request, const Placement& placement, const Change& change) {
  if (auto found = attempt(request, placement, change)) out.push_back(std::move(*found));
}

// As many more GPUs of the first one's kind.
void add_gpus(std::vector<Alternative>& out, const engine::Request& request) {
  const auto& asked = *request.workload;
  const std::uint64_t groups = std::uint64_t{asked.pipeline_parallel_size} * asked.data_parallel_size;
  for (std::uint64_t tensor = 2 * std::uint64_t{asked.tensor_parallel_size}; tensor <= 16 && tensor * groups <= 64; tensor *= 2) {
    const std::vector<detect::Device> devices(tensor * groups, request.devices.front());
    auto more = request;
    more.devices = devices;
    if (auto found = attempt(more, {}, {"tensor-parallel-size", std::to_string(tensor)})) {
      out.push_back(std::move(*found));
      return;
    }
  }
}

std::vector<std::uint64_t> below(std::uint64_t value, std::initializer_list<std::uint64_t> steps) {
  std::vector<std::uint64_t> out;
  std::copy_if(steps.begin(), steps.end(), std::back_inserter(out), [&](std::uint64_t step) { return step < value; });
  return out;
}

std::vector<Change> layout_change(const Plan& plan) {
  const auto& asked = plan.asked();
  std::vector<Change> out = {{"tensor-parallel-size", std::to_string(asked.tensor_parallel_size)},
                             {"pipeline-parallel-size", std::to_string(asked.pipeline_parallel_size)}};
  if (asked.data_parallel_size > 1) out.emplace_back("data-parallel-size", std::to_string(asked.data_parallel_size));
  return out;
}

// The GPUs that are here, grouped otherwise: as few as will do where it does not fit; as many as the plan has where it does, but
// one utilization and one number of blocks leave some of them with memory that nothing uses.
void add_grouping(std::vector<Alternative>& out, const engine::Request& request, const Plan& plan) {
  if (request.devices.size() < 2 || plan.layout_chosen) return;
  std::optional<Plan> other;
  if (plan.fits == Fits::yes) {
    if (is_uneven(plan)) other = regrouped(request, plan);
  } else {
    auto open = *request.workload;
    open.tensor_parallel_auto = open.pipeline_parallel_auto = true;
    auto changed = request;
    changed.workload = &open;
    if (auto found = search(changed); found && found->fits == Fits::yes) other = std::move(*found);
  }
  if (!other) return;
  out.push_back(gain_of(*other, layout_change(*other)));
  out.back().environment = environment(*other);
}

}  // namespace

std::vector<Alternative> alternatives(const Plan& plan, const engine::Request& about) {
  std::vector<Alternative> out;
  if (plan.fits == Fits::unknown || !about.blueprint || plan.devices.empty() || plan.cache_bytes.empty()) return out;
  const auto& asked = plan.asked();
  auto request = about;
  request.devices = plan.devices;
  request.workload = &asked;
  if (plan.fits == Fits::yes) {
    add_grouping(out, request, plan);
    return out;
  }
  const auto& effective = plan.estimate->effective;
  const auto placement = placement_of(plan);
  if (asked.gpu_memory_utilization) add(out, request, placement, {"gpu-memory-utilization", "0"});
  if (const auto length = longest(plan); length && length < plan.max_model_len)
    add(out, request, placement, {"max-model-len", std::to_string(length)});
  add_first(out, request, placement, "max-num-seqs", below(effective.max_num_seqs, {256, 64, 16, 4}));
  add_first(out, request, placement, "max-num-batched-tokens", below(effective.max_num_batched_tokens, {8192, 2048, 1024}));
  if (!effective.enforce_eager) add(out, request, placement, {"enforce-eager", "true"});
  if (effective.kv_cache_dtype.find("fp8") == std::string_view::npos) add(out, request, placement, {"kv-cache-dtype", "fp8"});
  add_grouping(out, request, plan);
  add_gpus(out, request);
  return out;
}

}  // namespace vramauto::plan
