#include "shipped.hpp"

using namespace vramauto;
using shipped::describe;
using shipped::find;
using shipped::price;

namespace {

constexpr auto kBert = R"({"architectures": ["BertModel"], "model_type": "bert", "torch_dtype": "float32", "hidden_size": 768,
  "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "vocab_size": 30522, "max_position_embeddings": 512,
  "type_vocab_size": 2})";

std::string llama(std::string_view architecture, std::string_view more = {}) {
  return fmt::format(R"({{"architectures": ["{}"], "model_type": "llama", "torch_dtype": "bfloat16", "hidden_size": 64,
    "num_hidden_layers": 4, "num_attention_heads": 8, "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 1024,
    "max_position_embeddings": 2048, "tie_word_embeddings": false{}}})",
                     architecture, more);
}

Bytes component(const engine::Rank& rank, std::string_view name) {
  for (const auto& part : rank.components)
    if (part.name == name) return part.amount.best;
  return 0;
}

}  // namespace

TEST_CASE("pooling: BERT base has the 108,891,648 parameters of its encoder") {
  CHECK(shipped::stored_elements(describe(kBert)) == 108891648);
}

TEST_CASE("pooling: an encoder keeps no cache: one block of nothing holds any length") {
  const auto estimate = price(kBert, {{"engine-version", "0.33.0"}});
  CHECK(estimate->groups.empty());
  const Bytes bytes = 1 << 30;
  const auto report = estimate->report({&bytes, 1}, 512);
  CHECK(report.num_blocks == 1);
  CHECK(report.holds_max_model_len);
  CHECK_FALSE(estimate->effective.enable_chunked_prefill);
}

TEST_CASE("pooling: cache bytes for a model without a cache are refused") {
  const auto done = shipped::try_price(kBert, {{"kv-cache-memory-bytes", "4GiB"}});
  REQUIRE_FALSE(done);
  CHECK(done.error().message.find("BertModel keeps no cache") == 0);
}

TEST_CASE("pooling: a float32 encoder is loaded as float16, its tables padded as vocabularies, 24 bytes of scales a layer") {
  const auto estimate = price(kBert, {{"engine-version", "0.33.0"}});
  const std::uint64_t rows = 30528 + 512 + 64 - (30522 + 512 + 2);
  CHECK(estimate->ranks[0].parameter_bytes == 2 * (108891648 + rows * 768) + 512 * 8 + 12 * 24);
}

TEST_CASE("pooling: vLLM runs no encoder on pipeline stages") {
  const auto done = shipped::try_price(kBert, {{"pp", "2"}});
  REQUIRE_FALSE(done);
  CHECK(done.error().message.find("Pipeline parallelism is not supported") == 0);
}

TEST_CASE("pooling: a decoder named after classification scores in float32 and lets its head go") {
  const auto plain = price(llama("LlamaForCausalLM"), {{"engine-version", "0.33.0"}, {"pp", "2"}});
  const auto scored = price(llama("LlamaForSequenceClassification", R"(, "id2label": {"0": "bad", "1": "good", "2": "best"})"),
                            {{"engine-version", "0.33.0"}, {"pp", "2"}});
  const Bytes score = 3 * 64 * 4, head = 1024 * 64 * 2;
  for (const std::size_t stage : {0u, 1u})
    CHECK(scored->ranks[stage].parameter_bytes == plain->ranks[stage].parameter_bytes + score);
  CHECK(component(plain->ranks[1], "head") == component(scored->ranks[1], "head") + head - score);
}

TEST_CASE("pooling: a pooled decoder holds no batch beyond those in its stages") {
  const auto window = R"(, "sliding_window": 256, "model_type": "mistral")";
  const auto needed = [&](std::string_view architecture) {
    const auto estimate = price(llama(architecture, window), {{"engine-version", "0.33.0"}, {"max-num-batched-tokens", "512"}});
    return estimate->cache_bytes(estimate->ranks[0], 2048, 1, false) / estimate->bytes_per_block;
  };
  CHECK(needed("MistralForCausalLM") == (255 + 2 * 512 + 15) / 16 + 1);
  CHECK(needed("MistralForSequenceClassification") == (255 + 512 + 15) / 16 + 1);
}

TEST_CASE("pooling: is_causal false takes a pooled decoder's cache away") {
  const auto estimate = price(llama("LlamaForSequenceClassification", R"(, "is_causal": false)"), {{"engine-version", "0.33.0"}});
  CHECK(estimate->groups.empty());
  CHECK_FALSE(estimate->effective.enable_prefix_caching);
}

TEST_CASE("pooling: a reranker's label count comes from its tokens where it is made of a decoder") {
  const auto labels = [](std::string_view more) {
    return find(describe(llama("LlamaForSequenceClassification", more)), "score")->rows;
  };
  CHECK(labels("") == 2);
  CHECK(labels(R"(, "num_labels": 5)") == 5);
  CHECK(labels(R"(, "method": "from_2_way_softmax", "classifier_from_token": ["no", "yes"])") == 1);
  CHECK(labels(R"(, "method": "no_post_processing", "classifier_from_token": ["a", "b", "c"])") == 3);
}

TEST_CASE("pooling: Qwen2's reward model has two layers after the last and no head") {
  const auto config =
      R"({"architectures": ["Qwen2ForRewardModel"], "model_type": "qwen2", "torch_dtype": "bfloat16", "hidden_size": 64,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 1024})";
  const auto blueprint = describe(config);
  CHECK(find(blueprint, "score.0")->split == VRAMAUTO_SPLIT_ROWS);
  CHECK(find(blueprint, "score.2")->split == VRAMAUTO_SPLIT_COLS);
  CHECK(component(price(config, {})->ranks[0], "head") == (64 * 64 + 64 + 64 + 1) * 4 + 64 * 2);
}

TEST_CASE("pooling: ModernBERT turns by two tables and has no norm before its first attention") {
  const auto blueprint = describe(R"({"architectures": ["ModernBertModel"], "model_type": "modernbert", "hidden_size": 64,
    "num_hidden_layers": 6, "num_attention_heads": 4, "intermediate_size": 96, "vocab_size": 1024, "max_position_embeddings": 2048})");
  CHECK(find(blueprint, "layers.*.attn_norm")->layers.first == 1);
  CHECK(find(blueprint, "rotary_emb")->layers.stride == 3);
  CHECK(find(blueprint, "local_rotary_emb")->rows == 2048);
  CHECK(blueprint.caches.empty());
}

TEST_CASE("pooling: CLIP's text is cached, SigLIP's is not") {
  const auto config = [](std::string_view architecture, std::string_view type) {
    const auto side = R"("hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128)";
    return fmt::format(R"({{"architectures": ["{}"], "model_type": "{}", "projection_dim": 32,
      "text_config": {{{}, "vocab_size": 512, "max_position_embeddings": 77}},
      "vision_config": {{{}, "image_size": 32, "patch_size": 8}}}})",
                       architecture, type, side, side);
  };
  const auto clip = describe(config("CLIPModel", "clip"));
  CHECK(clip.caches.size() == 1);
  CHECK(find(clip, "vision_model.embeddings.position_embedding")->rows == 17);
  const auto siglip = describe(config("SiglipModel", "siglip"));
  CHECK(siglip.caches.empty());
  CHECK(find(siglip, "vision_model.head.attention.in_proj")->rows == 192);
}

TEST_CASE("pooling: heads that do not divide the hidden size are an error that says so") {
  CHECK(shipped::refusal(R"({"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 100, "num_attention_heads": 12})")
            .find("/num_attention_heads is 12, expected a divisor of the hidden size 100") != std::string::npos);
}
