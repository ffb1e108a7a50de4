#include "plan/plan.hpp"

#include <algorithm>

#include "plan/batch.hpp"
#include "plan/policy.hpp"
#include "plan/search.hpp"
#include "plan/solve.hpp"

namespace vramauto::plan {
namespace {

// The model's own length does not fit: the longest that does. A shorter length may also change the batch, and with it what is
// fixed: so it is priced again, and once more where that left too little.
Result<Plan> shorten(const engine::Request& request, Plan own) {
  const auto asked = own.estimate->workload;
  const auto placement = placement_of(own);
  auto shorter = asked;
  auto changed = request;
  changed.workload = &shorter;
  auto length = longest(own);
  const auto full = own.max_model_len;
  for (int attempt = 0; attempt < 3 && length > 0 && length < full; ++attempt) {
    shorter.max_model_len = length;
    auto estimate = TRY(price(changed, placement));
    estimate->workload = asked;  // what was asked stays what was asked
    auto plan = solve(std::move(estimate), request.devices);
    if (plan.fits == Fits::yes) {
      plan.max_model_len_shortened = true;
      plan.warnings = std::move(own.warnings);
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
  if (plan.fits != Fits::yes || wished <= 1 || meets(plan)) return;
  plan.warnings.push_back(
      {"sequences", fmt::format("{} sequences of {} tokens were asked for, the cache holds {:.2f} at once", text::grouped(wished),
                                text::grouped(usual_length(*plan.estimate)), total_concurrency(plan))});
}

// That the first start leaves less is said by the engine; here, that it would not hold one sequence, and so end with an error.
void warn_about_first_start(Plan& plan) {
  if (plan.fits != Fits::yes) return;
  const auto& ranks = plan.estimate->ranks;
  bool enough = true;
  for (std::size_t i = 0; i < plan.cache_bytes.size(); ++i)
    enough = enough && plan.cache_bytes[i] >= saturating_add(plan.required_bytes, ranks[i].first_start);
  const auto cache = enough ? std::vector<Bytes>() : first_start_cache(plan);
  if (cache.empty()) return;
  const auto first = plan.estimate->report(cache, plan.max_model_len);
  if (first.holds_max_model_len) return;
  auto message = fmt::format("the first start may hold {} tokens only, fewer than one sequence of {}: it would end with an error, and "
                             "the next, which finds what that one compiled, start",
                             text::grouped(first.tokens), text::grouped(plan.max_model_len));
  if (first.longest) message += fmt::format("; --max-model-len {} starts the first time", first.longest);
  plan.warnings.push_back({"first_start_too_small", std::move(message)});
}

// A name that says nothing is good for the rule of thumb alone, and only where that was asked for.
Result<void> known_enough(const model::Model& model) {
  for (const auto& warning : model.warnings)
    if (warning.code == model::kNameSaysNothing) return fail(VRAMAUTO_E_NOT_FOUND, "model", "{}", warning.message);
  return {};
}

// Usual sequences must be sequences that the engine takes.
Result<void> check_lengths(const Plan& plan) {
  const auto usual = usual_length(*plan.estimate);
  if (usual <= plan.estimate->effective.max_model_len) return {};
  return fail(VRAMAUTO_E_ARGUMENT, "input-len", "found {} tokens of input-len and output-len, expected at most max-model-len {}",
              usual, plan.estimate->effective.max_model_len);
}

// The GPUs of the ranks, in their order; none where none are described.
std::vector<detect::Device> used(const engine::Request& request, const Placement& placement) {
  std::vector<detect::Device> out;
  for (const auto at : placement) out.push_back(request.devices[at]);
  return out;
}

Result<Plan> one_layout(const engine::Request& request) {
  const auto& asked = *request.workload;
  if (!asked.max_num_seqs_auto && !asked.max_num_batched_tokens_auto) return solve(TRY(price(request)), request.devices);
  auto workload = asked;
  auto changed = request;
  changed.workload = &workload;
  TRY(choose_batch(request, {}, workload));
  auto plan = solve(TRY(price(changed)), request.devices);
  plan.batch_chosen = true;
  return plan;
}

}  // namespace

Result<std::unique_ptr<engine::Estimate>> price(const engine::Request& request, const Placement& placement) {
  const auto layout = layout_of(*request.workload);
  if (layout.tensor > 4096 || layout.pipeline > 4096 || layout.data > 4096 || layout.ranks() > 4096)
    return fail(VRAMAUTO_E_LIMIT, "tensor-parallel-size", "{} x {} x {} ranks, expected at most 4096 in all", layout.tensor,
                layout.pipeline, layout.data);
  const auto here = request.devices.size();
  if (here && here < layout.ranks())
    return fail(VRAMAUTO_E_ARGUMENT, "tensor-parallel-size", "tensor {} x pipeline {} x data parallel {} needs {} GPUs, found {}",
                layout.tensor, layout.pipeline, layout.data, layout.ranks(), here);
  TRY(known_enough(*request.model));
  const auto chosen = used(request, placement);
  auto asked = request;
  asked.devices = placement.empty() ? request.devices.first(std::min<std::size_t>(here, layout.ranks())) : std::span(chosen);
  TRY(check_placement(layout, asked.devices));
  auto out = TRY(engine::estimate(asked));
  for (std::size_t i = 0; i < placement.size(); ++i) out->ranks[i].device = placement[i];
  return out;
}

Result<Plan> calculate(const engine::Request& request) {
  if (request.workload->method == "rule") return by_rule(request);
  TRY(known_enough(*request.model));
  if (!request.blueprint) return by_rule(request);
  auto plan = TRY(searches(*request.workload) ? search(request) : one_layout(request));
  TRY(check_lengths(plan));
  const bool automatic_length = !request.workload->max_model_len;
  if (plan.fits == Fits::no && automatic_length) {
    const bool layout_chosen = plan.layout_chosen, batch_chosen = plan.batch_chosen;
    plan = TRY(shorten(request, std::move(plan)));
    plan.layout_chosen = layout_chosen, plan.batch_chosen = batch_chosen;
    if (const auto usual = usual_length(*plan.estimate); usual > plan.max_model_len)
      plan.warnings.push_back({"input-len", fmt::format("sequences of the usual {} tokens do not fit", text::grouped(usual))});
  }
  warn_about_nodes(plan);
  warn_about_sequences(plan);
  warn_about_first_start(plan);
  return plan;
}

std::vector<Bytes> first_start_cache(const Plan& plan) {
  const auto& estimate = *plan.estimate;
  if (plan.cache_bytes.empty() || estimate.workload.kv_cache_memory_bytes) return {};
  auto out = plan.cache_bytes;
  bool differs = false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto less = estimate.ranks[i].first_start;
    differs = differs || less;
    out[i] = out[i] > less ? out[i] - less : 0;
  }
  return differs ? out : std::vector<Bytes>();
}

double total_concurrency(const Plan& plan) { return plan.typical_concurrency * std::max(1u, plan.asked().data_parallel_size); }

bool meets(const Plan& plan) {
  return plan.fits == Fits::yes && (plan.asked().sequences <= 1 || !plan.estimate->keeps_cache ||
                                    total_concurrency(plan) >= static_cast<double>(plan.asked().sequences));
}

std::vector<Bytes> idle_bytes(const Plan& plan) {
  std::vector<Bytes> out;
  if (!plan.estimate || plan.cache_bytes.empty() || !sizes_known(*plan.estimate)) return out;
  for (const auto& rank : plan.estimate->ranks) {
    const auto cache = saturating_mul(plan.cache.num_blocks, plan.estimate->block_bytes(rank));
    const auto taken = saturating_add(rank.fixed().best, cache);
    const auto most = ceiling(rank, rank.outside.best, 0);
    out.push_back(most > taken ? most - taken : 0);
  }
  return out;
}

std::size_t binding_rank(const Plan& plan) { return limits(*plan.estimate, plan.devices).least_rank; }

bool is_uneven(const Plan& plan) {
  const auto idle = idle_bytes(plan);
  if (idle.size() < 2) return false;
  const auto [least, most] = std::minmax_element(idle.begin(), idle.end());
  const auto& rank = plan.estimate->ranks[static_cast<std::size_t>(most - idle.begin())];
  return *most - *least > rank.total_bytes / 10;
}

Alternative maximal(const Plan& plan) {
  Alternative out;
  out.change = {{"policy", "maximal"}};
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
