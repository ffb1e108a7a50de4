#include <algorithm>

#include "plan/policy.hpp"
#include "plan/solve.hpp"

namespace vramauto::plan {
namespace {

using Change = std::pair<std::string_view, std::string>;

// The plan with one option changed, or nothing where the engine would refuse or it still does not fit.
std::optional<Alternative> attempt(const engine::Request& request, const Change& change, std::span<const detect::Device> devices) {
  auto workload = *request.workload;
  if (!engine::set(workload, change.first, change.second)) return std::nullopt;
  auto changed = request;
  changed.workload = &workload;
  changed.devices = devices;
  auto estimate = price(changed);
  if (!estimate) return std::nullopt;
  const auto plan = solve(std::move(*estimate), devices);
  if (plan.fits != Fits::yes) return std::nullopt;
  return Alternative{std::string(change.first),  change.second,      plan.fits,        plan.utilization,
                     plan.cache.max_concurrency, plan.max_model_len, plan.cache.tokens};
}

// The first of several values of one option that fits.
void add_first(std::vector<Alternative>& out, const engine::Request& request, std::string_view option,
               std::span<const std::uint64_t> values, std::span<const detect::Device> devices) {
  for (const auto value : values) {
    if (auto found = attempt(request, {option, std::to_string(value)}, devices)) {
      out.push_back(std::move(*found));
      return;
    }
  }
}

void add(std::vector<Alternative>& out, const engine::Request& request, Change change) {
  if (auto found = attempt(request, change, request.devices)) out.push_back(std::move(*found));
}

// As many more GPUs of the first one's kind.
void add_gpus(std::vector<Alternative>& out, const engine::Request& request) {
  const auto& asked = *request.workload;
  const std::uint64_t groups = std::uint64_t{asked.pipeline_parallel_size} * asked.data_parallel_size;
  for (std::uint64_t tensor = 2 * std::uint64_t{asked.tensor_parallel_size}; tensor <= 16 && tensor * groups <= 64; tensor *= 2) {
    std::vector<detect::Device> devices(tensor * groups, request.devices.front());
    if (auto found = attempt(request, {"tensor-parallel-size", std::to_string(tensor)}, devices)) {
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

}  // namespace

std::vector<Alternative> alternatives(const Plan& plan, const model::Model& model, const estimator::Blueprint* blueprint) {
  std::vector<Alternative> out;
  if (plan.fits != Fits::no || !blueprint || plan.devices.empty() || plan.cache_bytes.empty()) return out;
  const auto& asked = plan.asked();
  const engine::Request request{&model, blueprint, plan.devices, &asked};
  const auto& effective = plan.estimate->effective;
  if (asked.gpu_memory_utilization) add(out, request, {"gpu-memory-utilization", "0"});
  if (const auto length = longest(plan); length && length < plan.max_model_len)
    add(out, request, {"max-model-len", std::to_string(length)});
  add_first(out, request, "max-num-seqs", below(effective.max_num_seqs, {256, 64, 16, 4}), request.devices);
  add_first(out, request, "max-num-batched-tokens", below(effective.max_num_batched_tokens, {8192, 2048, 1024}), request.devices);
  if (!effective.enforce_eager) add(out, request, {"enforce-eager", "true"});
  if (effective.kv_cache_dtype.find("fp8") == std::string_view::npos) add(out, request, {"kv-cache-dtype", "fp8"});
  add_gpus(out, request);
  return out;
}

}  // namespace vramauto::plan
