#include "shipped.hpp"

using namespace vramauto;
using shipped::describe;
using shipped::find;
using shipped::price;
using shipped::try_price;

namespace {

// A small mixture of experts; keys given in `more` come on top of these, or in their place.
std::string mixture(std::string_view architecture, std::string_view more = {}) {
  std::string out = fmt::format(R"({{"architectures": ["{}"], "torch_dtype": "bfloat16")", architecture);
  const std::pair<std::string_view, std::string_view> keys[] = {
      {"model_type", "\"made_up\""}, {"hidden_size", "64"},           {"num_hidden_layers", "4"},
      {"num_attention_heads", "8"},  {"num_key_value_heads", "4"},    {"head_dim", "16"},
      {"intermediate_size", "256"},  {"moe_intermediate_size", "32"}, {"num_experts", "8"},
      {"num_experts_per_tok", "2"},  {"vocab_size", "256"},           {"max_position_embeddings", "1024"}};
  for (const auto& [key, value] : keys)
    if (more.find(fmt::format("\"{}\"", key)) == std::string_view::npos) out += fmt::format(", \"{}\": {}", key, value);
  return out + std::string(more) + "}";
}

constexpr std::string_view kQwen = "Qwen3MoeForCausalLM";
constexpr std::uint64_t kAttention = 128 * 64 + 2 * 64 * 64 + 64 * 128, kEnds = 2 * 256 * 64 + 64;

std::uint32_t layers_with(const estimator::Blueprint& blueprint, std::string_view pattern) {
  std::uint32_t sum = 0;
  for (const auto& weights : blueprint.weights)
    if (weights.pattern == pattern) sum += weights.layers.count;
  return sum;
}

// Parameters of one rank, with more options than its version and its parts.
Bytes parameters(std::string_view config, std::string_view version, std::string_view tp, std::string_view ep = "false") {
  return price(config, {{"engine-version", version}, {"tp", tp}, {"enable-expert-parallel", ep}})->ranks[0].parameter_bytes;
}

std::string blocks(std::string_view more = {}) {
  return mixture(kQwen, fmt::format(R"(, "hidden_size": 128, "moe_intermediate_size": 192, "head_dim": 32,
    "quantization_config": {{"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}}{})",
                                    more));
}

}  // namespace

TEST_CASE("moe: a small model has as many elements as its tensors have by hand") {
  const auto blueprint = describe(mixture(kQwen));
  CHECK(blueprint.estimator == "moe");
  const std::uint64_t experts = 8 * 3 * 32 * 64, router = 8 * 64, norms = 2 * 64 + 2 * 16;
  CHECK(shipped::stored_elements(blueprint) == kEnds + 4 * (kAttention + experts + router + norms));
}

TEST_CASE("moe: layers that are to be plain have an MLP instead") {
  const auto blueprint = describe(mixture(kQwen, R"(, "decoder_sparse_step": 2, "mlp_only_layers": [3])"));
  CHECK(layers_with(blueprint, "model.layers.*.mlp.gate") == 1);
  CHECK(layers_with(blueprint, "model.layers.*.mlp.gate_proj") == 3);
}

TEST_CASE("moe: shared experts are as wide as their number says") {
  const auto blueprint = describe(mixture("Glm4MoeForCausalLM", R"(, "n_shared_experts": 2, "first_k_dense_replace": 1)"));
  REQUIRE(find(blueprint, "model.layers.*.mlp.shared_experts.up_proj"));
  CHECK(find(blueprint, "model.layers.*.mlp.shared_experts.up_proj")->rows == 64);
  CHECK(layers_with(blueprint, "model.layers.*.mlp.shared_experts.up_proj") == 3);
}

TEST_CASE("moe: the widths of a layer with experts are told") {
  const auto blueprint = describe(mixture("Qwen2MoeForCausalLM", R"(, "shared_expert_intermediate_size": 48)"));
  REQUIRE(!blueprint.forwards.empty());
  CHECK(blueprint.forwards[0].experts == 8);
  CHECK(blueprint.forwards[0].experts_per_token == 2);
  CHECK(blueprint.forwards[0].expert_intermediate == 32);
  CHECK(blueprint.forwards[0].intermediate == 48);
}

TEST_CASE("moe: more experts a token than there are is refused") {
  CHECK(shipped::refusal(mixture(kQwen, R"(, "num_experts_per_tok": 9)")).find("at most the 8 experts") != std::string::npos);
}

TEST_CASE("moe: sliding layers of MiMo have heads of their own and narrower values") {
  const auto blueprint = describe(mixture("MiMoV2FlashForCausalLM", R"(, "n_routed_experts": 8, "v_head_dim": 8,
    "swa_num_attention_heads": 4, "swa_num_key_value_heads": 2, "swa_head_dim": 16, "swa_v_head_dim": 8, "sliding_window": 128,
    "hybrid_layer_pattern": [0, 1, 1, 1], "moe_layer_freq": [0, 1, 1, 1], "add_swa_attention_sink_bias": true)"));
  REQUIRE(blueprint.caches.size() == 2);
  for (const auto& cache : blueprint.caches) {
    const bool slides = cache.kind == VRAMAUTO_CACHE_SLIDING;
    CHECK(cache.heads == (slides ? 2 : 4));
    CHECK(cache.v_dim == 8);
    CHECK(cache.layers.count == (slides ? 3 : 1));
  }
  CHECK(layers_with(blueprint, "model.layers.*.self_attn.attention_sink_bias") == 3);
}

TEST_CASE("moe: Llama 4 sees chunks in layers that turn, everything in every fourth") {
  const auto blueprint = describe(mixture("Llama4ForCausalLM", R"(, "model_type": "llama4_text", "num_local_experts": 8,
    "intermediate_size_mlp": 512, "interleave_moe_layer_step": 2, "attention_chunk_size": 256)"));
  std::uint32_t chunked = 0;
  for (const auto& cache : blueprint.caches)
    if (cache.kind == VRAMAUTO_CACHE_CHUNKED && cache.window == 256) chunked += cache.layers.count;
  CHECK(chunked == 3);
  CHECK(layers_with(blueprint, "model.layers.*.feed_forward.router") == 2);
}

TEST_CASE("moe: expert parallelism deals whole experts, and each rank keeps a map of them") {
  const Bytes divided = parameters(mixture(kQwen), "0.33.0", "4"), dealt = parameters(mixture(kQwen), "0.33.0", "4", "true");
  CHECK(dealt == divided + 4 * 8 * sizeof(std::int32_t));
}

TEST_CASE("moe: experts that do not come out even leave one more on the first ranks") {
  const auto config = mixture(kQwen, R"(, "num_experts": 6)");
  const Bytes one = 3 * 32 * 64 * 2, maps = 4 * 6 * sizeof(std::int32_t);
  CHECK(parameters(config, "0.33.0", "4", "true") == parameters(config, "0.33.0", "4") + 4 * one / 2 + maps);
}

TEST_CASE("moe: FP8 blocks that end within a rank's part of an expert are cut smaller, or refused by 0.19") {
  const auto old = try_price(blocks(), {{"engine-version", "0.19.1"}, {"tp", "2"}});
  REQUIRE(!old);
  CHECK(old.error().message.find("not divisible by weight quantization block_n = 128") != std::string::npos);
  CHECK(try_price(blocks(), {{"engine-version", "0.33.0"}, {"tp", "2"}}));
}

TEST_CASE("moe: finer blocks have more scales: 32 by 32 where a rank has 96 features of an expert") {
  const auto config = blocks();
  const auto halves = parameters(config, "0.33.0", "2");
  const auto formatless = parameters(blocks(R"(, "num_experts": 7)"), "0.33.0", "2");
  const Bytes weights = 3 * 96 * 128, scales = (2 * 3 * 4 + 4 * 3) * 4, router = 128 * 2;
  CHECK(halves - formatless == 4 * (weights + scales + router));
}

TEST_CASE("moe: MXFP4 experts are as large as the tiles of Hopper's kernel") {
  const auto oss = [](std::string_view experts) {
    return mixture("GptOssForCausalLM", fmt::format(R"(, "num_local_experts": {}, "intermediate_size": 96, "sliding_window": 16,
      "quantization_config": {{"quant_method": "mxfp4"}})",
                                                    experts));
  };
  const Bytes rows = 3 * 128, weights = rows * 32, scales = rows * 2, bias = (2 * 128 + 64) * 2, router = 64 * 2 + 2;
  CHECK(parameters(oss("8"), "0.33.0", "1") - parameters(oss("7"), "0.33.0", "1") == 4 * (weights + scales + bias + router));
}

TEST_CASE("moe: an ignored name among the experts leaves the layer's experts as they are") {
  const auto of = [](std::string_view ignored) {
    return parameters(
        mixture(kQwen, fmt::format(R"(, "quantization_config": {{"quant_method": "fp8", "activation_scheme": "dynamic",
      "ignored_layers": ["{}"]}})",
                                   ignored)),
        "0.33.0", "1");
  };
  const Bytes halved = 8 * 3 * 32 * 64, scales = 8 * 3 * 4;
  CHECK(of("model.layers.1.mlp.experts.0.gate_proj") == of("lm_head") + halved - scales);
}

TEST_CASE("moe: embedding and lm_head of Mixtral are on every pipeline stage") {
  const auto config = mixture("MixtralForCausalLM", R"(, "num_local_experts": 8)");
  const auto two = price(config, {{"engine-version", "0.33.0"}, {"pp", "2"}});
  CHECK(two->ranks[0].parameter_bytes == two->ranks[1].parameter_bytes);
}
