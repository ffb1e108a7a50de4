#include <doctest/doctest.h>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/cache.hpp"
#include "engine/vllm/states.hpp"
#include "example.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;
using example::Bench;
using example::layers_with;

namespace {

constexpr CacheNumbers kBf16{"bfloat16", VRAMAUTO_BF16, 16, 0}, kFp8{"fp8_e4m3", VRAMAUTO_F8_E4M3, 8, 0};

vramauto_cache states(vramauto_state_kind state, vramauto_layers layers, std::uint32_t kernel, std::uint32_t channels,
                      std::uint32_t heads, std::uint64_t elements) {
  vramauto_cache cache{};
  cache.kind = VRAMAUTO_CACHE_STATE;
  cache.state = state;
  cache.layers = layers;
  cache.conv_length = kernel - 1;
  cache.conv_channels = channels;
  cache.state_heads = heads;
  cache.state_elements = elements;
  return cache;
}

vramauto_cache mamba2(vramauto_layers layers, std::uint32_t heads, std::uint32_t groups) {
  auto cache = states(VRAMAUTO_STATE_MAMBA2, layers, 4, heads * 64, heads, 64 * 128);
  cache.group_channels = 2 * groups * 128;
  cache.state_groups = groups;
  cache.chunk = 128;
  return cache;
}

// Qwen3-Next-80B-A3B: three of four layers are gated delta nets of 16 key and 32 value heads of 128.
estimator::Blueprint qwen3_next() {
  return example::blueprint(
      48, 2048, 5120, 151936, 262144,
      {states(VRAMAUTO_STATE_GDN, {0, 36, 4, 3}, 4, 8192, 32, 128 * 128), layers_with(VRAMAUTO_CACHE_FULL, 3, 12, 4, 1, 2, 256)});
}

// Nemotron-3-Nano-30B-A3B: 23 layers of Mamba 2, 6 of attention.
estimator::Blueprint nemotron_nano() {
  auto state = mamba2({0, 23, 1, 1}, 64, 8);
  state.state_dtype = VRAMAUTO_F32;
  return example::blueprint(52, 2688, 1856, 131072, 262144, {state, layers_with(VRAMAUTO_CACHE_FULL, 23, 6, 1, 1, 2, 128)});
}

estimator::Blueprint falcon_mamba() {
  return example::blueprint(64, 4096, 0, 65024, 2048, {states(VRAMAUTO_STATE_MAMBA1, {0, 64, 1, 1}, 4, 8192, 8192, 16)});
}

struct Cached : Bench {
  CacheLayout layout;
  Cached(estimator::Blueprint described, std::string_view version, bool prefix_caching, const CacheNumbers& numbers = kBf16,
         std::uint32_t tp = 1, detect::Device on = example::h100())
      : Bench(std::move(described), version, 8192, 1024, tp, 1, std::move(on)) {
    context.effective.enable_prefix_caching = prefix_caching;
    auto out = lay_out(context, numbers);
    REQUIRE(out);
    layout = *out;
  }
};

Bytes bytes_of(const vramauto_cache& cache, std::uint32_t tp, std::uint32_t drafts = 0) {
  Bench bench(example::llama_8b(), "0.33", 8192, 1024, tp);
  bench.context.draft_tokens = drafts;
  const auto out = state_bytes(bench.context, cache);
  REQUIRE(out);
  return *out;
}

}  // namespace

TEST_CASE("states: Mamba 1 keeps kernel - 1 and N numbers of every channel") {
  CHECK(bytes_of(states(VRAMAUTO_STATE_MAMBA1, {}, 4, 8192, 8192, 16), 1) == 311296);
}

TEST_CASE("states: groups of Mamba 2 are repeated for ranks that have none") {
  auto state = mamba2({}, 128, 8);
  CHECK(bytes_of(state, 1) == 2158592);
  CHECK(bytes_of(state, 16) == (8 * 64 + 2 * 128) * 3 * 2 + 8 * 64 * 128 * 2);
}

TEST_CASE("states: a short convolution keeps its inputs only") {
  CHECK(bytes_of(states(VRAMAUTO_STATE_CONV, {}, 3, 2048, 0, 0), 1) == 8192);
}

TEST_CASE("states: linear attention keeps a square for each head") {
  CHECK(bytes_of(states(VRAMAUTO_STATE_LINEAR, {}, 1, 0, 64, 128 * 128), 1) == 2097152);
}

TEST_CASE("states: recurrent states of KDA are float32") {
  CHECK(bytes_of(states(VRAMAUTO_STATE_KDA, {}, 4, 36864, 96, 128 * 128), 1) == 3 * 36864 * 2 + 96 * 128 * 128 * 4);
}

TEST_CASE("states: drafts lengthen the convolution's part") {
  CHECK(bytes_of(states(VRAMAUTO_STATE_GDN, {}, 4, 8192, 32, 128 * 128), 1, 2) == 5 * 8192 * 2 + 32 * 128 * 128 * 2);
}

TEST_CASE("states: --mamba-ssm-cache-dtype wins over the configuration's") {
  Bench bench(nemotron_nano(), "0.33", 8192, 1024);
  const auto& cache = bench.blueprint.caches[0];
  CHECK(*state_bytes(bench.context, cache) == 3 * 6144 * 2 + 64 * 64 * 128 * 4);
  bench.asked.mamba_ssm_cache_dtype = "float16";
  CHECK(*state_bytes(bench.context, cache) == 3 * 6144 * 2 + 64 * 64 * 128 * 2);
}

TEST_CASE("states: heads that ranks do not divide are refused") {
  Bench bench(qwen3_next(), "0.33", 8192, 1024, 3);
  CHECK(lay_out(bench.context, kBf16).error().status == VRAMAUTO_E_UNSUPPORTED);
}

TEST_CASE("states: Nemotron-H keeps float32 states, float16 in 0.19") {
  const auto dtype = [](Version version) { return (*find_architecture("NemotronHForCausalLM", version))->state_dtype; };
  CHECK(dtype({0, 33, 0}) == VRAMAUTO_F32);
  CHECK(dtype({0, 19, 1}) == VRAMAUTO_F16);
}

TEST_CASE("states: the attention block grows until it holds a state: 544 tokens in 0.19") {
  const auto layout = Cached(qwen3_next(), "0.19", false).layout;
  CHECK(layout.block == 544);
  CHECK(layout.bytes_per_block(0) == 12ull * 544 * 2048);
}

TEST_CASE("states: with FlashInfer's kernel blocks end at multiples of 64: 576 tokens on H100, 544 on A100 and L4") {
  const auto on = [](std::uint32_t capability) {
    return Cached(qwen3_next(), "0.33", true, kBf16, 1, example::gpu("", 80, capability, 100)).layout.block;
  };
  CHECK(on(90) == 576);
  CHECK(on(100) == 576);
  CHECK(on(80) == 544);
  CHECK(on(89) == 544);
}

TEST_CASE("states: an fp8 cache doubles the tokens of a block, not the state") {
  const auto layout = Cached(qwen3_next(), "0.33", true, kFp8).layout;
  CHECK(layout.block == 1088);
  CHECK(layout.buckets[0].page == 1114112);
}

TEST_CASE("states: without prefix caching a request holds one state, of as many tokens as it may have") {
  const auto layout = Cached(nemotron_nano(), "0.19", false).layout;
  CHECK(layout.blocks_of(layout.groups[0], 262144) == 1);
  CHECK(layout.buckets[0].block_tokens == 262144);
}

TEST_CASE("states: aligned states take two blocks, and one more where a prefill hands them out") {
  const auto held = [](estimator::Blueprint model, std::string_view version, std::uint32_t capability) {
    const auto layout = Cached(std::move(model), version, true, kBf16, 1, example::gpu("", 80, capability, 100)).layout;
    return layout.blocks_of(layout.groups[0], 4096);
  };
  CHECK(held(qwen3_next(), "0.19", 90) == 2);
  CHECK(held(qwen3_next(), "0.33", 90) == 3);
  CHECK(held(qwen3_next(), "0.33", 80) == 2);
  CHECK(held(nemotron_nano(), "0.33", 80) == 3);
  CHECK(held(nemotron_nano(), "0.31", 80) == 2);
}

TEST_CASE("states: 0.19 keeps a state of Mamba 2 for every block: 2176 tokens, a multiple of the chunk") {
  const auto layout = Cached(nemotron_nano(), "0.19", true).layout;
  CHECK(layout.block == 2176);
  CHECK(layout.blocks_of(layout.groups[0], 262144) == ceil_div(262144, 2176));
}

TEST_CASE("states: mode all is gone in 0.32") {
  Bench bench(nemotron_nano(), "0.33", 8192, 1024);
  bench.asked.mamba_cache_mode = "all";
  CHECK(state_mode(bench.context) == StateMode::align);
  bench.context.profile = find_profile("0.31").profile;
  CHECK(state_mode(bench.context) == StateMode::all);
}

TEST_CASE("states: groups are as large as the attention layers: 23 and 6 make five") {
  const auto layout = Cached(nemotron_nano(), "0.33", true).layout;
  CHECK(layout.groups.size() == 5);
  CHECK(layout.bytes_per_block(0) == 6ull * 2096 * 1024);
}

TEST_CASE("states: a model of states alone has one group, whose states are not padded") {
  const auto layout = Cached(falcon_mamba(), "0.33", false).layout;
  CHECK(layout.groups.size() == 1);
  CHECK(layout.bytes_per_block(0) == 64ull * 311296);
  CHECK(layout.blocks_per_sequence(2048) == 1);
  CHECK(layout.bytes_per_token(0) == 0);
}

TEST_CASE("states: --block-size larger than a state stays, and is the unit of what must grow") {
  Bench bench(qwen3_next(), "0.33", 8192, 1024);
  bench.context.effective.enable_prefix_caching = false;
  bench.asked.block_size = 1024;
  CHECK(lay_out(bench.context, kBf16)->block == 1024);
  bench.asked.block_size = 400;
  CHECK(lay_out(bench.context, kBf16)->block == 800);
}

TEST_CASE("states: before 0.10 they lay outside the cache, which is refused") {
  Bench bench(falcon_mamba(), "0.9.2", 8192, 1024);
  CHECK(lay_out(bench.context, kBf16).error().status == VRAMAUTO_E_UNSUPPORTED);
}
