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

  // TurboQuant: bits of keys and of values; 0: another layout.
  std::uint8_t key_bits = 0, value_bits = 0;
  bool plain_ends = false;  // the first two layers and the last two keep the model's numbers

  // TurboQuant packs a token of a head: keys and their norm, values with scale and zero, an even number of bytes. Keys of 8 bit are
  // fp8 and have no norm. vLLM 0.33, model_executor/layers/quantization/turboquant/config.py, slot_size_aligned.
  Bytes packed(Bytes dim) const {
    const auto keys = key_bits == 8 ? dim : ceil_div(dim * key_bits, 8) + 2;
    return round_up(keys + ceil_div(dim * value_bits, 8) + 4, 2);
  }
  Bytes of(Bytes elements) const { return elements * bits / 8 + (scaled ? elements / scaled : 0); }
};
Result<CacheNumbers> resolve_cache_dtype(const Context& context);
CacheNumbers plain_cache(const Context& context);  // in the model's own numbers

}  // namespace vramauto::engine::vllm
