#include "engine/vllm/cache.hpp"

#include <algorithm>

#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm {

// Layers of a bucket on a stage that fall to the group: those with number = index modulo `of`.
std::uint32_t CacheLayout::dealt(std::uint32_t bucket, const Group& group, std::uint32_t stage) const {
  const auto below = [&](std::uint32_t n) { return n > group.index ? (n - group.index - 1) / group.of + 1 : 0; };
  const auto* at = &before[bucket * (stages + 1) + stage];
  return below(at[1]) - below(at[0]);
}

std::uint32_t CacheLayout::layers_of(const Group& group, std::uint32_t stage) const {
  std::uint32_t sum = 0;
  for (std::uint32_t b = group.bucket; b < group.bucket + group.buckets; ++b) sum += dealt(b, group, stage);
  return sum;
}

Bytes CacheLayout::group_bytes(const Group& group, std::uint32_t stage) const {
  Bytes sum = 0;
  for (std::uint32_t b = group.bucket; b < group.bucket + group.buckets; ++b)
    sum = saturating_add(sum, saturating_mul(buckets[b].page, dealt(b, group, stage)));
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
  switch (bucket.reach) {
    case Reach::window:
      return at_most(std::uint64_t{std::max(1u, bucket.window)} - 1 + extra_tokens) + 1;  // a window may begin inside a block
    case Reach::chunk:
      return at_most(bucket.window);
    case Reach::encoder:
      return ceil_div(encoder_tokens, bucket.block_tokens);
    case Reach::blocks:
      return bucket.blocks;
    case Reach::states:
      return ceil_div(length, bucket.block_tokens) + bucket.blocks;
    case Reach::whole:
      break;
  }
  return ceil_div(ceil_div(length, context_parallel), bucket.block_tokens);
}

// UniformTypeKVCacheSpecs.max_memory_usage_pages: a group of several pages takes as many blocks as the layer that needs most.
std::uint64_t CacheLayout::blocks_of(const Group& group, std::uint64_t length) const {
  std::uint64_t most = 0;
  for (std::uint32_t b = group.bucket; b < group.bucket + group.buckets; ++b) most = std::max(most, blocks_of(buckets[b], length));
  return most;
}

std::uint64_t CacheLayout::blocks_per_sequence(std::uint64_t length) const {
  std::uint64_t sum = 0;
  for (const auto& group : groups) sum = saturating_add(sum, blocks_of(group, length));
  return sum;
}

// States, rings and what an encoder hands over do not grow with a sequence.
Bytes CacheLayout::bytes_per_token(std::uint32_t stage) const {
  Bytes sum = 0;
  for (std::uint32_t b = 0; b < buckets.size(); ++b) {
    const auto reach = buckets[b].reach;
    if (reach == Reach::encoder || reach == Reach::blocks || reach == Reach::states) continue;
    sum = saturating_add(sum, saturating_mul(buckets[b].page / buckets[b].block_tokens, dealt(b, {}, stage)));
  }
  return sum;
}

std::uint32_t CacheLayout::smallest_block() const {
  std::uint32_t smallest = UINT32_MAX;
  for (const auto& bucket : buckets) smallest = std::min(smallest, bucket.block_tokens);
  return buckets.empty() ? 0 : smallest;
}

}  // namespace vramauto::engine::vllm
