#include "engine/vllm/load_order.hpp"

#include <algorithm>
#include <numeric>

#include "engine/vllm/shards.hpp"

namespace vramauto::engine::vllm {
namespace {

// The layer after the last one of a range that starts at a layer.
std::uint64_t end_of(const vramauto_layers& layers) {
  const std::uint64_t last = std::max(1u, layers.count) - 1, run = std::max(1u, layers.run);
  const std::uint64_t stride = layers.stride ? layers.stride : run;
  return static_cast<std::uint64_t>(layers.first) + last / run * stride + last % run + 1;
}

bool has_gaps(const vramauto_layers& layers) {
  const auto run = std::max(1u, layers.run);
  return layers.stride > run && run < layers.count;
}

// Layers where a part starts or ends. Between two of them each part is in all layers, in none, or comes again at its stride.
std::vector<std::uint32_t> edges_of(std::span<const Part> parts, const StageRange& range) {
  const auto end = range.first + range.count;
  std::vector<std::uint32_t> edges{range.first, end};
  for (const auto& part : parts)
    for (const auto edge : {static_cast<std::uint64_t>(part.layers.first), end_of(part.layers)})
      if (edge > range.first && edge < end) edges.push_back(static_cast<std::uint32_t>(edge));
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

// Layers after which the parts of a stretch come again; at most all of it.
std::uint32_t period_of(std::span<const Part> parts, std::uint32_t first, std::uint32_t end) {
  std::uint64_t period = 1;
  for (const auto& part : parts) {
    const bool here = static_cast<std::uint32_t>(part.layers.first) <= first && end_of(part.layers) >= end;
    if (here && has_gaps(part.layers)) period = std::lcm(period, std::uint64_t{part.layers.stride});
    if (period >= end - first) return end - first;
  }
  return static_cast<std::uint32_t>(period);
}

}  // namespace

void LoadOrder::load(const Part& part) {
  for (std::uint32_t i = 0; i < part.tensors.count; ++i) load(part.tensors.bytes[i]);
  load(part.bias);
}

void LoadOrder::load_copies(std::span<const Part> parts, std::uint32_t copies) {
  clear();
  for (const auto& part : parts) add(part);
  repeat(copies);
}

void LoadOrder::load_layers(std::span<const Part> parts, const StageRange& range) {
  const auto edges = edges_of(parts, range);
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) stretch(parts, edges[i], edges[i + 1]);
}

void LoadOrder::stretch(std::span<const Part> parts, std::uint32_t first, std::uint32_t end) {
  if (first == end) return;
  const auto period = period_of(parts, first, end), rest = (end - first) % period;
  clear();
  add_layers(parts, first, period);
  repeat((end - first) / period);
  if (rest == 0) return;
  clear();
  add_layers(parts, end - rest, rest);
  repeat(1);
}

void LoadOrder::clear() {
  small_ = 0;
  large_.clear();
}

void LoadOrder::add(Bytes bytes) {
  if (bytes == 0) return;
  const auto size = CachingAllocator::rounded(bytes);
  if (CachingAllocator::is_small(size))
    small_ += size;
  else
    large_.push_back(size);
}

void LoadOrder::add(const Part& part) {
  for (std::uint32_t i = 0; i < part.tensors.count; ++i) add(part.tensors.bytes[i]);
  add(part.bias);
}

void LoadOrder::add_layers(std::span<const Part> parts, std::uint32_t first, std::uint32_t count) {
  for (std::uint32_t layer = first; layer < first + count; ++layer)
    for (const auto& part : parts)
      if (has_layer(part.layers, layer)) add(part);
}

void LoadOrder::load_once() {
  for (const auto size : large_) load(size);
}

void LoadOrder::repeat(std::uint32_t times) {
  allocated_ += small_ * times;
  if (large_.empty()) return;
  if (times < 3) {
    for (std::uint32_t i = 0; i < times; ++i) load_once();
    return;
  }
  // Rests that are too small for all that comes change nothing of it, however many there are.
  allocator_.set_aside(*std::min_element(large_.begin(), large_.end()));
  repeat_until_known(times);
  allocator_.unite();
}

// As soon as the allocator is where it was some times ago, all goes on as since then.
void LoadOrder::repeat_until_known(std::uint32_t times) {
  struct Past {
    std::uint64_t state;
    std::size_t aside;
    Bytes allocated;
  };
  std::vector<Past> pasts;
  for (std::uint32_t done = 0; done < times;) {
    pasts.push_back({allocator_.state(), allocator_.aside(), allocated_});
    load_once();
    ++done;
    const auto state = allocator_.state();
    const auto before = std::find_if(pasts.begin(), pasts.end(), [&](const Past& past) { return past.state == state; });
    if (before == pasts.end()) continue;
    const auto period = static_cast<std::uint32_t>(pasts.end() - before), left = times - done;
    allocated_ += left / period * (allocated_ - before->allocated);
    allocator_.repeat_aside(before->aside, left / period);
    for (std::uint32_t i = 0; i < left % period; ++i) load_once();
    return;
  }
}

}  // namespace vramauto::engine::vllm
