#include <doctest/doctest.h>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/cache.hpp"
#include "engine/vllm/kernels.hpp"
#include "example.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;
using example::Bench;

namespace {

constexpr CacheNumbers kBf16{"bfloat16", VRAMAUTO_BF16, 16, 0}, kFp8{"fp8_e4m3", VRAMAUTO_F8_E4M3, 8, 0};

vramauto_cache latents(std::uint32_t flags, std::int32_t first, std::uint32_t count) {
  vramauto_cache cache{};
  cache.kind = VRAMAUTO_CACHE_LATENT;
  cache.flags = flags;
  cache.layers = {first, count, 1, 1};
  cache.heads = 1;
  cache.k_dim = 512;
  cache.v_dim = 64;
  return cache;
}

vramauto_cache indexer(std::int32_t first, std::uint32_t count, std::uint32_t compress = 0) {
  vramauto_cache cache{};
  cache.kind = VRAMAUTO_CACHE_INDEXER;
  cache.layers = {first, count, 1, 1};
  cache.heads = 1;
  cache.k_dim = 128;
  cache.entry_bytes = 132;
  cache.compress = compress;
  return cache;
}

estimator::Blueprint deepseek_v3() { return example::blueprint(61, 7168, 18432, 129280, 163840, {latents(0, 0, 61)}); }
estimator::Blueprint deepseek_v32() {
  return example::blueprint(61, 7168, 18432, 129280, 163840, {indexer(0, 61), latents(VRAMAUTO_SPARSE, 0, 61)});
}

struct Asked {
  std::string_view version = "0.33";
  std::uint32_t capability = 90, tp = 1;
  std::string dtype = "auto";  // --kv-cache-dtype
  std::string backend = {};
};

Result<CacheLayout> laid_out(estimator::Blueprint model, const CacheNumbers& numbers, const Asked& asked) {
  Bench bench(std::move(model), asked.version, 8192, 1024, asked.tp, 1, example::gpu("", 80, asked.capability, 100));
  bench.asked.kv_cache_dtype = asked.dtype;
  bench.asked.attention_backend = asked.backend;
  return lay_out(bench.context, numbers);
}

std::uint32_t block(estimator::Blueprint model, const CacheNumbers& numbers, const Asked& asked) {
  const auto out = laid_out(std::move(model), numbers, asked);
  REQUIRE(out);
  return out->block;
}

Bytes token(estimator::Blueprint model, const CacheNumbers& numbers, const Asked& asked) {
  const auto out = laid_out(std::move(model), numbers, asked);
  REQUIRE(out);
  return out->bytes_per_token(0) / 61;
}

}  // namespace

TEST_CASE("latents: one vector for K and V, on every rank whole") {
  CHECK(token(deepseek_v3(), kBf16, {}) == 1152);
  CHECK(token(deepseek_v3(), kBf16, {.tp = 8}) == 1152);
  CHECK(token(deepseek_v3(), kFp8, {.dtype = "fp8"}) == 576);
}

TEST_CASE("latents: FlashAttention reads blocks of 16, FlashMLA of 64, FlashInfer of 32 tokens") {
  CHECK(block(deepseek_v3(), kBf16, {}) == 16);
  CHECK(block(deepseek_v3(), kFp8, {.dtype = "fp8"}) == 64);
  CHECK(block(deepseek_v3(), kFp8, {}) == 64);
  CHECK(block(deepseek_v3(), kBf16, {.capability = 100}) == 32);
  CHECK(block(deepseek_v3(), kFp8, {.capability = 100}) == 32);
  CHECK(block(deepseek_v3(), kBf16, {.capability = 80}) == 16);
  CHECK(block(deepseek_v3(), kFp8, {.capability = 89}) == 16);
}

TEST_CASE("latents: no kernel reads an fp8 latent cache on A100") {
  const auto refused = laid_out(deepseek_v3(), kFp8, {.capability = 80});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().status == VRAMAUTO_E_UNSUPPORTED);
  CHECK(refused.error().where == "kv-cache-dtype");
}

TEST_CASE("latents: --attention-backend decides the block") {
  CHECK(block(deepseek_v3(), kBf16, {.backend = "FLASHMLA"}) == 64);
  CHECK(block(deepseek_v3(), kBf16, {.capability = 100, .backend = "CUTLASS_MLA"}) == 128);
  CHECK_FALSE(laid_out(deepseek_v3(), kBf16, {.backend = "FLASH_ATTN"}));
}

TEST_CASE("latents: a block that FlashMLA cannot read goes to Triton") {
  Bench bench(deepseek_v3(), "0.33", 8192, 1024);
  bench.asked.block_size = 16;
  const auto kernel = latent_kernel(bench.context, bench.blueprint.caches[0], kFp8);
  REQUIRE(kernel);
  CHECK(kernel->name == "TRITON_MLA");
}

TEST_CASE("indexer: 132 bytes beside the latents, in one group of blocks of 64 tokens") {
  const auto out = laid_out(deepseek_v32(), kBf16, {});
  REQUIRE(out);
  CHECK(out->groups.size() == 1);
  CHECK(out->bytes_per_block(0) == 61ull * 64 * (1152 + 132));
  CHECK(out->blocks_per_sequence(163840) == 2560);
}

TEST_CASE("indexer: fp8 by name is packed in 656 bytes on Hopper, plain where the checkpoint declares it or on Blackwell") {
  CHECK(token(deepseek_v32(), kFp8, {.dtype = "fp8"}) == 656 + 132);
  CHECK(token(deepseek_v32(), kFp8, {.version = "0.19", .dtype = "fp8"}) == 656 + 132);
  CHECK(token(deepseek_v32(), kFp8, {}) == 576 + 132);
  CHECK(token(deepseek_v32(), kFp8, {.capability = 100, .dtype = "fp8"}) == 576 + 132);
}

TEST_CASE("indexer: packed fp4 latents take 352 bytes on Blackwell") {
  CHECK(token(deepseek_v32(), {"nvfp4_ds_mla", VRAMAUTO_F4, 4, 0}, {.capability = 100}) == 352 + 132);
  CHECK_FALSE(laid_out(deepseek_v32(), {"nvfp4_ds_mla", VRAMAUTO_F4, 4, 0}, {}));
}

TEST_CASE("indexer: 0.19 has no kernel on Hopper for what an fp8 checkpoint declares") {
  CHECK_FALSE(laid_out(deepseek_v32(), kFp8, {.version = "0.19"}));
}

TEST_CASE("indexer: sparse latents are refused before Hopper") {
  CHECK_FALSE(laid_out(deepseek_v32(), kBf16, {.capability = 80}));
  CHECK_FALSE(laid_out(deepseek_v32(), kBf16, {.capability = 89}));
}

TEST_CASE("indexer: layers that use another's own none") {
  const auto out =
      laid_out(example::blueprint(78, 6144, 12288, 154880, 202752, {latents(VRAMAUTO_SPARSE, 0, 78), indexer(0, 21)}), kBf16, {});
  REQUIRE(out);
  CHECK(out->bytes_per_block(0) == 64ull * (78 * 1152 + 21 * 132));
}

TEST_CASE("indexer: keys without scales are of the model's numbers") {
  auto keys = indexer(0, 1);
  keys.entry_bytes = 0;
  const auto out = laid_out(example::blueprint(1, 4096, 4096, 1000, 4096, {keys}), kBf16, {});
  REQUIRE(out);
  CHECK(out->bytes_per_token(0) == 256);
}

TEST_CASE("latents: context parallel ranks divide a sequence's blocks") {
  Bench bench(deepseek_v3(), "0.33", 8192, 1024, 8);
  bench.context.parallel.dcp = 8;
  CHECK(lay_out(bench.context, kBf16)->blocks_per_sequence(163840) == 1280);
}

TEST_CASE("latents: GLM-5 takes an fp8 cache on Blackwell by itself") {
  CHECK((*find_architecture("GlmMoeDsaForCausalLM", {0, 33, 0}))->fp8_cache_on_blackwell);
}

TEST_CASE("latents: beside states blocks are multiples of 128 tokens") {
  vramauto_cache state{};
  state.kind = VRAMAUTO_CACHE_STATE;
  state.state = VRAMAUTO_STATE_KDA;
  state.layers = {24, 69, 1, 1};
  state.conv_length = 3;
  state.conv_channels = 36864;
  state.state_heads = 96;
  state.state_elements = 128 * 128;
  state.chunk = 16;
  Bench bench(example::blueprint(93, 7168, 18432, 163840, 1048576, {state, latents(0, 0, 24)}), "0.33", 8192, 1024);
  bench.context.effective.enable_prefix_caching = true;
  const auto out = lay_out(bench.context, kBf16);
  REQUIRE(out);
  CHECK(out->block == 5760);
  CHECK(out->blocks_of(out->groups[0], 1048576) == 3);
}
