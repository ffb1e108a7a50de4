// The cache as the engine lays it out: layers of equal specification in buckets, buckets divided into groups that share blocks.
#pragma once

#include <vector>

#include "engine/vllm/context.hpp"
#include "engine/vllm/dtypes.hpp"

namespace vramauto::engine::vllm {

// What a request holds of a cache.
enum class Reach : std::uint8_t {
  whole,    // every token
  window,   // the last `window` tokens, and those in flight
  chunk,    // the chunk of `window` tokens it is in, and those in flight
  encoder,  // what the encoder may hand over
  blocks,   // a number of blocks, whatever the length
  states,   // one block for each `block_tokens` tokens, and some more
};

// Layers whose cache is specified alike.
struct Bucket {
  vramauto_cache_kind kind = VRAMAUTO_CACHE_FULL;
  Reach reach = Reach::whole;
  bool latent_window = false;                     // of latents: windows of latents and of keys are no one type
  std::uint32_t heads = 0, k_dim = 0, v_dim = 0;  // on one rank
  std::uint32_t window = 0;                       // tokens attended; of a chunk
  std::uint32_t block_tokens = 16;
  std::uint32_t blocks = 0;  // of one request, where they do not follow from tokens
  Bytes page = 0;            // one block of one layer
  Bytes token_bytes = 0;     // the same before padding, one token
  std::uint32_t layers = 0;  // of the whole model
  std::uint32_t first_layer = 0;
};

// Layers index, index + of, index + 2 of … of each of the buckets, counted in the order of the model.
struct Group {
  std::uint32_t bucket = 0, buckets = 1;  // the first of them, and how many
  std::uint32_t index = 0, of = 1;
};

struct CacheLayout {
  std::vector<Bucket> buckets;
  std::vector<Group> groups;
  std::vector<std::uint32_t> before;  // bucket-major: its layers on stages before s, for s in 0 … stages
  std::uint32_t stages = 1;
  std::uint32_t block = 0;           // as configured, before pages are unified: what --block-size would be
  std::uint64_t in_flight = 0;       // tokens, see runner.hpp
  std::uint32_t extra_tokens = 0;    // that windows keep for drafts
  std::uint64_t encoder_tokens = 0;  // what cross attention reserves
  std::uint32_t context_parallel = 1;

  std::uint32_t layers_of(const Group& group, std::uint32_t stage) const;
  Bytes group_bytes(const Group& group, std::uint32_t stage) const;  // one block
  Bytes bytes_per_block(std::uint32_t stage) const;                  // of the widest group; 0: no cache on this stage
  std::uint64_t blocks_of(const Group& group, std::uint64_t length) const;
  std::uint64_t blocks_per_sequence(std::uint64_t length) const;  // of all groups
  Bytes bytes_per_token(std::uint32_t stage) const;
  std::uint32_t smallest_block() const;

 private:
  std::uint32_t dealt(std::uint32_t bucket, const Group& group, std::uint32_t stage) const;
  std::uint64_t blocks_of(const Bucket& bucket, std::uint64_t length) const;
};

// Needs everything in the context but the cache. E_UNSUPPORTED where the engine cannot lay the caches out.
Result<CacheLayout> lay_out(const Context& context, const CacheNumbers& numbers);

}  // namespace vramauto::engine::vllm
