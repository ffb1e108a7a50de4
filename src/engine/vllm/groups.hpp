// From buckets to groups that share blocks.
#pragma once

#include "engine/vllm/cache.hpp"

namespace vramauto::engine::vllm {

// Fills layout.groups from layout.buckets. E_UNSUPPORTED where the engine cannot bring the pages together.
Result<void> form_groups(const Context& context, CacheLayout& layout);

// Whether layers of both may share a group although their pages differ: they always need the same blocks.
bool same_type(const Bucket& a, const Bucket& b);

}  // namespace vramauto::engine::vllm
