// What torch counts as allocated for the tensors a model is loaded into.
#pragma once

#include <cstdint>
#include <vector>

#include "support/checked.hpp"

namespace vramauto::engine::vllm {

// torch's caching allocator while weights are loaded: nothing is given back, so only requests and the rests of blocks matter.
// Requests are rounded to 512 bytes. Above 1 MiB the best-fitting free block is taken, else a new segment: 20 MiB for less than
// 10 MiB, else rounded up to 2 MiB. A rest of 1 MiB or less is not split off, so it counts.
// split_limit  bytes from which a tensor is never split off a block (max_split_size_mb, set while loading from vLLM 0.21); 0: none
// Source       torch 2.9, c10/cuda/CUDACachingAllocator.cpp: round_size, get_free_block, get_allocation_size, should_split
class CachingAllocator {
 public:
  explicit CachingAllocator(Bytes split_limit) : split_limit_(split_limit ? split_limit : UINT64_MAX) {}

  Bytes allocate(Bytes request);  // bytes counted for it
  std::uint64_t state() const;    // equal states: what follows is equal too

  static Bytes rounded(Bytes request);
  static bool is_small(Bytes size);  // it changes no state

  // While all requests are of `least` or more, until `unite`: rests below are kept beside the state, in the order they were made.
  void set_aside(Bytes least);
  std::size_t aside() const { return aside_.size(); }
  void repeat_aside(std::size_t since, std::uint32_t times);  // as many rests again as were set aside since then
  void unite();

 private:
  Bytes take(Bytes size);  // a block for `size`, out of the free ones or new

  Bytes split_limit_;
  std::vector<Bytes> free_;  // rests of blocks, rising
  std::vector<Bytes> aside_;
  Bytes least_ = 0;
};

}  // namespace vramauto::engine::vllm
