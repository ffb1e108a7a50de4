#include "engine/vllm/cache.hpp"

#include <algorithm>

#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm {
namespace {

// Layers of a bucket before position n that fall to the group: those with number = index modulo `of`.
std::uint32_t dealt(std::uint32_t n, const Group& group) { return n > group.index ? (n - group.index - 1) / group.of + 1 : 0; }

}  // namespace

std::uint32_t CacheLayout::layers_of(const Group& group, std::uint32_t stage) const {
  const auto* at = &before[group.bucket * (stages + 1) + stage];
  return dealt(at[1], group) - dealt(at[0], group);
}

Bytes CacheLayout::group_bytes(const Group& group, std::uint32_t stage) const {
  if (!uniform_type) return saturating_mul(buckets[group.bucket].page, layers_of(group, stage));
  Bytes sum = 0;
  for (std::uint32_t b = 0; b < buckets.size(); ++b)
    sum = saturating_add(sum, saturating_mul(buckets[b].page, layers_of({b, 0, 1}, stage)));
  return sum;
}

// vLLM 0.33, v1/core/kv_cache_planning.py, _get_kv_cache_bytes_per_block. Up to 0.28: page x layers of the largest group, which is
// the same because pages are equal there.
Bytes CacheLayout::bytes_per_block(std::uint32_t stage) const {
  Bytes widest = 0;
  for (const auto& group : groups) widest = std::max(widest, group_bytes(group, stage));
  return widest;
}

// vLLM 0.33, v1/kv_cache_interface.py, max_memory_usage_bytes and max_admission_blocks_per_request of each specification.
std::uint64_t CacheLayout::blocks_of(const Bucket& bucket, std::uint64_t length) const {
  const auto at_most = [&](std::uint64_t tokens) {
    return ceil_div(std::min(saturating_add(tokens, in_flight), length), bucket.block_tokens);
  };
  switch (bucket.kind) {
    case VRAMAUTO_CACHE_SLIDING:
      return at_most(bucket.window ? bucket.window - 1 : 0) + 1;  // a window may begin inside a block
    case VRAMAUTO_CACHE_CHUNKED:
      return at_most(bucket.window);
    case VRAMAUTO_CACHE_CROSS:
      return ceil_div(encoder_tokens, bucket.block_tokens);
    default:
      return ceil_div(ceil_div(length, context_parallel), bucket.block_tokens);
  }
}

std::uint64_t CacheLayout::blocks_per_sequence(std::uint64_t length) const {
  std::uint64_t sum = 0;
  if (uniform_type) {
    for (const auto& bucket : buckets) sum = std::max(sum, blocks_of(bucket, length));
    return sum;
  }
  for (const auto& group : groups) sum = saturating_add(sum, blocks_of(buckets[group.bucket], length));
  return sum;
}

Bytes CacheLayout::bytes_per_token(std::uint32_t stage) const {
  Bytes sum = 0;
  for (std::uint32_t b = 0; b < buckets.size(); ++b) {
    const auto layer_bytes = buckets[b].page / buckets[b].block_tokens;
    sum = saturating_add(sum, saturating_mul(layer_bytes, layers_of({b, 0, 1}, stage)));
  }
  return sum;
}

std::uint32_t CacheLayout::smallest_block() const {
  std::uint32_t smallest = UINT32_MAX;
  for (const auto& bucket : buckets) smallest = std::min(smallest, bucket.block_tokens);
  return buckets.empty() ? 0 : smallest;
}

}  // namespace vramauto::engine::vllm
