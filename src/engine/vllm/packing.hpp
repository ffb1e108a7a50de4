// Pages of different size side by side in one block.
#pragma once

#include "engine/vllm/cache.hpp"

namespace vramauto::engine::vllm {

// Whether this model's cache is laid out block by block, so that pages need not be equal.
bool packs_pages(const Context& context);

// Fills layout.groups; reorders its buckets so that those of one type are neighbours.
void pack(CacheLayout& layout);

}  // namespace vramauto::engine::vllm
