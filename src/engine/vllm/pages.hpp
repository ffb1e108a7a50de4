// Bytes of one block of one layer, for each kind of cache.
#pragma once

#include "engine/vllm/cache.hpp"
#include "engine/vllm/states.hpp"

namespace vramauto::engine::vllm {

// What the pages of a model share.
struct PagePlan {
  std::uint32_t block = 16;  // tokens
  StateMode mode = StateMode::none;
  std::uint32_t state_block = 0;  // tokens of a state's block
  Bytes state_page = 0;           // states are padded to it; 0: as they are
};

// One token of one layer of an attention cache, before blocks are padded.
Result<Bytes> token_bytes(const Context& context, const vramauto_cache& cache, const CacheNumbers& numbers);

// A cache as one bucket, without layers.
Result<Bucket> bucket_of(const Context& context, const vramauto_cache& cache, const CacheNumbers& numbers, const PagePlan& plan);

// Blocks large enough for a state where a model has both: the attention block grows, states are padded.
Result<PagePlan> plan_pages(const Context& context, const CacheNumbers& numbers);

}  // namespace vramauto::engine::vllm
