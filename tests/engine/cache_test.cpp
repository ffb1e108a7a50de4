#include <doctest/doctest.h>

#include "engine/vllm/cache.hpp"
#include "example.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;
using example::Bench;
using example::layers_with;

namespace {

constexpr CacheNumbers kBf16{"bfloat16", VRAMAUTO_BF16, 16, 0}, kFp8{"fp8_e4m3", VRAMAUTO_F8_E4M3, 8, 0};

CacheLayout layout_of(const Bench& bench, const CacheNumbers& numbers = kBf16) {
  auto out = lay_out(bench.context, numbers);
  REQUIRE(out);
  return *out;
}

}  // namespace

TEST_CASE("cache: one kind of layer is one group, a block holds 16 tokens of every layer") {
  const auto layout = layout_of(Bench(example::llama_8b(), "0.33", 8192, 1024));
  CHECK(layout.groups.size() == 1);
  CHECK(layout.bytes_per_block(0) == 32ull * 16 * 8 * 256 * 2);
  CHECK(layout.bytes_per_token(0) == 131072);
  CHECK(layout.blocks_per_sequence(131072) == 8192);
}

TEST_CASE("cache: an fp8 cache halves a block") {
  CHECK(layout_of(Bench(example::llama_8b(), "0.33", 8192, 1024), kFp8).bytes_per_block(0) == 32ull * 16 * 8 * 256);
}

TEST_CASE("cache: scales of each token and head take 8 bytes") {
  const auto layout = layout_of(Bench(example::llama_8b(), "0.33", 8192, 1024), {"int8_per_token_head", VRAMAUTO_I8, 8, 8});
  CHECK(layout.bytes_per_block(0) == 32ull * 16 * 8 * (256 + 8));
}

TEST_CASE("cache: fp4 takes half a byte and a scale for every 16 elements") {
  const auto layout = layout_of(Bench(example::llama_8b(), "0.33", 8192, 1024), {"nvfp4", VRAMAUTO_F4, 4, 0, 16});
  CHECK(layout.bytes_per_block(0) == 32ull * 16 * 8 * (128 + 16));
}

TEST_CASE("cache: KV heads are divided over ranks, and repeated when there are fewer") {
  CHECK(layout_of(Bench(example::llama_8b(), "0.33", 8192, 1024, 4)).bytes_per_token(0) == 131072 / 4);
  CHECK(layout_of(Bench(example::llama_8b(), "0.33", 8192, 1024, 16)).bytes_per_token(0) == 131072 / 8);
}

TEST_CASE("cache: Gemma-3-27B has groups of 10 layers: six of windows, one full") {
  const auto layout = layout_of(Bench(example::gemma_3_27b(), "0.33", 8192, 1024));
  REQUIRE(layout.groups.size() == 7);
  std::vector<std::uint32_t> layers;
  for (const auto& group : layout.groups) layers.push_back(layout.layers_of(group, 0));
  CHECK(layers == std::vector<std::uint32_t>{9, 9, 9, 9, 8, 8, 10});
  CHECK(layout.bytes_per_block(0) == 10ull * 16 * 16 * 256 * 2);
}

TEST_CASE("cache: a window of 1024 takes 577 blocks in 0.19 and 1089 in 0.33") {
  const auto windows = [](std::string_view version) {
    Bench bench(example::gemma_3_27b(), version, 8192, 1024);
    bench.context.mrv2 = version == "0.33";
    return (layout_of(bench).blocks_per_sequence(131072) - 8192) / 6;
  };
  CHECK(windows("0.19") == 577);
  CHECK(windows("0.33") == 1089);
}

TEST_CASE("cache: a window longer than the sequence takes the sequence and one block") {
  const auto layout = layout_of(
      Bench(example::blueprint(32, 4096, 14336, 32000, 32768, {layers_with(VRAMAUTO_CACHE_SLIDING, 0, 32, 1, 1, 8, 128, 4096)}),
            "0.33", 8192, 1024));
  CHECK(layout.blocks_per_sequence(1024) == 65);
}

TEST_CASE("cache: a chunk of 8192 takes chunk and batch") {
  const auto layout = layout_of(
      Bench(example::blueprint(32, 4096, 14336, 32000, 131072, {layers_with(VRAMAUTO_CACHE_CHUNKED, 0, 32, 1, 1, 8, 128, 8192)}),
            "0.19", 8192, 1024));
  CHECK(layout.blocks_per_sequence(131072) == 1024);
}

TEST_CASE("cache: up to 0.9.0 windows beside full layers are allocated in full") {
  const auto layout = layout_of(Bench(example::gemma_3_27b(), "0.9.0", 8192, 1024));
  CHECK(layout.blocks_per_sequence(131072) == 8192);
}

TEST_CASE("cache: 12 and 13 layers share a group size from 0.12 on") {
  const auto model = [] {
    return example::blueprint(
        25, 4096, 14336, 32000, 8192,
        {layers_with(VRAMAUTO_CACHE_FULL, 0, 13, 2, 1, 8, 128), layers_with(VRAMAUTO_CACHE_SLIDING, 1, 12, 2, 1, 8, 128, 128)});
  };
  CHECK(layout_of(Bench(model(), "0.11.2", 8192, 1024)).groups.size() == 3);
  CHECK(layout_of(Bench(model(), "0.12", 8192, 1024)).groups.size() == 2);
}

TEST_CASE("cache: full layers of different heads are one group of one type") {
  const auto layout = layout_of(Bench(example::blueprint(4, 4096, 14336, 32000, 8192,
                                                         {layers_with(VRAMAUTO_CACHE_FULL, 0, 3, 1, 1, 8, 128),
                                                          layers_with(VRAMAUTO_CACHE_FULL, 3, 1, 1, 1, 4, 128)}),
                                      "0.33", 8192, 1024));
  CHECK(layout.groups.size() == 1);
  CHECK(layout.bytes_per_block(0) == (3ull * 8 + 4) * 16 * 256 * 2);
  CHECK(layout.blocks_per_sequence(8192) == 512);
}

TEST_CASE("cache: a smaller page takes more tokens until pages are equal") {
  const auto layout = layout_of(Bench(example::blueprint(2, 4096, 14336, 32000, 8192,
                                                         {layers_with(VRAMAUTO_CACHE_FULL, 0, 1, 1, 1, 8, 256),
                                                          layers_with(VRAMAUTO_CACHE_SLIDING, 1, 1, 1, 1, 8, 128, 64)}),
                                      "0.19", 8192, 1024));
  CHECK(layout.buckets[0].page == layout.buckets[1].page);
  CHECK(layout.buckets[1].block_tokens == 32);
}

TEST_CASE("cache: pages that do not divide are refused up to 0.23 and padded from 0.29 on") {
  const auto model = [] {
    return example::blueprint(
        2, 4096, 14336, 32000, 8192,
        {layers_with(VRAMAUTO_CACHE_FULL, 0, 1, 1, 1, 3, 128), layers_with(VRAMAUTO_CACHE_SLIDING, 1, 1, 1, 1, 2, 128, 64)});
  };
  const Bench old(model(), "0.19", 8192, 1024);
  const auto refused = lay_out(old.context, kBf16);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().status == VRAMAUTO_E_UNSUPPORTED);
  CHECK(layout_of(Bench(model(), "0.33", 8192, 1024)).buckets[1].page == 16ull * 3 * 256 * 2);
}

TEST_CASE("cache: every stage of a pipeline counts its own layers of each group") {
  const auto layout = layout_of(Bench(example::gemma_3_27b(), "0.33", 8192, 1024, 1, 2));
  std::uint32_t first = 0, second = 0;
  for (const auto& group : layout.groups) {
    first += layout.layers_of(group, 0);
    second += layout.layers_of(group, 1);
  }
  CHECK(first == 31);
  CHECK(second == 31);
  CHECK(layout.bytes_per_block(0) == 5ull * 16 * 16 * 256 * 2);
}

TEST_CASE("cache: context parallel ranks divide the tokens of a sequence") {
  Bench bench(example::llama_8b(), "0.33", 8192, 1024, 16);
  bench.context.parallel.dcp = 2;
  CHECK(layout_of(bench).blocks_per_sequence(131072) == 4096);
}

TEST_CASE("cache: layers that borrow a cache own none") {
  auto model = example::llama_8b();
  model.caches.push_back(layers_with(VRAMAUTO_CACHE_FULL, 0, 32, 1, 1, 8, 128));
  model.caches.back().flags = VRAMAUTO_BORROWED;
  CHECK(layout_of(Bench(std::move(model), "0.33", 8192, 1024)).bytes_per_token(0) == 131072);
}

TEST_CASE("cache: a cache without a size is refused") {
  auto model = example::llama_8b();
  model.caches[0].heads = 0;
  model.caches[0].k_dim = model.caches[0].v_dim = 0;
  const Bench bench(std::move(model), "0.33", 8192, 1024);
  CHECK(lay_out(bench.context, kBf16).error().status == VRAMAUTO_E_LIMIT);
}
