#include <doctest/doctest.h>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/cache.hpp"
#include "example.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;
using example::Bench;
using example::layers_with;

namespace {

constexpr CacheNumbers kBf16{"bfloat16", VRAMAUTO_BF16, 16, 0}, kPacked{"fp8_ds_mla", VRAMAUTO_F8_E4M3, 8, 0};

vramauto_cache cache_of(vramauto_cache_kind kind, vramauto_layers layers, std::uint32_t k, std::uint32_t v, std::uint32_t window,
                        std::uint32_t compress) {
  vramauto_cache cache{};
  cache.kind = kind;
  cache.layers = layers;
  cache.heads = 1;
  cache.k_dim = k;
  cache.v_dim = v;
  cache.window = window;
  cache.compress = compress;
  if (kind == VRAMAUTO_CACHE_LATENT) cache.flags = VRAMAUTO_SPARSE;
  if (kind == VRAMAUTO_CACHE_INDEXER) cache.entry_bytes = 132;
  if (kind == VRAMAUTO_CACHE_RING) cache.state_dtype = VRAMAUTO_F32;
  return cache;
}

// DeepSeek-V4: windows in every layer, 4 tokens to one in half of the layers, 128 to one in the others.
estimator::Blueprint deepseek_v4(std::uint32_t layers, vramauto_layers by_4, vramauto_layers by_128) {
  return example::blueprint(
      layers, 7168, 3072, 129280, 1048576,
      {cache_of(VRAMAUTO_CACHE_LATENT, {0, layers, 1, 1}, 448, 64, 128, 0),
       cache_of(VRAMAUTO_CACHE_LATENT, by_128, 448, 64, 0, 128), cache_of(VRAMAUTO_CACHE_RING, by_128, 1024, 0, 128, 128),
       cache_of(VRAMAUTO_CACHE_INDEXER, by_4, 128, 0, 0, 4), cache_of(VRAMAUTO_CACHE_RING, by_4, 512, 0, 8, 4),
       cache_of(VRAMAUTO_CACHE_LATENT, by_4, 448, 64, 0, 4), cache_of(VRAMAUTO_CACHE_RING, by_4, 2048, 0, 8, 4)});
}

CacheLayout layout_of(estimator::Blueprint model, std::uint32_t pp = 1) {
  Bench bench(std::move(model), "0.33", 8192, 1024, 8, pp);
  bench.context.mrv2 = true;
  bench.context.architecture = *find_architecture("DeepseekV4ForCausalLM", {0, 33, 0});
  auto out = lay_out(bench.context, kPacked);
  REQUIRE(out);
  return *out;
}

CacheLayout pro(std::uint32_t pp = 1) { return layout_of(deepseek_v4(61, {1, 30, 2, 1}, {0, 31, 2, 1}), pp); }

}  // namespace

TEST_CASE("packing: DeepSeek-V4-Pro has five groups whose pages lie side by side") {
  const auto layout = pro();
  std::vector<std::pair<std::uint32_t, Bytes>> groups;
  for (const auto& group : layout.groups) groups.emplace_back(layout.layers_of(group, 0), layout.group_bytes(group, 0));
  CHECK(groups ==
        std::vector<std::pair<std::uint32_t, Bytes>>{{31, 1160640}, {30, 1123200}, {91, 1435968}, {31, 1017792}, {60, 1244160}});
  CHECK(layout.bytes_per_block(0) == 1435968);
}

TEST_CASE("packing: DeepSeek-V4-Flash has blocks of 1,002,240 bytes") {
  CHECK(layout_of(deepseek_v4(43, {2, 21, 2, 1}, {3, 20, 2, 1})).bytes_per_block(0) == 1002240);
}

TEST_CASE("packing: latents are read in 256 tokens, windows of them in 64, rows to be compressed in 4 and 8") {
  const auto layout = pro();
  std::vector<std::uint32_t> blocks;
  for (const auto& group : layout.groups) blocks.push_back(layout.buckets[group.bucket].block_tokens);
  CHECK(blocks == std::vector<std::uint32_t>{64, 64, 256, 8, 4});
  CHECK(layout.block == 256);
}

TEST_CASE("packing: a request takes blocks of every group") {
  const auto layout = pro();
  CHECK(layout.blocks_per_sequence(1048576) == 259 + 259 + 4096 + 2065 + 4099);
  CHECK(layout.blocks_per_sequence(4096) == 65 + 65 + 16 + 513 + 1025);
}

TEST_CASE("packing: a pipeline divides every group") {
  const auto layout = pro(2);
  CHECK(layout.bytes_per_block(0) == 718848);
  CHECK(layout.bytes_per_block(1) == 717120);
}

TEST_CASE("packing: a cache of other numbers than fp8 is refused by DeepSeek-V4's class") {
  const auto* row = *find_architecture("DeepseekV4ForCausalLM", {0, 33, 0});
  CHECK(row->compressed_cache == 256);
}

TEST_CASE("packing: states beside an indexer are divided until they fit the block") {
  auto state = cache_of(VRAMAUTO_CACHE_STATE, {4, 12, 1, 1}, 0, 0, 0, 0);
  state.state = VRAMAUTO_STATE_KDA;
  state.conv_length = 3;
  state.conv_channels = 3 * 32 * 128;
  state.state_heads = 32;
  state.state_elements = 128 * 128;
  Bench bench(example::blueprint(16, 4096, 4096, 1000, 65536,
                                 {cache_of(VRAMAUTO_CACHE_LATENT, {0, 4, 1, 1}, 512, 64, 0, 0),
                                  cache_of(VRAMAUTO_CACHE_INDEXER, {0, 4, 1, 1}, 128, 0, 0, 0), state}),
              "0.33", 8192, 1024);
  const auto layout = lay_out(bench.context, kBf16);
  REQUIRE(layout);
  CHECK(layout->bytes_per_block(0) == layout->group_bytes(layout->groups[0], 0));
  CHECK(layout->groups.size() == 4);
}

TEST_CASE("cross attention holds what one step may encode, whatever the sequence") {
  Bench bench(example::blueprint(
                  4, 1280, 5120, 51866, 448,
                  {layers_with(VRAMAUTO_CACHE_FULL, 0, 4, 1, 1, 20, 64), layers_with(VRAMAUTO_CACHE_CROSS, 0, 4, 1, 1, 20, 64)}),
              "0.33", 8192, 1024);
  const auto layout = lay_out(bench.context, kBf16);
  REQUIRE(layout);
  CHECK(layout->groups.size() == 2);
  CHECK(layout->blocks_per_sequence(448) == 28 + 512);
  CHECK(layout->bytes_per_token(0) == 4 * 20 * 128 * 2);
}

TEST_CASE("latents beside windows of keys whose pages do not go together are allocated in full from 0.27 on") {
  const auto model = [] {
    auto latents = cache_of(VRAMAUTO_CACHE_LATENT, {0, 4, 1, 1}, 512, 64, 0, 0);
    latents.flags = 0;
    return example::blueprint(6, 4096, 4096, 1000, 65536, {latents, layers_with(VRAMAUTO_CACHE_SLIDING, 4, 2, 1, 1, 4, 128, 512)});
  };
  Bench now(model(), "0.33", 8192, 1024), then(model(), "0.26", 8192, 1024);
  const auto layout = lay_out(now.context, kBf16);
  REQUIRE(layout);
  CHECK(layout->groups.size() == 1);
  CHECK(layout->blocks_per_sequence(65536) == 4096);
  CHECK(layout->bytes_per_block(0) == 16ull * (4 * 1152 + 2 * 2048));
  CHECK_FALSE(lay_out(then.context, kBf16));
}

TEST_CASE("drafts: layers that draft have a cache on the last stage once they are loaded") {
  auto model = example::llama_8b();
  model.traits.draft_layers = 1;
  auto draft = layers_with(VRAMAUTO_CACHE_FULL, 32, 1, 1, 1, 8, 128);
  draft.flags = VRAMAUTO_DRAFT;
  model.caches.push_back(draft);
  Bench bench(std::move(model), "0.33", 8192, 1024, 1, 2);
  const auto page = 16ull * 8 * 256 * 2;
  CHECK(lay_out(bench.context, kBf16)->bytes_per_block(1) == 16 * page);
  bench.context.draft_layers = true;
  bench.context.draft_tokens = 2;
  const auto layout = lay_out(bench.context, kBf16);
  CHECK(layout->bytes_per_block(0) == 16 * page);
  CHECK(layout->bytes_per_block(1) == 17 * page);
}
