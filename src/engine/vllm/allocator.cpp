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
  const auto size = rounded(request);
  if (is_small(size)) return size;
  const auto block = take(size);
  const auto rest = block - size;
  if (rest <= kSmall || size >= split_limit_) return block;
  if (rest < least_)
    aside_.push_back(rest);
  else
    free_.insert(std::lower_bound(free_.begin(), free_.end(), rest), rest);
  return size;
}

Bytes CachingAllocator::rounded(Bytes request) { return round_up(request, kRound); }

bool CachingAllocator::is_small(Bytes size) { return size <= kSmall; }

void CachingAllocator::set_aside(Bytes least) {
  const auto end = std::lower_bound(free_.begin(), free_.end(), least);
  aside_.assign(free_.begin(), end);
  free_.erase(free_.begin(), end);
  least_ = least;
}

void CachingAllocator::repeat_aside(std::size_t since, std::uint32_t times) {
  const auto count = aside_.size() - since;
  aside_.reserve(aside_.size() + count * times);
  for (std::uint32_t i = 0; i < times; ++i)
    for (std::size_t j = 0; j < count; ++j) aside_.push_back(aside_[since + j]);
}

void CachingAllocator::unite() {
  std::sort(aside_.begin(), aside_.end());
  free_.insert(free_.begin(), aside_.begin(), aside_.end());  // all are below what is free
  aside_.clear();
  least_ = 0;
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
