#include "engine/vllm/rank.hpp"

#include <algorithm>

#include "engine/vllm/activation.hpp"
#include "engine/vllm/all_reduce.hpp"
#include "engine/vllm/fits.hpp"
#include "engine/vllm/footprint.hpp"
#include "engine/vllm/graphs.hpp"
#include "engine/vllm/profiles.hpp"
#include "engine/vllm/runner_buffers.hpp"
#include "engine/vllm/weights.hpp"

namespace vramauto::engine::vllm {
namespace {

void add(Amount& sum, const Amount& amount) {
  sum.best = saturating_add(sum.best, amount.best);
  sum.low = saturating_add(sum.low, amount.low);
  sum.high = saturating_add(sum.high, amount.high);
}

// Adds a named amount to the member it belongs to, unless there is nothing of it.
void bill(Rank& rank, Amount Rank::*member, std::string_view name, vramauto_kind kind, const Amount& amount,
          std::string_view source) {
  if (amount.high == 0) return;
  add(rank.*member, amount);
  rank.components.push_back({name, kind, amount, member == &Rank::outside, source});
}

// Of a model that is only guessed at: what is stored is loaded, give or take what the engine pads, fuses and leaves out; on several
// ranks some of it may be whole on each. Widths of the layers may be wrong by their half.
constexpr Amount doubtful(const Amount& amount, Bytes parts_less, Bytes parts_more) {
  return {amount.best, amount.best - amount.best / parts_less, saturating_add(amount.best, amount.best / parts_more)};
}

void doubt_weights(const Context& context, RankWeights& weights) {
  const Bytes more = context.parallel.tp > 1 ? 2 : 5;
  weights.loaded = {weights.loaded.best, 0, 0};
  for (auto& component : weights.components) {
    component.amount = doubtful(component.amount, 5, more);
    component.source = "guess";
    weights.loaded.low = saturating_add(weights.loaded.low, component.amount.low);
    weights.loaded.high = saturating_add(weights.loaded.high, component.amount.high);
  }
}

void bill_activation(const Context& context, const Activation& activation, Rank& rank) {
  const auto phase = activation.phase();
  const bool guess = context.blueprint->guess;
  bill(rank, &Rank::activation, phase, VRAMAUTO_KIND_ACTIVATIONS, guess ? doubtful(activation.peak(), 2, 1) : activation.peak(),
       guess                                ? "guess"
       : phase == "forward pass"            ? activation.fitted_to
       : context.mrv2 || phase == "encoder" ? "counted from the tensors alive"
                                            : "counted, as measured from 0.8 to 0.20");
}

void bill_cold_compile(const Context& context, Rank& rank) {
  if (context.effective.enforce_eager || context.profile->from < Version{0, 20, 0}) return;
  const auto cold = fits::first_start(context.parallel.tp).most;
  rank.first_start = cold;
  bill(rank, &Rank::other_in_budget, "first compilation", VRAMAUTO_KIND_ACTIVATIONS, {0, 0, cold}, "4 starts, 0.22 to 0.31");
}

void bill_graphs(const Context& context, std::uint32_t stage, Rank& rank) {
  const auto graphs = graphs_of_stage(context, capture_sizes(context), stage);
  rank.graphs_in_budget = graphs.in_budget;
  if (graphs.amount.high == 0) return;
  rank.graphs = graphs.amount;
  if (!graphs.in_budget) add(rank.outside, graphs.amount);
  rank.components.push_back({"CUDA graphs", VRAMAUTO_KIND_GRAPHS, graphs.amount, !graphs.in_budget, graphs.source});
}

// Runner buffers are paid from the budget where it counts everything consumed; block tables of MRV2 never are.
void bill_buffers(const Context& context, const CacheLayout& layout, Rank& rank) {
  const bool counted = context.profile->budget == Budget::own_consumed || context.profile->budget == Budget::device_fill;
  const auto buffers = counted ? &Rank::other_in_budget : &Rank::outside;
  bill(rank, buffers, "penalty counts", VRAMAUTO_KIND_RUNTIME, Amount::exact(penalty_buffers(context)), "vLLM 0.33, penalties.py");
  if (rank.pp + 1 == context.parallel.pp)
    bill(rank, buffers, "draft buffers", VRAMAUTO_KIND_RUNTIME, Amount::exact(draft_buffers(context)), "vLLM 0.33, speculator.py");
  bill(rank, buffers, "expert balancing", VRAMAUTO_KIND_RUNTIME, expert_balancing(context, rank.pp), "vLLM 0.33, eplb_state.py");
  // vLLM 0.25, v1/worker/gpu_worker.py: subtracted from what is left for the cache.
  bill(rank, &Rank::other_in_budget, "items of other processes", VRAMAUTO_KIND_OTHER,
       Amount::exact(static_cast<Bytes>(context.workload->mm_ipc_gpu_memory_gib * static_cast<double>(kGiB))), "vLLM 0.25");
  // Weights and cache come from pools of their own, whose last segments (20 and 2 MiB for large and small tensors) nothing else
  // may fill: torch, c10/cuda/CUDACachingAllocator.
  if (context.workload->enable_sleep_mode)
    bill(rank, buffers, "sleep mode's pools", VRAMAUTO_KIND_RUNTIME, {0, 0, 2 * 22 * kMiB}, "torch allocator");
  bill(rank, context.mrv2 ? &Rank::outside : buffers, "block tables", VRAMAUTO_KIND_RUNTIME,
       Amount::exact(block_tables(context, layout)), "vLLM 0.33, block_table.py");
}

}  // namespace

Result<Rank> price_stage(const Context& context, const CacheLayout& layout, std::uint32_t stage) {
  Rank rank;
  rank.pp = stage;
  auto weights = TRY(weights_of_stage(context, stage));
  if (context.blueprint->guess) doubt_weights(context, weights);
  rank.components = std::move(weights.components);
  rank.components.reserve(rank.components.size() + 16);
  rank.parameter_bytes = weights.parameter_bytes;
  rank.weights = weights.loaded;
  const auto activation = activation_of_stage(context, stage);
  bill_activation(context, activation, rank);
  const auto kernels = non_torch(context, activation.sampler.best > 0);
  bill(rank, &Rank::non_torch, "kernels and fragments", VRAMAUTO_KIND_RUNTIME, kernels.amount, kernels.source);
  bill(rank, &Rank::non_torch, "fused all-reduce", VRAMAUTO_KIND_COMMUNICATION, all_reduce_workspace(context), "vLLM, FlashInfer");
  bill(rank, &Rank::non_torch, "all-to-all buffers", VRAMAUTO_KIND_COMMUNICATION, all_to_all_buffers(context), "DeepEP, vLLM 0.33");
  bill_graphs(context, stage, rank);
  bill_buffers(context, layout, rank);
  bill_cold_compile(context, rank);
  bill(rank, &Rank::outside, "sampler beyond its profile", VRAMAUTO_KIND_ACTIVATIONS, unprofiled_sampler(context, activation),
       "counted from the tensors alive");
  return rank;
}

void place(const Context& context, const Startup& startup, const detect::Device* device, Rank& rank) {
  bill(rank, &Rank::other_in_budget, "context and communication", VRAMAUTO_KIND_COMMUNICATION, startup.in_budget, "measured H100");
  if (!device || device->total_bytes == VRAMAUTO_UNKNOWN) return;
  rank.total_bytes = device->total_bytes;
  const auto free = std::min(device->free_bytes, device->total_bytes);
  if (context.profile->snapshot == Snapshot::none && context.profile->budget == Budget::device_fill) {
    bill(rank, &Rank::other_in_budget, "other processes", VRAMAUTO_KIND_OTHER, Amount::exact(device->total_bytes - free), "device");
    rank.free_at_start = device->total_bytes;
    return;
  }
  const auto taken = startup.before_snapshot.best;
  rank.free_at_start = free > taken ? free - taken : 0;
  // Free memory as an engine's log states it already lacks what that engine took before its snapshot. Where no more is missing
  // than that, whose it was cannot be told: the best value counts it once, the pessimistic one twice.
  if (free == device->total_bytes || device->total_bytes - free > std::max(taken + taken / 16, startup.before_snapshot.high))
    return;
  rank.free_at_start_low = rank.free_at_start;
  rank.free_at_start = std::min(free, device->total_bytes - std::min(taken, device->total_bytes));
}

}  // namespace vramauto::engine::vllm
