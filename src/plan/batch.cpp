#include "plan/batch.hpp"

#include <algorithm>
#include <cmath>

#include "plan/limits.hpp"
#include "plan/solve.hpp"

namespace vramauto::plan {
namespace {

// The engine's own defaults and most tables of its kernels are multiples of it.
constexpr std::uint64_t kTokensUnit = 256;

// Sequences that the cache holds at once: what the traffic states, or as many as there is room for, up to the engine's default.
std::uint64_t sequences_for(const Plan& plan, const engine::Workload& workload, std::uint64_t engine_default) {
  const auto holds = plan.cache_bytes.empty() ? static_cast<double>(engine_default) : plan.typical_concurrency;
  const auto most = static_cast<std::uint64_t>(std::clamp(std::floor(holds), 1.0, 1e9));
  return std::min(most, workload.sequences_set ? sequences_each(workload) : engine_default);
}

// In a steady state each sequence gets a token a step, and every output-len steps another one takes its place, whose prompt is
// computed meanwhile (Little's law). A prompt of usual length alone shall not need more steps than with the engine's default.
std::uint64_t tokens_for(const engine::Workload& workload, std::uint64_t sequences, std::uint64_t engine_default) {
  if (!workload.input_len || !workload.output_len) return std::max(engine_default, sequences);
  const auto prompts = saturating_mul(sequences, *workload.input_len) / *workload.output_len;
  const auto steady = saturating_add(sequences, prompts);
  return round_up(std::max(std::min(steady, std::uint64_t{1} << 20), std::min(*workload.input_len, engine_default)), kTokensUnit);
}

Result<Plan> attempt(const engine::Request& request, const Placement& placement, const engine::Workload& workload) {
  auto changed = request;
  changed.workload = &workload;
  return solve(TRY(price(changed, placement)), request.devices);
}

Result<void> set_tokens(engine::Workload& workload, std::uint64_t tokens) {
  return engine::set(workload, "max-num-batched-tokens", std::to_string(tokens));
}
Result<void> set_sequences(engine::Workload& workload, std::uint64_t sequences) {
  return engine::set(workload, "max-num-seqs", std::to_string(sequences));
}

}  // namespace

Result<void> choose_batch(const engine::Request& request, const Placement& placement, engine::Workload& workload) {
  const bool sequences_free = workload.max_num_seqs_auto, tokens_free = workload.max_num_batched_tokens_auto;
  if (!sequences_free && !tokens_free) return {};
  auto plan = TRY(attempt(request, placement, workload));
  const auto own = plan.estimate->effective;
  auto sequences = sequences_free ? sequences_for(plan, workload, own.max_num_seqs) : own.max_num_seqs;
  auto tokens =
      tokens_free ? std::max(tokens_for(workload, sequences, own.max_num_batched_tokens), sequences) : own.max_num_batched_tokens;
  if (sequences_free) TRY(set_sequences(workload, std::min(sequences, tokens)));
  if (!tokens_free) return {};
  // Activations of a large step may take what the cache needs: half of it while that lets the traffic in, or the model at all.
  std::optional<std::uint64_t> fits;
  for (auto tried = tokens;; tried = std::max(sequences, round_up(tried / 2, kTokensUnit))) {
    TRY(set_tokens(workload, tried));
    auto next = attempt(request, placement, workload);
    if (!next) return engine::set(workload, "max-num-batched-tokens", std::nullopt);  // the engine's own rule for this model
    plan = std::move(*next);
    if (meets(plan) || plan.fits == Fits::unknown) return {};
    if (plan.fits == Fits::yes && !fits) fits = tried;
    if (tried <= std::max(sequences, kTokensUnit)) return set_tokens(workload, fits.value_or(tried));
  }
}

BatchCost batch_cost(const Plan& plan, const engine::Request& about) {
  if (!plan.estimate || !about.blueprint) return {};
  const auto& effective = plan.estimate->effective;
  const auto fullest = [](const engine::Estimate& estimate) {
    Bytes most = 0;
    for (const auto& rank : estimate.ranks) most = std::max(most, saturating_add(rank.fixed().best, rank.outside.best));
    return most;
  };
  const auto placement = placement_of(plan);
  // What the engine takes less of with a smaller number of one option, the other as it is.
  const auto less = [&](std::uint64_t sequences, std::uint64_t tokens) -> Bytes {
    auto workload = plan.estimate->workload;
    workload.max_model_len = plan.max_model_len;
    workload.max_num_seqs = sequences;
    workload.max_num_batched_tokens = tokens;
    auto request = about;
    request.devices = plan.devices;
    request.workload = &workload;
    const auto estimate = price(request, placement);
    const auto all = fullest(*plan.estimate);
    return estimate ? all - std::min(all, fullest(**estimate)) : 0;
  };
  return {less(1, effective.max_num_batched_tokens), less(effective.max_num_seqs, effective.max_num_seqs)};
}

}  // namespace vramauto::plan
