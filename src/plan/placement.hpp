// Which GPU each rank gets. The engine puts rank i on the i-th GPU that it sees: an order of GPUs is all there is to choose.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "detect/devices.hpp"
#include "engine/options.hpp"
#include "support/result.hpp"

namespace vramauto::plan {

// Of each rank, dp-major, then pp, then tp: its GPU's position in the list of GPUs. Empty: the first ones, in their order.
using Placement = std::vector<std::uint32_t>;

struct Layout {
  std::uint32_t tensor = 1, pipeline = 1, data = 1;
  std::uint64_t engine() const { return std::uint64_t{tensor} * pipeline; }  // ranks of one copy of the model
  std::uint64_t ranks() const { return engine() * data; }
};
Layout layout_of(const engine::Workload& workload);

// Layouts on at most so many GPUs that leave alone what the workload states, smallest first: fewest ranks; of as many, those whose
// copies of the model are smallest, since ranks that share nothing wait for nobody; then tensor parallel before pipelines, or after
// them where GPUs have no NVLink.
std::vector<Layout> layouts(const engine::Workload& workload, std::size_t gpus, bool nvlink);

// The GPUs of each node, smallest first, and the nodes that are like none before them: of all layouts the same.
struct Nodes {
  std::vector<Placement> all;
  std::vector<std::uint32_t> different;
};
Nodes nodes_of(std::span<const detect::Device> devices);

// Sets of GPUs for a layout, least memory first, of as much those with most of it free. Ranks that share layers are on one node and
// on GPUs as alike as there are. Several nodes give as many GPUs each.
std::vector<Placement> placements(const Layout& layout, std::span<const detect::Device> devices, const Nodes& nodes);

// What no engine can do, wherever its ranks are: MIG slices do not talk to each other.
Result<void> check_placement(const Layout& layout, std::span<const detect::Device> used);

// What the engine's ranks see of a GPU at most: what is free of it.
Bytes usable(const detect::Device& device);

}  // namespace vramauto::plan
