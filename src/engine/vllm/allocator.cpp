#include "engine/vllm/allocator.hpp"

#include <algorithm>

namespace vramauto::engine::vllm {
namespace {

constexpr Bytes kRound = 512, kSmall = kMiB, kSegment = 20 * kMiB, kOwnSegment = 10 * kMiB, kSegmentRound = 2 * kMiB;

}  // namespace

Bytes CachingAllocator::take(Bytes size) {
  const auto best = std::lower_bound(free_.begin(), free_.end(), size);
  // A tensor beyond the limit takes a segment of its own: what is free is always below the limit.
  if (best != free_.end() && size < split_limit_) {
    const auto block = *best;
    free_.erase(best);
    return block;
  }
  return size < kOwnSegment ? kSegment : round_up(size, kSegmentRound);
}

Bytes CachingAllocator::allocate(Bytes request) {
  if (request == 0) return 0;
  const auto size = round_up(request, kRound);
  if (size <= kSmall) return size;
  const auto block = take(size);
  const auto rest = block - size;
  if (rest <= kSmall || size >= split_limit_) return block;
  free_.insert(std::lower_bound(free_.begin(), free_.end(), rest), rest);
  return size;
}

std::uint64_t CachingAllocator::state() const {
  std::uint64_t hash = 0x9e3779b97f4a7c15u + free_.size();
  for (const auto block : free_) {
    hash ^= block + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
    hash *= 0xff51afd7ed558ccdu;
  }
  return hash;
}

}  // namespace vramauto::engine::vllm
