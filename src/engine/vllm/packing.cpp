// vLLM 0.33, v1/core/kv_cache_planning.py, _get_packed_kv_cache_groups.
#include "engine/vllm/packing.hpp"

#include <algorithm>
#include <numeric>

#include "engine/vllm/groups.hpp"
#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm {
namespace {

// Buckets [first, first + count) of one type.
struct Type {
  std::uint32_t first = 0, count = 1;
  std::uint32_t repeats = 0;  // most layers of one page size
  bool balanced = true;       // as many layers of each page size
};

// Brings buckets of one type together, in the order in which types and their buckets first appear.
void sort_by_type(CacheLayout& layout) {
  const auto row = layout.stages + 1;
  std::vector<std::uint32_t> order;
  std::vector<bool> taken(layout.buckets.size());
  for (std::uint32_t a = 0; a < layout.buckets.size(); ++a)
    for (std::uint32_t b = a; b < layout.buckets.size() && !taken[a]; ++b) {
      if (taken[b] || (b != a && !same_type(layout.buckets[a], layout.buckets[b]))) continue;
      order.push_back(b);
      if (b != a) taken[b] = true;
    }
  std::vector<Bucket> buckets;
  std::vector<std::uint32_t> before;
  for (const auto b : order) {
    buckets.push_back(layout.buckets[b]);
    const auto from = layout.before.begin() + static_cast<std::ptrdiff_t>(b * row);
    before.insert(before.end(), from, from + row);
  }
  layout.buckets = std::move(buckets);
  layout.before = std::move(before);
}

// Layers of each page size of a type: buckets whose pages are equal count together.
std::vector<std::uint32_t> layers_by_page(const CacheLayout& layout, const Type& type) {
  std::vector<std::pair<Bytes, std::uint32_t>> pages;
  for (std::uint32_t b = type.first; b < type.first + type.count; ++b) {
    const auto& bucket = layout.buckets[b];
    const auto at = std::find_if(pages.begin(), pages.end(), [&](const auto& p) { return p.first == bucket.page; });
    if (at == pages.end())
      pages.emplace_back(bucket.page, bucket.layers);
    else
      at->second += bucket.layers;
  }
  std::vector<std::uint32_t> out;
  for (const auto& [page, layers] : pages) out.push_back(layers);
  return out;
}

std::vector<Type> types_of(const CacheLayout& layout) {
  std::vector<Type> out;
  for (std::uint32_t b = 0; b < layout.buckets.size(); ++b) {
    if (!out.empty() && same_type(layout.buckets[out.back().first], layout.buckets[b]))
      ++out.back().count;
    else
      out.push_back({b, 1, 0, true});
  }
  for (auto& type : out) {
    const auto layers = layers_by_page(layout, type);
    type.repeats = *std::max_element(layers.begin(), layers.end());
    type.balanced = std::all_of(layers.begin(), layers.end(), [&](auto n) { return n == layers.front(); });
  }
  return out;
}

// _approximate_gcd: the size from `least` on that wastes the fewest layers when every count is rounded up to a multiple of it; the
// largest of equals.
std::uint32_t size_with_least_waste(const std::vector<std::uint32_t>& counts, std::uint32_t least) {
  const auto most = *std::max_element(counts.begin(), counts.end());
  std::uint64_t fewest = UINT64_MAX;
  std::uint32_t best = least;
  for (auto size = least; size <= most; ++size) {
    std::uint64_t waste = 0;
    for (const auto n : counts) waste += (size - n % size) % size;
    if (waste > fewest) continue;
    fewest = waste;
    best = size;
  }
  return best;
}

// Layers of each page size in a group; 0: types are not divided by it.
std::uint32_t repeats_per_group(const CacheLayout& layout, const std::vector<Type>& types) {
  std::uint32_t least = 0;
  std::vector<std::uint32_t> counts;
  for (const auto& type : types) {
    if (!type.balanced) continue;
    counts.push_back(type.repeats);
    if (layers_by_page(layout, type).size() > 1) least = std::max(least, type.repeats);
  }
  return least ? size_with_least_waste(counts, least) : 0;
}

// What may be divided down to one state in a group: states, rings, and windows where nothing repeats.
bool is_small(const Bucket& bucket, std::uint32_t repeats) {
  if (bucket.kind == VRAMAUTO_CACHE_STATE || bucket.reach == Reach::blocks) return true;
  return repeats == 0 && bucket.reach == Reach::window;
}

std::uint32_t layers_in(const CacheLayout& layout, const Type& type) {
  std::uint32_t out = 0;
  for (std::uint32_t b = type.first; b < type.first + type.count; ++b) out += layout.buckets[b].layers;
  return out;
}

Bytes widest_group(const CacheLayout& layout, const Type& type, std::uint32_t groups) {
  Bytes out = 0;
  for (std::uint32_t b = type.first; b < type.first + type.count; ++b)
    out = saturating_add(out, saturating_mul(layout.buckets[b].page, ceil_div(layout.buckets[b].layers, groups)));
  return out;
}

}  // namespace

// Indexers declare layouts with blocks outermost (v1/attention/backends/mla/indexer.py); packing exists since 0.20.
bool packs_pages(const Context& context) {
  const auto& caches = context.blueprint->caches;
  return context.profile->from >= Version{0, 20, 0} &&
         std::any_of(caches.begin(), caches.end(), [](const auto& cache) { return cache.kind == VRAMAUTO_CACHE_INDEXER; });
}

void pack(CacheLayout& layout) {
  sort_by_type(layout);
  const auto types = types_of(layout);
  const auto repeats = repeats_per_group(layout, types);
  const auto groups_for = [&](const Type& type) {
    return type.balanced && repeats ? static_cast<std::uint32_t>(ceil_div(type.repeats, repeats)) : 1u;
  };
  Bytes anchor = 0;
  for (const auto& type : types) {
    const bool small = is_small(layout.buckets[type.first], repeats);
    anchor = std::max(anchor, widest_group(layout, type, small ? layers_in(layout, type) : groups_for(type)));
  }
  for (const auto& type : types) {
    auto count = groups_for(type);
    const auto& first = layout.buckets[type.first];
    if (is_small(first, repeats)) {
      const auto states = std::max<Bytes>(1, anchor / first.page);
      count = std::max(count, static_cast<std::uint32_t>(ceil_div(layers_in(layout, type), states)));
    }
    for (std::uint32_t i = 0; i < count; ++i) layout.groups.push_back({type.first, type.count, i, count});
  }
}

}  // namespace vramauto::engine::vllm
