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

// Layers [first, end), and the parts that are in them: in all, or coming again at their stride.
struct Stretch {
  std::uint32_t first, end;
  std::span<const Part* const> parts;
};

// A stage cut where a part starts or ends.
class Stretches {
 public:
  Stretches(std::span<const Part> parts, const StageRange& range) : range_(range), number_(range.count + 1) {
    for (const auto& part : parts) number_[first(part)] = number_[end(part)] = 1;
    number_[0] = 0;
    edges_.push_back(0);
    for (std::uint32_t layer = 1; layer <= range.count; ++layer) {
      if (number_[layer] || layer == range.count) edges_.push_back(layer);
      number_[layer] = static_cast<std::uint32_t>(edges_.size() - 1);
    }
    place(parts);
  }

  std::size_t size() const { return edges_.size() - 1; }
  Stretch operator[](std::size_t i) const {
    return {range_.first + edges_[i], range_.first + edges_[i + 1], std::span(parts_).subspan(from_[i], from_[i + 1] - from_[i])};
  }

 private:
  // Counted from the first layer of the stage.
  std::uint32_t first(const Part& part) const { return within(static_cast<std::uint64_t>(part.layers.first)); }
  std::uint32_t end(const Part& part) const { return within(end_of(part.layers)); }
  std::uint32_t within(std::uint64_t layer) const {
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(layer, range_.first, std::uint64_t{range_.first} + range_.count) -
                                      range_.first);
  }

  // Sorts the parts by stretch, each stretch's in the order given.
  void place(std::span<const Part> parts) {
    from_.assign(size() + 1, 0);
    for (const auto& part : parts)
      for (auto i = number_[first(part)]; i < number_[end(part)]; ++i) ++from_[i + 1];
    std::partial_sum(from_.begin(), from_.end(), from_.begin());
    parts_.resize(from_.back());
    auto next = from_;
    for (const auto& part : parts)
      for (auto i = number_[first(part)]; i < number_[end(part)]; ++i) parts_[next[i]++] = &part;
  }

  StageRange range_;
  std::vector<std::uint32_t> number_;  // of the stretch a layer is in
  std::vector<std::uint32_t> edges_;
  std::vector<std::size_t> from_;  // by stretch: where its parts start
  std::vector<const Part*> parts_;
};

// Layers after which the parts of a stretch come again; at most all of it.
std::uint32_t period_of(const Stretch& stretch) {
  const auto count = stretch.end - stretch.first;
  std::uint64_t period = 1;
  for (const auto* part : stretch.parts) {
    if (has_gaps(part->layers)) period = std::lcm(period, std::uint64_t{part->layers.stride});
    if (period >= count) return count;
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
  if (range.count == 0) return;
  const auto in_all = [&](const Part& part) {
    return !has_gaps(part.layers) && static_cast<std::uint32_t>(part.layers.first) <= range.first &&
           end_of(part.layers) >= std::uint64_t{range.first} + range.count;
  };
  if (std::all_of(parts.begin(), parts.end(), in_all)) return load_copies(parts, range.count);
  const Stretches stretches(parts, range);
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    const auto stretch = stretches[i];
    const auto period = period_of(stretch), count = stretch.end - stretch.first, rest = count % period;
    clear();
    add_layers(stretch.parts, stretch.first, period);
    repeat(count / period);
    if (rest == 0) continue;
    clear();
    add_layers(stretch.parts, stretch.end - rest, rest);
    repeat(1);
  }
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

void LoadOrder::add_layers(std::span<const Part* const> parts, std::uint32_t first, std::uint32_t count) {
  for (std::uint32_t layer = first; layer < first + count; ++layer)
    for (const auto* part : parts)
      if (!has_gaps(part->layers) || has_layer(part->layers, layer)) add(*part);
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
