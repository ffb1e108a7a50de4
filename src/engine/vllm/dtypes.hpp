// Numbers of weights and cache as the engine settles them.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

// --dtype: "auto" is the checkpoint's, float32 becomes 16 bit. E_UNSUPPORTED where the engine refuses.
Result<vramauto_dtype> resolve_dtype(const Context& context);

// Bytes of one token and KV head of a dense attention cache: (K + V) in the cache's numbers, and scales where they are per head.
struct CacheNumbers {
  std::string_view name;  // "bfloat16", "fp8_e4m3", …
  vramauto_dtype dtype = VRAMAUTO_BF16;
  std::uint32_t bits = 16;        // of one element
  std::uint32_t extra_bytes = 0;  // per token and head: two float32 scales
  std::uint32_t scaled = 0;       // elements that share a scale of one byte; 0: no such scales

  Bytes of(Bytes elements) const { return elements * bits / 8 + (scaled ? elements / scaled : 0); }
};
Result<CacheNumbers> resolve_cache_dtype(const Context& context);
CacheNumbers plain_cache(const Context& context);  // in the model's own numbers

}  // namespace vramauto::engine::vllm
