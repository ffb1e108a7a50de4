#include "plan/partition.hpp"

#include <algorithm>
#include <numeric>

#include "plan/limits.hpp"
#include "support/text.hpp"

namespace vramauto::plan {
namespace {

constexpr std::string_view kVariable = "VLLM_PP_LAYER_PARTITION";

using Layers = std::vector<std::uint32_t>;

bool stated(const engine::Workload& workload) {
  return std::any_of(workload.env.begin(), workload.env.end(),
                     [](const std::string& entry) { return entry.starts_with(kVariable); });
}

bool of_one_size(std::span<const detect::Device> devices, const Placement& placement) {
  return std::all_of(placement.begin(), placement.end(), [&](auto at) {
    return devices[at].total_bytes == devices[placement[0]].total_bytes && usable(devices[at]) == usable(devices[placement[0]]);
  });
}

std::string entry_of(const Layers& layers) {
  std::string out(kVariable);
  for (std::size_t i = 0; i < layers.size(); ++i) out.append(i ? "," : "=").append(std::to_string(layers[i]));
  return out;
}

// How far each stage fills what its GPUs can give, for what the workload asks.
std::vector<double> fill_of(const engine::Estimate& estimate, std::span<const detect::Device> devices) {
  std::vector<double> out;
  for (const auto& rank : estimate.ranks) {
    out.resize(std::max<std::size_t>(out.size(), rank.pp + 1), 0);
    const auto most = ceiling(rank, rank.outside.best, reserve(estimate, rank, devices));
    const auto needed = static_cast<double>(saturating_add(rank.fixed().best, wanted_cache(estimate, rank)));
    out[rank.pp] = std::max(out[rank.pp], needed / static_cast<double>(std::max<Bytes>(most, 1)));
  }
  return out;
}

Layers even(std::size_t layers, std::size_t stages) {
  Layers out(stages, static_cast<std::uint32_t>(layers / stages));
  for (std::size_t i = 0; i < layers % stages; ++i) ++out[i];
  return out;
}

struct Attempt {
  Layers layers;
  std::vector<double> fill;
  double most() const { return *std::max_element(fill.begin(), fill.end()); }
};

}  // namespace

Result<std::uint64_t> divide_layers(const engine::Request& request, const Placement& placement, engine::Workload& workload) {
  const std::size_t stages = workload.pipeline_parallel_size, layers = request.blueprint->traits.layers;
  if (stages < 2 || layers < stages || stated(workload) || of_one_size(request.devices, placement)) return std::uint64_t{0};
  auto changed = request;
  std::uint64_t priced = 0;
  const auto attempt = [&](Layers split) -> Result<Attempt> {
    ++priced;
    auto with = workload;
    if (!split.empty()) with.env.push_back(entry_of(split));
    changed.workload = &with;
    const auto estimate = TRY(price(changed, placement));
    return Attempt{std::move(split), fill_of(*estimate, request.devices)};
  };
  const auto engine_s = TRY(attempt({}));
  auto best = TRY(attempt(even(layers, stages)));
  // A layer at a time from the fullest stage to the emptiest, until that makes nothing better.
  for (std::size_t moves = 0; moves < layers; ++moves) {
    const auto from = std::max_element(best.fill.begin(), best.fill.end()) - best.fill.begin();
    const auto to = std::min_element(best.fill.begin(), best.fill.end()) - best.fill.begin();
    auto split = best.layers;
    if (from == to || split[static_cast<std::size_t>(from)] < 2) break;
    --split[static_cast<std::size_t>(from)], ++split[static_cast<std::size_t>(to)];
    auto next = TRY(attempt(std::move(split)));
    if (next.most() >= best.most()) break;
    best = std::move(next);
  }
  if (best.most() < engine_s.most()) workload.env.push_back(entry_of(best.layers));
  return priced;
}

}  // namespace vramauto::plan
