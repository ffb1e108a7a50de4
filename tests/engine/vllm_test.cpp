#include <doctest/doctest.h>

#include "engine/estimate.hpp"
#include "example.hpp"

using namespace vramauto;
using example::gib;

namespace {

using Options = std::initializer_list<std::pair<std::string_view, std::string_view>>;

Result<std::unique_ptr<engine::Estimate>> priced(const estimator::Blueprint& blueprint, Options options,
                                                 std::vector<detect::Device> devices = {}) {
  static const model::Model model;
  const auto asked = example::workload(options);
  engine::Request request{&model, &blueprint, devices, &asked};
  return engine::estimate(request);
}

std::string refusal(const estimator::Blueprint& blueprint, Options options, std::vector<detect::Device> devices = {}) {
  const auto done = priced(blueprint, options, std::move(devices));
  return done ? "accepted" : done.error().where + ": " + done.error().message;
}

engine::CacheReport report(const engine::Estimate& estimate, Bytes bytes, std::uint64_t length) {
  const std::vector<Bytes> cache(estimate.ranks.size(), bytes);
  return estimate.report(cache, length);
}

}  // namespace

TEST_CASE("vllm: 0.11 on H100 leaves an 8B model of 14.99 GiB 51.38 GiB of cache at 0.90, as logged") {
  const auto e = priced(example::llama_8b(), {{"engine-version", "0.11.0"}}, {example::h100()});
  REQUIRE(e);
  const auto& rank = (*e)->ranks[0];
  const auto beside_weights = rank.fixed().best - rank.weights.best;
  CHECK(gib((*e)->budget(rank, 0.9)) - gib(beside_weights) - 14.99 == doctest::Approx(51.38).epsilon(0.0006));
}

TEST_CASE("vllm: components of a rank add up to its sums") {
  const auto e = priced(example::llama_8b(), {{"engine-version", "0.33"}, {"max-model-len", "8192"}}, {example::h100()});
  REQUIRE(e);
  const auto& rank = (*e)->ranks[0];
  Bytes inside = 0, outside = 0;
  for (const auto& part : rank.components) (part.outside_budget ? outside : inside) += part.amount.best;
  CHECK(inside == rank.fixed().best);
  CHECK(outside == rank.outside.best);
}

TEST_CASE("vllm: the budget is rounded up from 0.14 on") {
  auto device = example::h100();
  device.total_bytes = 1001;
  const auto before = priced(example::llama_8b(), {{"engine-version", "0.13"}}, {device}),
             after = priced(example::llama_8b(), {{"engine-version", "0.14"}}, {device});
  REQUIRE(before);
  REQUIRE(after);
  CHECK((*before)->budget((*before)->ranks[0], 0.5) == 500);
  CHECK((*after)->budget((*after)->ranks[0], 0.5) == 501);
}

TEST_CASE("vllm: ranks are numbered dp first, then pp, then tp") {
  const auto e = priced(example::llama_8b(), {{"tp", "2"}, {"pp", "2"}, {"dp", "2"}});
  REQUIRE(e);
  REQUIRE((*e)->ranks.size() == 8);
  const auto& rank = (*e)->ranks[6];
  CHECK(rank.dp == 1);
  CHECK(rank.pp == 1);
  CHECK(rank.tp == 0);
  CHECK(rank.device == 6);
}

TEST_CASE("vllm: 0.33 logs concurrency x length as tokens, 0.19 blocks by group") {
  const auto newest = priced(example::gemma_3_27b(), {{"engine-version", "0.33"}, {"max-model-len", "32768"}}, {example::h100()});
  const auto older = priced(example::gemma_3_27b(), {{"engine-version", "0.19"}, {"max-model-len", "32768"}}, {example::h100()});
  REQUIRE(newest);
  REQUIRE(older);
  const auto now = report(**newest, 16 * kGiB, 32768), then = report(**older, 16 * kGiB, 32768);
  CHECK(now.num_blocks == 16 * kGiB / (10ull * 16 * 16 * 256 * 2));
  CHECK(now.tokens == static_cast<std::uint64_t>(now.max_concurrency * 32768));
  CHECK(then.tokens == then.num_blocks / 7 * 16);
  CHECK(then.max_concurrency == doctest::Approx(static_cast<double>(then.num_blocks) / (6 * 577 + 2048)));
}

TEST_CASE("vllm: 32768 tokens fit exactly 4 GiB in 0.19, and not in 0.33, which sets a block aside") {
  const auto older = priced(example::llama_8b(), {{"engine-version", "0.19"}}, {example::h100()}),
             newest = priced(example::llama_8b(), {{"engine-version", "0.33"}}, {example::h100()});
  REQUIRE(older);
  REQUIRE(newest);
  CHECK(report(**older, 4 * kGiB, 32768).holds_max_model_len);
  const auto now = report(**newest, 4 * kGiB, 32768);
  CHECK_FALSE(now.holds_max_model_len);
  CHECK(now.longest == 32768 - 16);
}

TEST_CASE("vllm: no cache holds nothing") {
  const auto e = priced(example::llama_8b(), {{"engine-version", "0.33"}}, {example::h100()});
  REQUIRE(e);
  const auto none = report(**e, 0, 8192);
  CHECK(none.num_blocks == 0);
  CHECK(none.longest == 0);
  CHECK_FALSE(none.holds_max_model_len);
}

TEST_CASE("vllm: the cache a length needs counts whole blocks, and the null block where it is checked") {
  const auto e = priced(example::llama_8b(), {{"engine-version", "0.33"}}, {example::h100()});
  REQUIRE(e);
  const Bytes block = 16 * 131072;
  CHECK((*e)->cache_bytes((*e)->ranks[0], 17, 1, false) == 2 * block);
  CHECK((*e)->cache_bytes((*e)->ranks[0], 17, 3, true) == 7 * block);
}

TEST_CASE("vllm: num-gpu-blocks-override stands for the memory") {
  const auto e = priced(example::llama_8b(), {{"engine-version", "0.33"}, {"num-gpu-blocks-override", "100"}}, {example::h100()});
  REQUIRE(e);
  const auto cache = report(**e, 40 * kGiB, 4096);
  CHECK(cache.num_blocks == 100);
  CHECK(cache.longest == 99 * 16);
}

TEST_CASE("vllm: a pipeline's cache is as large as its fullest stage allows") {
  auto model = example::llama_8b();
  model.traits.layers = 31;
  model.caches[0].layers.count = 31;
  const auto e = priced(model, {{"engine-version", "0.33"}, {"pp", "2"}}, {example::h100(), example::h100()});
  REQUIRE(e);
  CHECK((*e)->bytes_per_block == 16ull * 8 * 256 * 2 * 16);
  CHECK(report(**e, kGiB, 4096).num_blocks == kGiB / (16ull * 8 * 256 * 2 * 16));
}

TEST_CASE("vllm: with a GPU of unknown size everything is priced but the budget") {
  const auto e = priced(example::llama_8b(), {});
  REQUIRE(e);
  CHECK((*e)->ranks[0].total_bytes == VRAMAUTO_UNKNOWN);
  CHECK((*e)->ranks[0].free_at_start == VRAMAUTO_UNKNOWN);
  CHECK((*e)->bytes_per_token == 131072);
}

TEST_CASE("vllm: context and communication reduce what is free at the start, not the budget") {
  auto device = example::h100();
  device.free_bytes = device.total_bytes - 2 * kGiB;
  const auto e = priced(example::llama_8b(), {{"engine-version", "0.19"}}, {device});
  REQUIRE(e);
  const auto& rank = (*e)->ranks[0];
  CHECK(gib(rank.total_bytes - rank.free_at_start) == doctest::Approx(2.51).epsilon(0.001));
}

TEST_CASE("vllm: up to 0.9.0 other processes are paid from the budget") {
  auto device = example::h100();
  device.free_bytes = device.total_bytes - 2 * kGiB;
  const auto used = priced(example::llama_8b(), {{"engine-version", "0.9.0"}}, {device}),
             empty = priced(example::llama_8b(), {{"engine-version", "0.9.0"}}, {example::h100()});
  REQUIRE(used);
  REQUIRE(empty);
  CHECK((*used)->ranks[0].fixed().best - (*empty)->ranks[0].fixed().best == 2 * kGiB);
  CHECK((*used)->ranks[0].free_at_start == device.total_bytes);
}

TEST_CASE("vllm: penalty counts are in the budget from 0.27 on, outside before") {
  const auto before = priced(example::llama_8b(), {{"engine-version", "0.26"}}, {example::h100()}),
             after = priced(example::llama_8b(), {{"engine-version", "0.27"}}, {example::h100()});
  REQUIRE(before);
  REQUIRE(after);
  const auto outside = [](const engine::Estimate& e) {
    for (const auto& part : e.ranks[0].components)
      if (part.name == "penalty counts") return part.outside_budget ? 1 : 0;
    return -1;
  };
  CHECK(outside(**before) == 1);
  CHECK(outside(**after) == 0);
}

TEST_CASE("vllm: limits of items are JSON from 0.9 on, pairs before") {
  const auto limits = [](std::string_view version, std::string_view value) {
    const auto e = priced(example::llama_8b(), {{"engine-version", version}, {"limit-mm-per-prompt", value}});
    return e ? (*e)->limits.value_or("JSON") : e.error().message;
  };
  CHECK(limits("0.8.5", R"({"image": 2, "video": {"count": 0}})") == "image=2,video=0");
  CHECK(limits("0.6", "{}") == "");
  CHECK(limits("0.9", R"({"image": 2})") == "JSON");
}

TEST_CASE("vllm: a length beyond the model's own is refused unless the environment allows it") {
  CHECK(refusal(example::llama_8b(), {{"max-model-len", "200000"}}) ==
        "max-model-len: found 200000, the model's own length is 131072: vLLM refuses more unless VLLM_ALLOW_LONG_MAX_MODEL_LEN=1 "
        "is in its environment");
  CHECK(refusal(example::llama_8b(), {{"max-model-len", "200000"}, {"env", "VLLM_ALLOW_LONG_MAX_MODEL_LEN=1"}}) == "accepted");
}

TEST_CASE("vllm: bfloat16 by name is refused on compute capability 7.5, auto falls back to float16") {
  const auto t4 = example::gpu("Tesla T4", 14.6, 75, 40);
  CHECK(refusal(example::llama_8b(), {{"dtype", "bfloat16"}}, {t4}) ==
        "dtype: bfloat16 needs compute capability 8.0, Tesla T4 has 7.5: use --dtype half");
  const auto e = priced(example::llama_8b(), {}, {t4});
  REQUIRE(e);
  CHECK((*e)->effective.dtype == "float16");
}

TEST_CASE("vllm: a float32 checkpoint is loaded in bfloat16, in float16 up to 0.9") {
  auto model = example::llama_8b();
  model.traits.dtype = VRAMAUTO_F32;
  const auto now = priced(model, {}, {example::h100()}), then = priced(model, {{"engine-version", "0.9.2"}}, {example::h100()});
  REQUIRE(now);
  REQUIRE(then);
  CHECK((*now)->effective.dtype == "bfloat16");
  CHECK((*then)->effective.dtype == "float16");
}

TEST_CASE("vllm: a model that refuses float16 is refused with it") {
  auto model = example::llama_8b();
  model.traits.flags = 4;
  CHECK(refusal(model, {{"dtype", "half"}}).starts_with("dtype: LlamaForCausalLM does not support float16"));
}

TEST_CASE("vllm: a batch smaller than its sequences is refused") {
  CHECK(refusal(example::llama_8b(), {{"max-num-batched-tokens", "128"}, {"max-num-seqs", "256"}}) ==
        "max-num-batched-tokens: found 128, expected at least max-num-seqs 256");
}

TEST_CASE("vllm: without chunked prefill a batch shorter than a prompt is refused") {
  CHECK(refusal(example::llama_8b(), {{"no-enable-chunked-prefill", ""}, {"max-num-batched-tokens", "4096"}})
            .starts_with("max-num-batched-tokens: found 4096, expected at least max-model-len 131072"));
}

TEST_CASE("vllm: flags that a version does not have are refused") {
  CHECK(refusal(example::llama_8b(), {{"engine-version", "0.9.2"}, {"kv-cache-memory-bytes", "8GiB"}})
            .starts_with("kv-cache-memory-bytes: it exists from vLLM 0.10.2 on"));
  CHECK(refusal(example::llama_8b(), {{"engine-version", "0.19"}, {"kv-cache-dtype", "int8_per_token_head"}})
            .starts_with("kv-cache-dtype: int8_per_token_head exists from vLLM 0.20.0 on"));
  CHECK(refusal(example::llama_8b(), {{"engine-version", "0.9.2"}, {"tp", "16"}, {"dcp", "2"}})
            .starts_with("decode-context-parallel-size: it exists from"));
}

TEST_CASE("vllm: an fp4 cache is refused before Blackwell, packed latents without an indexer") {
  CHECK(refusal(example::llama_8b(), {{"kv-cache-dtype", "nvfp4"}}, {example::h100()}) ==
        "kv-cache-dtype: nvfp4 needs compute capability 10.0, NVIDIA H100 80GB HBM3 has 9.0");
  CHECK(refusal(example::llama_8b(), {{"kv-cache-dtype", "fp8_ds_mla"}}, {example::h100()})
            .starts_with("kv-cache-dtype: found fp8_ds_mla, which is for latents"));
}

TEST_CASE("vllm: context parallel ranks are at most the copies of a KV head") {
  CHECK(refusal(example::llama_8b(), {{"tp", "16"}, {"dcp", "4"}}) ==
        "decode-context-parallel-size: found 4, expected at most 2: 16 tensor-parallel ranks for 8 KV heads");
}

TEST_CASE("vllm: an unknown version is priced as the newest, with a warning") {
  const auto e = priced(example::llama_8b(), {{"engine-version", "0.40"}});
  REQUIRE(e);
  CHECK_FALSE((*e)->version_known);
  REQUIRE((*e)->warnings.size() == 2);  // and that a first start gets less
  CHECK((*e)->warnings[0].code == "engine-version");
}

TEST_CASE("vllm: without a blueprint the rule is offered") {
  model::Model model;
  model.id = "some/name";
  const engine::Workload asked;
  const auto done = engine::estimate({&model, nullptr, {}, &asked});
  REQUIRE_FALSE(done);
  CHECK(done.error().status == VRAMAUTO_E_NO_ESTIMATOR);
  CHECK(done.error().where == "some/name");
}
