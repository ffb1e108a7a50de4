#include "plan/search.hpp"

#include <algorithm>

#include "plan/batch.hpp"
#include "plan/partition.hpp"
#include "plan/solve.hpp"
#include "support/text.hpp"

namespace vramauto::plan {
namespace {

// A search ends after so many plans, of any machine that exists a few hundred, or once so many ranks were priced: a second at most.
class Effort {
 public:
  bool left() const { return plans_ < kMostPlans && ranks_ < kMostRanks; }
  void place(std::uint64_t ranks) { ranks_ += ranks / kPlacedPerPriced; }
  void price(std::uint64_t ranks) { ranks_ += ranks; }
  void plan(std::uint64_t ranks, std::uint64_t divisions) { ++plans_, price(ranks * (1 + divisions)); }

 private:
  static constexpr std::uint64_t kMostPlans = 4000, kMostRanks = 1 << 19;
  static constexpr std::uint64_t kPlacedPerPriced = 16;  // in as much time
  std::uint64_t plans_ = 0, ranks_ = 0;
};

Result<engine::Workload> with_layout(const engine::Workload& asked, const Layout& layout) {
  auto out = asked;
  TRY(engine::set(out, "tensor-parallel-size", std::to_string(layout.tensor)));
  TRY(engine::set(out, "pipeline-parallel-size", std::to_string(layout.pipeline)));
  if (asked.data_parallel_auto) TRY(engine::set(out, "data-parallel-size", std::to_string(layout.data)));
  return out;
}

// Experts that nobody said how to share.
bool experts_open(const engine::Request& request, const Layout& layout) {
  const auto& set = request.workload->set_names;
  const auto& weights = request.blueprint->weights;
  return std::uint64_t{layout.tensor} * layout.data > 1 &&
         std::find(set.begin(), set.end(), "enable-expert-parallel") == set.end() &&
         std::any_of(weights.begin(), weights.end(), [](const auto& one) { return one.split == VRAMAUTO_SPLIT_EXPERTS; });
}

Result<Plan> settled(const engine::Request& request, const Placement& placement, engine::Workload workload, Effort& effort) {
  auto changed = request;
  changed.workload = &workload;
  effort.plan(layout_of(workload).ranks(), TRY(divide_layers(request, placement, workload)));
  TRY(choose_batch(request, placement, workload));
  auto plan = solve(TRY(price(changed, placement)), request.devices);
  plan.layout_chosen = true;
  plan.batch_chosen = request.workload->max_num_seqs_auto || request.workload->max_num_batched_tokens_auto;
  return plan;
}

// A layout that the engine accepts, wherever its ranks are.
struct Accepted {
  engine::Workload workload;
  Bytes weights = 0;  // of all ranks, at least
};

Bytes weights_of(const engine::Estimate& estimate) {
  Bytes out = 0;
  for (const auto& rank : estimate.ranks) out = saturating_add(out, rank.weights.low);
  return out;
}

// Ranks that would each get a part of every expert are refused where its width does not divide; whole experts can be dealt to them.
Result<Accepted> accepted(const engine::Request& request, const Layout& layout) {
  auto workload = TRY(with_layout(*request.workload, layout));
  auto changed = request;
  changed.workload = &workload;
  changed.devices = {};  // what is asked is whether it divides
  auto priced = price(changed);
  if (priced) return Accepted{std::move(workload), weights_of(**priced)};
  if (priced.error().status != VRAMAUTO_E_UNSUPPORTED || !experts_open(request, layout))
    return Unexpected(std::move(priced.error()));
  TRY(engine::set(workload, "enable-expert-parallel", "true"));
  priced = TRY(price(changed));
  return Accepted{std::move(workload), weights_of(**priced)};
}

// The weights alone are more than these GPUs can give.
bool hopeless(const Accepted& layout, std::span<const detect::Device> devices, const Placement& placement) {
  Bytes most = 0;
  for (const auto at : placement) most = saturating_add(most, usable(devices[at]));
  return layout.weights > most;
}

// How much of what is asked for a plan that does not meet it holds: tells which of several comes nearest.
double nearness(const Plan& plan) {
  if (plan.fits == Fits::yes) return 1 + total_concurrency(plan);
  return plan.utilization_min > 0 ? std::min(1.0, plan.utilization_max / plan.utilization_min) : 0;
}

Unexpected cut_short(const engine::Request& request) {
  return fail(
      VRAMAUTO_E_LIMIT, "tensor-parallel-size",
      "not every layout on these {} GPUs was tried, none of those tried meets what is asked: expected sizes instead of auto",
      request.devices.size());
}

// Tries layouts and placements in their order until `enough` of a plan is true.
template <class Enough>
Result<void> try_all(const engine::Request& request, std::span<const Layout> layouts, Enough&& enough) {
  std::optional<Error> refused;
  const auto nodes = nodes_of(request.devices);
  Effort effort;
  bool answered = false;
  for (const auto& layout : layouts) {
    const auto one = accepted(request, layout);
    if (!one) {
      if (!refused) refused = one.error();
      continue;
    }
    const auto all = placements(layout, request.devices, nodes);
    effort.price(layout.ranks());
    effort.place(all.size() * layout.ranks());
    for (const auto& placement : all) {
      // The largest is tried whatever it can give: it may be what comes nearest.
      if (&placement != &all.back() && hopeless(*one, request.devices, placement)) continue;
      if (!effort.left()) return cut_short(request);
      auto plan = settled(request, placement, one->workload, effort);
      if (!plan) {
        if (!refused) refused = plan.error();
        continue;
      }
      answered = true;
      if (enough(std::move(*plan))) return {};
    }
  }
  if (!answered && refused) return Unexpected(std::move(*refused));
  return {};
}

bool has_nvlink(std::span<const detect::Device> devices) {
  return std::none_of(devices.begin(), devices.end(), [](const auto& one) { return one.nvlink == detect::Link::none; });
}

// Nothing can be chosen without sizes: one GPU, as the engine would.
bool sizes_known(std::span<const detect::Device> devices) {
  return !devices.empty() &&
         std::none_of(devices.begin(), devices.end(), [](const auto& one) { return one.total_bytes == VRAMAUTO_UNKNOWN; });
}

}  // namespace

bool searches(const engine::Workload& workload) {
  return workload.tensor_parallel_auto || workload.pipeline_parallel_auto || workload.data_parallel_auto;
}

Result<Plan> search(const engine::Request& request) {
  const auto& asked = *request.workload;
  if (!sizes_known(request.devices)) {
    auto layout = TRY(accepted(request, layout_of(asked)));
    Effort effort;
    auto plan = TRY(settled(request, {}, std::move(layout.workload), effort));
    plan.warnings.push_back({"layout", "no layout can be chosen for GPUs whose memory is not known: one for each size left open"});
    return plan;
  }
  const auto all = layouts(asked, request.devices.size(), has_nvlink(request.devices));
  if (all.empty())
    return fail(VRAMAUTO_E_ARGUMENT, "tensor-parallel-size", "{} GPUs found, expected at least the {} that the sizes stated need",
                request.devices.size(), layout_of(asked).ranks());
  std::optional<Plan> best;
  bool met = false;
  const auto done = try_all(request, all, [&](Plan plan) {
    met = meets(plan);
    const bool better = met || !best || nearness(plan) > nearness(*best);
    if (better) best = std::move(plan);
    return met;
  });
  // Of a search cut short, what fits is an answer; that nothing fits is none.
  const bool useful = !done && done.error().status == VRAMAUTO_E_LIMIT && best && best->fits == Fits::yes;
  if (!done && !useful) return Unexpected(done.error());
  if (useful) best->warnings.push_back({"layout", done.error().message});
  if (!best)
    return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size", "no layout fits on the nodes of these {} GPUs",
                request.devices.size());
  return std::move(*best);
}

std::optional<Plan> regrouped(const engine::Request& request, const Plan& plan) {
  const auto ranks = plan.estimate->ranks.size();
  auto open = plan.asked();
  open.tensor_parallel_auto = open.pipeline_parallel_auto = true;
  auto changed = request;
  changed.workload = &open;
  auto same = layouts(open, request.devices.size(), true);
  std::erase_if(same, [&](const Layout& one) { return one.ranks() != ranks; });
  std::optional<Plan> best;
  const auto done = try_all(changed, same, [&](Plan other) {
    if (other.fits == Fits::yes && (!best || other.cache.tokens > best->cache.tokens)) best = std::move(other);
    return false;
  });
  if (!done || !best || (plan.fits == Fits::yes && best->cache.tokens <= plan.cache.tokens)) return std::nullopt;
  return best;
}

}  // namespace vramauto::plan
