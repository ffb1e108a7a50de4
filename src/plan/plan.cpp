#include "plan/plan.hpp"

#include <algorithm>

#include "plan/policy.hpp"
#include "plan/solve.hpp"

namespace vramauto::plan {
namespace {

// Prices at a length other than the workload's.
Result<std::unique_ptr<engine::Estimate>> price_at(const engine::Request& request, std::uint64_t length) {
  auto shorter = *request.workload;
  shorter.max_model_len = length;
  auto changed = request;
  changed.workload = &shorter;
  auto estimate = TRY(price(changed));
  estimate->workload = *request.workload;  // what was asked stays what was asked
  return estimate;
}

// The model's own length does not fit: the longest that does. A shorter length may also change the batch, and with it what is
// fixed: so it is priced again, and once more where that left too little.
Result<Plan> shorten(const engine::Request& request, Plan own) {
  auto length = longest(own);
  const auto full = own.max_model_len;
  for (int attempt = 0; attempt < 3 && length > 0 && length < full; ++attempt) {
    auto plan = solve(TRY(price_at(request, length)), request.devices);
    if (plan.fits == Fits::yes) {
      plan.max_model_len_shortened = true;
      plan.warnings.push_back({"max_model_len_shortened", fmt::format("the model's own length of {} tokens does not fit; {} does",
                                                                      text::grouped(full), text::grouped(length))});
      return plan;
    }
    length = std::min(longest(plan), length - 1);
  }
  return own;
}

void warn_about_sequences(Plan& plan) {
  const auto wished = plan.estimate->workload.sequences;
  if (plan.fits != Fits::yes || wished <= 1 || plan.cache.max_concurrency >= static_cast<double>(wished)) return;
  plan.warnings.push_back(
      {"sequences", fmt::format("{} sequences of {} tokens were asked for, the cache holds {:.2f} at once", text::grouped(wished),
                                text::grouped(plan.max_model_len), plan.cache.max_concurrency)});
}

std::uint64_t ranks(const engine::Workload& workload) {
  return std::uint64_t{workload.tensor_parallel_size} * workload.pipeline_parallel_size * workload.data_parallel_size;
}

// A name that says nothing is good for the rule of thumb alone, and only where that was asked for.
Result<void> known_enough(const model::Model& model) {
  for (const auto& warning : model.warnings)
    if (warning.code == model::kNameSaysNothing) return fail(VRAMAUTO_E_NOT_FOUND, "model", "{}", warning.message);
  return {};
}

bool automatic_length(const engine::Workload& workload) { return !workload.max_model_len; }

}  // namespace

Result<std::unique_ptr<engine::Estimate>> price(const engine::Request& request) {
  const auto& asked = *request.workload;
  if (asked.tensor_parallel_size > 4096 || asked.pipeline_parallel_size > 4096 || asked.data_parallel_size > 4096 ||
      ranks(asked) > 4096)
    return fail(VRAMAUTO_E_LIMIT, "tensor-parallel-size", "{} x {} x {} ranks, expected at most 4096 in all",
                asked.tensor_parallel_size, asked.pipeline_parallel_size, asked.data_parallel_size);
  const auto here = request.devices.size();
  if (here && here < ranks(asked))
    return fail(VRAMAUTO_E_ARGUMENT, "tensor-parallel-size", "tensor {} x pipeline {} x data parallel {} needs {} GPUs, found {}",
                asked.tensor_parallel_size, asked.pipeline_parallel_size, asked.data_parallel_size, ranks(asked), here);
  TRY(known_enough(*request.model));
  auto used = request;
  used.devices = request.devices.first(std::min<std::size_t>(here, ranks(asked)));
  return engine::estimate(used);
}

Result<Plan> calculate(const engine::Request& request) {
  if (request.workload->method == "rule") return by_rule(request);
  TRY(known_enough(*request.model));
  if (!request.blueprint) return by_rule(request);
  auto plan = solve(TRY(price(request)), request.devices);
  if (plan.fits == Fits::no && automatic_length(*request.workload)) plan = TRY(shorten(request, std::move(plan)));
  warn_about_sequences(plan);
  return plan;
}

Alternative maximal(const Plan& plan) {
  Alternative out{"policy", "maximal"};
  if (!plan.estimate || !sizes_known(*plan.estimate)) return out;
  const auto& estimate = *plan.estimate;
  const auto in = limits(estimate, plan.devices);
  out.utilization = ratio(choose("maximal", 0, in).steps);
  out.fits = in.fit() ? Fits::yes : Fits::no;
  out.max_model_len = plan.max_model_len;
  const auto report = estimate.report(cache_at(estimate, out.utilization), plan.max_model_len);
  out.max_concurrency = report.max_concurrency;
  out.tokens = report.tokens;
  return out;
}

std::string_view strategy_name(std::uint32_t strategy) {
  constexpr std::string_view kNames[] = {"none", "given", "conservative", "standard", "aggressive", "minimal", "maximal"};
  return strategy < std::size(kNames) ? kNames[strategy] : "none";
}

std::string_view margin_name(std::uint32_t margin) {
  constexpr std::string_view kNames[] = {"none", "thin", "comfortable"};
  return margin < std::size(kNames) ? kNames[margin] : "none";
}

}  // namespace vramauto::plan
