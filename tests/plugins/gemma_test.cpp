#include "shipped.hpp"

using namespace vramauto;
using shipped::describe;
using shipped::find;
using shipped::price;

namespace {

// A small Gemma 4: every third layer is full, the last two borrow. `more` comes on top.
std::string gemma4(std::string_view more = {}) {
  return fmt::format(
      R"({{"architectures": ["Gemma4ForCausalLM"], "torch_dtype": "bfloat16", "hidden_size": 64, "num_hidden_layers": 6,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "global_head_dim": 32, "intermediate_size": 128,
    "vocab_size": 256, "max_position_embeddings": 1024, "sliding_window": 128, "hidden_size_per_layer_input": 8,
    "vocab_size_per_layer_input": 256, "num_kv_shared_layers": 2, "tie_word_embeddings": true,
    "layer_types": ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention", "sliding_attention",
    "full_attention"]{}}})",
      more);
}

std::uint32_t owner_of(const estimator::Blueprint& blueprint, vramauto_cache_kind kind) {
  for (const auto& cache : blueprint.caches)
    if (cache.flags & VRAMAUTO_BORROWED && cache.kind == kind) return cache.owner;
  return UINT32_MAX;
}

std::string gemma3n(std::string_view text) {
  return fmt::format(R"({{"architectures": ["Gemma3nForConditionalGeneration"], "model_type": "gemma3n", "torch_dtype": "bfloat16",
    "text_config": {{"model_type": "gemma3n_text", {}}}, "vision_config": {{}}, "audio_config": {{}}}})",
                     text);
}

}  // namespace

TEST_CASE("gemma: layers that borrow name the last layer of their kind before them") {
  const auto blueprint = describe(gemma4());
  CHECK(owner_of(blueprint, VRAMAUTO_CACHE_SLIDING) == 3);
  CHECK(owner_of(blueprint, VRAMAUTO_CACHE_FULL) == 2);
}

TEST_CASE("gemma: full layers have heads of their own size, in weights and in caches") {
  const auto blueprint = describe(gemma4());
  std::uint32_t widest = 0, narrowest = UINT32_MAX;
  for (const auto& cache : blueprint.caches) {
    widest = std::max(widest, cache.k_dim);
    narrowest = std::min(narrowest, cache.k_dim);
  }
  CHECK(widest == 32);
  CHECK(narrowest == 16);
}

TEST_CASE("gemma: what borrowing layers store and do not use is loaded by 0.19 and dropped since") {
  // One sliding and one full layer: k, v and the norm of k, two bytes a number.
  const std::uint64_t sliding = 2 * 2 * 16 * 64 + 16, full = 2 * 2 * 32 * 64 + 32;
  const auto before = price(gemma4(), {{"engine-version", "0.19.1"}}), now = price(gemma4(), {{"engine-version", "0.33.0"}});
  const std::uint64_t scales = 6 * 4;  // one buffer of an attention layer less
  CHECK(before->ranks[0].parameter_bytes - now->ranks[0].parameter_bytes == 2 * (sliding + full) + scales);
}

TEST_CASE("gemma: only borrowing layers are doubled") {
  const auto plain = describe(gemma4()), wide = describe(gemma4(R"(, "use_double_wide_mlp": true)"));
  CHECK(shipped::stored_elements(wide) - shipped::stored_elements(plain) == 2 * 3 * 128 * 64);
}

TEST_CASE("gemma: a borrower and its owner on two stages are refused") {
  const auto priced = shipped::try_price(gemma4(), {{"engine-version", "0.33.0"}, {"pipeline-parallel-size", "2"}});
  REQUIRE_FALSE(priced);
  CHECK(priced.error().message.find("KV sharing target") != std::string::npos);
}

TEST_CASE("gemma: nothing is refused where the owners are with their borrowers") {
  CHECK(
      shipped::try_price(gemma4(R"(, "num_kv_shared_layers": 1)"),
                         {{"engine-version", "0.33.0"}, {"pipeline-parallel-size", "2"}, {"env", "VLLM_PP_LAYER_PARTITION=1,5"}}));
}

TEST_CASE("gemma: without layer_types every sixth layer and the last are full") {
  const auto blueprint = describe(R"({"architectures": ["Gemma4ForCausalLM"], "hidden_size": 64, "num_hidden_layers": 8,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 128, "vocab_size": 256,
    "max_position_embeddings": 1024, "sliding_window": 128, "tie_word_embeddings": true})");
  std::uint32_t full = 0;
  for (const auto& cache : blueprint.caches)
    if (cache.kind == VRAMAUTO_CACHE_FULL) full += std::max(1u, cache.layers.count);
  CHECK(full == 2);
}

TEST_CASE("gemma: a kind that no layer of its own cache has cannot be borrowed") {
  CHECK(shipped::refusal(gemma4(R"(, "num_kv_shared_layers": 4)")).find("num_kv_shared_layers") != std::string::npos);
}

TEST_CASE("gemma: Gemma 3n E2B has the 5,439,438,272 parameters of its card, E4B the 7,849,978,192") {
  std::string widths = "8192";
  for (int layer = 1; layer < 30; ++layer) widths += ", 8192";
  CHECK(shipped::stored_elements(describe(gemma3n(R"("num_hidden_layers": 30, "num_kv_shared_layers": 10, "intermediate_size": [)" +
                                                  widths + "]"))) == 5439438272);
  CHECK(shipped::stored_elements(describe(gemma3n(R"("num_hidden_layers": 35)"))) == 7849978192);
}

TEST_CASE("gemma: 3n borrows from the last full layer and the sliding one before it") {
  const auto blueprint = describe(gemma3n(R"("num_hidden_layers": 35)"));
  CHECK(owner_of(blueprint, VRAMAUTO_CACHE_FULL) == 19);
  CHECK(owner_of(blueprint, VRAMAUTO_CACHE_SLIDING) == 18);
}
