#include "plan/placement.hpp"

#include <algorithm>
#include <tuple>

#include "plan/plan.hpp"
#include "support/order.hpp"
#include "support/text.hpp"

namespace vramauto::plan {
namespace {

constexpr std::string_view kVisible = "CUDA_VISIBLE_DEVICES";

using Devices = std::span<const detect::Device>;

double share_free(const detect::Device& device) {
  return device.total_bytes ? static_cast<double>(usable(device)) / static_cast<double>(device.total_bytes) : 0;
}

bool alike(const detect::Device& a, const detect::Device& b) {
  return a.total_bytes == b.total_bytes && usable(a) == usable(b) && a.name == b.name;
}

Placement sorted(Devices devices, Placement pool, bool (*before)(const detect::Device&, const detect::Device&)) {
  sort_stably(pool, [&](auto a, auto b) { return before(devices[a], devices[b]); });
  return pool;
}

// Smallest first, of one size the emptiest, of those in their own order.
bool smaller(const detect::Device& a, const detect::Device& b) {
  return a.total_bytes != b.total_bytes ? a.total_bytes < b.total_bytes : share_free(a) > share_free(b);
}

// Neighbours by size become a group that shares layers; groups and their members stand in the order of the list.
Placement in_groups(Placement set, std::size_t group) {
  std::vector<std::uint64_t> starts;  // first member, then where the group is
  for (std::size_t i = 0; i < set.size(); i += group) {
    const auto first = set.begin() + static_cast<std::ptrdiff_t>(i);
    std::sort(first, first + static_cast<std::ptrdiff_t>(group));
    starts.push_back(std::uint64_t{*first} << 32 | i);
  }
  std::sort(starts.begin(), starts.end());
  Placement out;
  for (const auto start : starts) {
    const auto first = set.begin() + static_cast<std::ptrdiff_t>(start & UINT32_MAX);
    out.insert(out.end(), first, first + static_cast<std::ptrdiff_t>(group));
  }
  return out;
}

// Every run of `count` GPUs by size that differs from the one before.
void add_runs(std::vector<Placement>& out, Devices devices, const Placement& pool, std::size_t count) {
  for (std::size_t i = 0; i + count <= pool.size(); ++i) {
    if (i > 0 && alike(devices[pool[i - 1]], devices[pool[i + count - 1]])) continue;
    const auto first = pool.begin() + static_cast<std::ptrdiff_t>(i);
    out.emplace_back(first, first + static_cast<std::ptrdiff_t>(count));
  }
}

// One utilization serves all, so a GPU of which little is free holds back the rest: runs are taken of all GPUs, then without those
// of which least is free, and so on.
void add_on_node(std::vector<Placement>& out, Devices devices, Placement pool, std::size_t count) {
  constexpr std::size_t kMostLevels = 8;
  for (std::size_t level = 0; level < kMostLevels && pool.size() >= count; ++level) {
    add_runs(out, devices, pool, count);
    const auto least =
        std::min_element(pool.begin(), pool.end(), [&](auto a, auto b) { return share_free(devices[a]) < share_free(devices[b]); });
    const auto share = share_free(devices[*least]);
    std::erase_if(pool, [&](auto at) { return share_free(devices[at]) <= share; });
  }
}

void add_once(Placement& names, std::uint32_t name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::vector<Placement> by_node(Devices devices) {
  Placement names;
  for (const auto& device : devices) add_once(names, device.node);
  std::sort(names.begin(), names.end());
  std::vector<Placement> out;
  for (const auto name : names) {
    auto& node = out.emplace_back();
    for (std::uint32_t i = 0; i < devices.size(); ++i)
      if (devices[i].node == name) node.push_back(i);
    node = sorted(devices, std::move(node), smaller);
  }
  return out;
}

// GPUs like those of a node before offer nothing new to ranks that share a node.
bool repeats(Devices devices, const std::vector<Placement>& nodes, std::size_t at) {
  const auto& node = nodes[at];
  return std::any_of(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(at), [&](const Placement& before) {
    return std::equal(node.begin(), node.end(), before.begin(), before.end(),
                      [&](auto a, auto b) { return alike(devices[a], devices[b]); });
  });
}

// The `count` GPUs of a node that can give most; of those that can give as much, the first.
Placement largest(Devices devices, Placement node, std::size_t count) {
  std::sort(node.begin(), node.end());
  node = sorted(devices, std::move(node), [](const detect::Device& a, const detect::Device& b) { return usable(a) > usable(b); });
  node.resize(count);
  return sorted(devices, std::move(node), smaller);
}

// As many GPUs of each of `of` nodes.
std::optional<Placement> across(Devices devices, const std::vector<Placement>& nodes, std::size_t of, const Layout& layout) {
  const auto count = layout.ranks();
  if (count % of != 0 || count / of % layout.tensor != 0) return std::nullopt;
  const auto each = static_cast<std::size_t>(count / of);
  Placement out;
  for (const auto& node : nodes) {
    if (out.size() == count || node.size() < each) continue;
    const auto groups = in_groups(largest(devices, node, each), layout.tensor);
    out.insert(out.end(), groups.begin(), groups.end());
  }
  if (out.size() != count) return std::nullopt;
  return out;
}

Bytes sum(Devices devices, const Placement& set, Bytes (*of)(const detect::Device&)) {
  Bytes out = 0;
  for (const auto at : set) out = saturating_add(out, of(devices[at]));
  return out;
}

struct Candidate {
  Bytes total, taken;  // of all its GPUs; least first
  Placement set;
  auto operator<=>(const Candidate&) const = default;
};

// Least memory first, of as much that with most of it free; each once.
std::vector<Placement> by_memory(Devices devices, std::vector<Placement> sets) {
  std::vector<Candidate> candidates;
  for (auto& set : sets) {
    const auto total = sum(devices, set, [](const detect::Device& one) { return one.total_bytes; });
    const auto free = sum(devices, set, usable);
    candidates.push_back({total, total - free, std::move(set)});
  }
  sort_stably(candidates, [](const Candidate& a, const Candidate& b) { return a < b; });
  sets.clear();
  for (auto& one : candidates)
    if (sets.empty() || sets.back() != one.set) sets.push_back(std::move(one.set));
  return sets;
}

// A slice has no index of its own.
std::string name_for_cuda(const detect::Device& device) {
  return device.mig && !device.uuid.empty() ? device.uuid : std::to_string(device.index);
}

// The ranks are on the first GPUs, in their order: where the engine puts them without being told.
bool in_order(const engine::Estimate& estimate) {
  for (std::size_t i = 0; i < estimate.ranks.size(); ++i)
    if (estimate.ranks[i].device != i) return false;
  return true;
}

Placement nodes_of(const Plan& plan) {
  Placement out;
  for (const auto& rank : plan.estimate->ranks)
    if (rank.device < plan.devices.size()) add_once(out, plan.devices[rank.device].node);
  return out;
}

// "0, 1" of one node.
std::string gpus_on(const Plan& plan, std::uint32_t node) {
  std::string out;
  for (const auto& rank : plan.estimate->ranks)
    if (rank.device < plan.devices.size() && plan.devices[rank.device].node == node)
      out.append(out.empty() ? "" : ",").append(name_for_cuda(plan.devices[rank.device]));
  return out;
}

std::string visible_devices(const Plan& plan) {
  return fmt::format("{}={}", kVisible, gpus_on(plan, plan.devices[plan.estimate->ranks[0].device].node));
}

}  // namespace

Bytes usable(const detect::Device& device) { return std::min(device.free_bytes, device.total_bytes); }

Layout layout_of(const engine::Workload& workload) {
  return {workload.tensor_parallel_size, workload.pipeline_parallel_size, workload.data_parallel_size};
}

std::vector<Layout> layouts(const engine::Workload& workload, std::size_t gpus, bool nvlink) {
  const auto stated = layout_of(workload);
  const auto sizes = [&](bool free, std::uint32_t one, auto&& each) {
    for (std::uint32_t size = free ? 1 : one; size <= (free ? gpus : one); ++size) each(size);
  };
  std::vector<Layout> out;
  sizes(workload.tensor_parallel_auto, stated.tensor, [&](auto tensor) {
    sizes(workload.pipeline_parallel_auto, stated.pipeline, [&](auto pipeline) {
      if (std::uint64_t{tensor} * pipeline > gpus) return;
      sizes(workload.data_parallel_auto, stated.data, [&](auto data) {
        if (const Layout one{tensor, pipeline, data}; one.ranks() <= gpus) out.push_back(one);
      });
    });
  });
  const auto key = [&](const Layout& one) { return std::tuple(one.ranks(), one.engine(), nvlink ? one.pipeline : one.tensor); };
  sort_stably(out, [&](const Layout& a, const Layout& b) { return key(a) < key(b); });
  return out;
}

Nodes nodes_of(Devices devices) {
  Nodes out{by_node(devices), {}};
  for (std::uint32_t at = 0; at < out.all.size(); ++at)
    if (!repeats(devices, out.all, at)) out.different.push_back(at);
  return out;
}

std::vector<Placement> placements(const Layout& layout, Devices devices, const Nodes& nodes) {
  const auto count = static_cast<std::size_t>(layout.ranks());
  std::vector<Placement> out;
  for (const auto at : nodes.different)
    if (nodes.all[at].size() >= count) add_on_node(out, devices, nodes.all[at], count);
  for (auto& set : out) set = in_groups(std::move(set), layout.tensor);
  for (std::size_t of = 2; of <= nodes.all.size(); ++of)
    if (auto set = across(devices, nodes.all, of, layout)) out.push_back(std::move(*set));
  return by_memory(devices, std::move(out));
}

// NVIDIA, MIG User Guide, "Application considerations": no peer-to-peer between instances, and a CUDA process sees one of them.
Result<void> check_placement(const Layout& layout, Devices used) {
  if (layout.engine() == 1 || std::none_of(used.begin(), used.end(), [](const auto& one) { return one.mig; })) return {};
  return fail(VRAMAUTO_E_UNSUPPORTED, layout.tensor > 1 ? "tensor-parallel-size" : "pipeline-parallel-size",
              "found {} ranks of one model, expected 1: MIG slices cannot be joined, a process sees one of them", layout.engine());
}

std::vector<std::string> environment(const Plan& plan) {
  auto out = plan.asked().env;
  if (!plan.estimate || in_order(*plan.estimate) || nodes_of(plan).size() > 1) return out;
  std::erase_if(out, [](const std::string& entry) { return entry.starts_with(kVisible) && entry[kVisible.size()] == '='; });
  out.push_back(visible_devices(plan));
  return out;
}

Placement placement_of(const Plan& plan) {
  Placement out;
  if (!plan.estimate || plan.devices.empty()) return out;
  for (const auto& rank : plan.estimate->ranks) out.push_back(rank.device);
  return out;
}

std::vector<std::uint32_t> unused_devices(const Plan& plan) {
  auto used = placement_of(plan);
  std::sort(used.begin(), used.end());
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < plan.devices.size(); ++i)
    if (!std::binary_search(used.begin(), used.end(), i)) out.push_back(i);
  return out;
}

std::string unused_reason(const Plan& plan, std::uint32_t device) {
  const auto layout = layout_of(plan.asked());
  if (plan.devices[device].mig && layout.ranks() == 1) return "MIG slices cannot be joined: one slice a model";
  if (!plan.layout_chosen)
    return fmt::format("tensor {} x pipeline {} x data parallel {} are {} ranks", layout.tensor, layout.pipeline, layout.data,
                       layout.ranks());
  if (plan.fits == Fits::unknown) return "whether more of them help is not known";
  const bool one = layout.ranks() == 1;
  if (!meets(plan))
    return fmt::format("no layout tried meets what is asked, {} GPU{} nearest", layout.ranks(), one ? " comes" : "s come");
  return fmt::format("{} GPU{} the smallest layout that meets what is asked", layout.ranks(), one ? " is" : "s are");
}

// What each node is told differs: it is no part of the one line.
void warn_about_nodes(Plan& plan) {
  if (!plan.estimate || plan.devices.empty()) return;
  const auto& ranks = plan.estimate->ranks;
  const auto here = [&](const engine::Rank& rank) { return plan.devices[rank.device].node == plan.devices[0].node; };
  if (std::all_of(ranks.begin(), ranks.end(), here)) return;
  const auto nodes = nodes_of(plan);
  std::string text;
  for (const auto node : nodes)
    text += fmt::format("{}node {}: {}={}", text.empty() ? "" : "; ", node, kVisible, gpus_on(plan, node));
  plan.warnings.push_back(
      {"nodes", fmt::format("the ranks are on {} node{}, in this order: {}{}", nodes.size(), nodes.size() > 1 ? "s" : "", text,
                            nodes.size() > 1 ? "; the engine starts on each, with --nnodes and --node-rank or Ray" : "")});
}

}  // namespace vramauto::plan
