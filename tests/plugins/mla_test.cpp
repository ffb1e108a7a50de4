#include "shipped.hpp"

using namespace vramauto;
using shipped::describe;
using shipped::find;
using shipped::price;
using shipped::refusal;

namespace {

// A small model of DeepSeek's kind; keys given in `more` come on top of these, or in their place.
std::string latent(std::string_view architecture, std::string_view more = {}) {
  std::string out = fmt::format(R"({{"architectures": ["{}"], "torch_dtype": "bfloat16")", architecture);
  const std::pair<std::string_view, std::string_view> keys[] = {{"model_type", "\"made_up\""},
                                                                {"hidden_size", "64"},
                                                                {"num_hidden_layers", "4"},
                                                                {"num_attention_heads", "4"},
                                                                {"intermediate_size", "128"},
                                                                {"vocab_size", "256"},
                                                                {"q_lora_rank", "32"},
                                                                {"kv_lora_rank", "16"},
                                                                {"qk_nope_head_dim", "8"},
                                                                {"qk_rope_head_dim", "4"},
                                                                {"v_head_dim", "8"},
                                                                {"n_routed_experts", "8"},
                                                                {"num_experts_per_tok", "2"},
                                                                {"n_shared_experts", "1"},
                                                                {"moe_intermediate_size", "16"},
                                                                {"first_k_dense_replace", "1"},
                                                                {"topk_method", "\"noaux_tc\""},
                                                                {"max_position_embeddings", "1024"}};
  for (const auto& [key, value] : keys)
    if (more.find(fmt::format("\"{}\"", key)) == std::string_view::npos) out += fmt::format(", \"{}\": {}", key, value);
  return out + std::string(more) + "}";
}

std::string compressed(std::string_view more = {}) {
  return latent("DeepseekV4ForCausalLM",
                fmt::format(R"(, "model_type": "deepseek_v4", "head_dim": 32, "o_groups": 2, "o_lora_rank": 8, "hc_mult": 2,
    "sliding_window": 16, "index_topk": 64, "index_n_heads": 2, "index_head_dim": 128, "num_hash_layers": 1,
    "num_nextn_predict_layers": 0, "compress_ratios": [0, 128, 4, 4]{})",
                            more));
}

std::uint32_t layers_with(const estimator::Blueprint& blueprint, vramauto_cache_kind kind) {
  std::uint32_t sum = 0;
  for (const auto& cache : blueprint.caches)
    if (cache.kind == kind) sum += cache.layers.count;
  return sum;
}

Bytes component(const engine::Estimate& estimate, std::string_view name) {
  for (const auto& part : estimate.ranks[0].components)
    if (part.name == name) return part.amount.best;
  return 0;
}

}  // namespace

TEST_CASE("mla: a small model has as many elements as its tensors have by hand") {
  const std::uint64_t attention = 2048 + 1280 + 32 + 1536 + 16 + 1024 + 2048, norms = 2 * 64;
  const std::uint64_t dense = 3 * 128 * 64, sparse = 8 * 64 + 8 + 3 * 16 * 64 + 8 * 3 * 16 * 64;
  const auto blueprint = describe(latent("DeepseekV3ForCausalLM"));
  CHECK(blueprint.estimator == "mla");
  CHECK(shipped::stored_elements(blueprint) == 2 * 256 * 64 + 64 + 4 * (attention + norms) + dense + 3 * sparse);
}

TEST_CASE("mla: without a compressed query one projection stands for two and a norm") {
  const auto blueprint = describe(latent("DeepseekV2ForCausalLM", R"(, "q_lora_rank": null)"));
  CHECK(find(blueprint, "model.layers.*.self_attn.q_a_proj") == nullptr);
  REQUIRE(find(blueprint, "model.layers.*.self_attn.q_proj"));
  CHECK(find(blueprint, "model.layers.*.self_attn.q_proj")->cols == 64);
}

TEST_CASE("mla: tensor parallelism divides no latents: 16 tokens of 20 numbers in four layers on any number of ranks") {
  for (const auto* tp : {"1", "2", "4"})
    CHECK(price(latent("DeepseekV3ForCausalLM"), {{"engine-version", "0.33.0"}, {"tp", tp}})->bytes_per_block == 4 * 16 * 20 * 2);
}

TEST_CASE("mla: scores of experts are corrected only where the model says so") {
  constexpr auto name = "model.layers.*.mlp.gate.e_score_correction_bias";
  CHECK(find(describe(latent("DeepseekV3ForCausalLM")), name)->dtype == VRAMAUTO_F32);
  CHECK(find(describe(latent("DeepseekV3ForCausalLM", R"(, "topk_method": "greedy")")), name) == nullptr);
  CHECK(find(describe(latent("Glm4MoeLiteForCausalLM", R"(, "topk_method": "greedy")")), name));
}

TEST_CASE("mla: a layer for speculation is described and not priced without it") {
  const auto more = R"(, "num_nextn_predict_layers": 1)";
  const auto blueprint = describe(latent("DeepseekV3ForCausalLM", more));
  CHECK(blueprint.traits.draft_layers == 1);
  REQUIRE(find(blueprint, "model.layers.*.eh_proj"));
  CHECK((find(blueprint, "model.layers.*.eh_proj")->flags & VRAMAUTO_DRAFT) != 0);
  const auto with = price(latent("DeepseekV3ForCausalLM", more), {{"engine-version", "0.33.0"}});
  const auto without = price(latent("DeepseekV3ForCausalLM"), {{"engine-version", "0.33.0"}});
  CHECK(with->ranks[0].parameter_bytes == without->ranks[0].parameter_bytes);
  CHECK(with->bytes_per_block == without->bytes_per_block);
}

TEST_CASE("mla: of eight layers four own an indexer where each fourth from the third on does") {
  const auto blueprint = describe(latent("GlmMoeDsaForCausalLM", R"(, "num_hidden_layers": 8, "index_topk": 64, "index_n_heads": 2,
    "index_head_dim": 128, "index_topk_freq": 4, "index_skip_topk_offset": 3)"));
  CHECK(layers_with(blueprint, VRAMAUTO_CACHE_INDEXER) == 4);
  CHECK(layers_with(blueprint, VRAMAUTO_CACHE_LATENT) == 8);
  for (const auto& cache : blueprint.caches) {
    if (cache.kind == VRAMAUTO_CACHE_INDEXER) CHECK(cache.entry_bytes == 132);
    if (cache.kind == VRAMAUTO_CACHE_LATENT) CHECK((cache.flags & VRAMAUTO_SPARSE) != 0);
  }
}

TEST_CASE("mla: a quantised kv_b is kept in 16 bit beside itself, one that is not is a view") {
  const auto fp8 = R"(, "quantization_config": {"quant_method": "fp8", "activation_scheme": "dynamic"})";
  const auto quantised = price(latent("DeepseekV3ForCausalLM", fp8), {{"engine-version", "0.33.0"}});
  CHECK(component(*quantised, "made while loading") == 4 * (4 * 16) * 16 * 2);
  CHECK(component(*price(latent("DeepseekV3ForCausalLM"), {{"engine-version", "0.33.0"}}), "made while loading") == 0);
}

TEST_CASE("mla: YaRN's table is in float32, and there are two, where vLLM 0.33 runs sparse attention without torch.compile") {
  constexpr auto scaled = R"(, "qk_rope_head_dim": 64, "max_position_embeddings": 4096, "index_topk": 64, "index_n_heads": 2,
    "index_head_dim": 128, "rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 1024})";
  constexpr Bytes table = 4096 * 64;
  CHECK(component(*price(latent("DeepseekV32ForCausalLM", scaled), {{"engine-version", "0.33.0"}}), "rope") == 2 * table * 4);
  CHECK(component(*price(latent("DeepseekV32ForCausalLM", scaled), {{"engine-version", "0.19.1"}}), "rope") == 2 * table * 2);
  CHECK(component(*price(latent("DeepseekV3ForCausalLM", scaled), {{"engine-version", "0.33.0"}}), "rope") == 2 * table * 2);
}

TEST_CASE("mla: vLLM 0.19 takes head_dim for the rotary part, so a latent of another width has no kernel") {
  const auto config = latent("GlmMoeDsaForCausalLM", R"(, "head_dim": 12)");
  CHECK(shipped::try_price(config, {{"engine-version", "0.33.0"}}));
  const auto old = shipped::try_price(config, {{"engine-version", "0.19.1"}});
  REQUIRE_FALSE(old);
  CHECK(old.error().message.find("No valid attention backend found for cuda with head_size=28") == 0);
}

TEST_CASE("mla: MiniCPM3 multiplies its latents back: keys and values of every head, as wide as keys") {
  const auto blueprint = describe(latent("MiniCPM3ForCausalLM"));
  REQUIRE(blueprint.caches.size() == 1);
  CHECK(blueprint.caches[0].kind == VRAMAUTO_CACHE_FULL);
  CHECK(blueprint.caches[0].heads == 4);
  CHECK(blueprint.caches[0].k_dim == 12);
  CHECK(blueprint.caches[0].v_dim == 12);
}

TEST_CASE("mla: DeepSeek-V4 keeps a window in each layer, compressed entries in some, index keys where four tokens make one") {
  const auto blueprint = describe(compressed());
  CHECK(layers_with(blueprint, VRAMAUTO_CACHE_INDEXER) == 2);
  CHECK(layers_with(blueprint, VRAMAUTO_CACHE_RING) == 1 + 2 * 2);
  CHECK(layers_with(blueprint, VRAMAUTO_CACHE_LATENT) == 4 + 3);
}

TEST_CASE("mla: DeepSeek-V4's first layers look experts up by token, the others correct scores") {
  const auto blueprint = describe(compressed());
  const auto* lookup = find(blueprint, "layers.*.ffn.gate.tid2eid");
  REQUIRE(lookup);
  CHECK(lookup->layers.first == 0);
  CHECK(lookup->layers.count == 1);
  CHECK(lookup->rows * lookup->cols == 256 * 2);
  CHECK(find(blueprint, "layers.*.ffn.gate.bias")->layers.first == 1);
}

TEST_CASE("mla: DeepSeek-V4's routed experts are in four bit unless expert_dtype says otherwise") {
  constexpr auto fp8 = R"(, "moe_intermediate_size": 128, "quantization_config": {"quant_method": "fp8",
    "activation_scheme": "dynamic", "weight_block_size": [128, 128]})";
  const auto four = price(compressed(fp8), {{"engine-version", "0.33.0"}});
  const auto eight = price(compressed(std::string(fp8) + R"(, "expert_dtype": "fp8")"), {{"engine-version", "0.33.0"}});
  CHECK(four->ranks[0].parameter_bytes < eight->ranks[0].parameter_bytes);
}

TEST_CASE("mla: a layer of LongCat is two of attention, and its router also knows experts that do nothing") {
  const auto blueprint = describe(latent("LongcatFlashForCausalLM", R"(, "zero_expert_num": 4, "moe_topk": 2)"));
  CHECK(layers_with(blueprint, VRAMAUTO_CACHE_LATENT) == 8);
  CHECK(find(blueprint, "model.layers.*.mlp.router.classifier")->rows == 12);
}

TEST_CASE("mla: Ling keeps states in all but the last layer of each group") {
  const auto ling = [](std::string_view architecture) {
    return describe(latent(architecture, R"(, "num_hidden_layers": 9, "layer_group_size": 4, "head_dim": 16, "num_experts": 8,
      "num_shared_experts": 1)"));
  };
  CHECK(layers_with(ling("BailingMoeV2_5ForCausalLM"), VRAMAUTO_CACHE_STATE) == 7);  // the ninth begins a group
  CHECK(layers_with(ling("BailingMoeV3ForCausalLM"), VRAMAUTO_CACHE_STATE) == 6);    // the ninth is left over
}

TEST_CASE("mla: what has no latents is passed on") {
  CHECK(describe(latent("DeepseekV2ForCausalLM", R"(, "qk_nope_head_dim": 0, "qk_rope_head_dim": 0, "head_dim": 16)")).estimator !=
        "mla");
}

TEST_CASE("mla: a configuration that cannot be is refused with the key, what it says and what was expected") {
  CHECK(refusal(latent("DeepseekV3ForCausalLM", R"(, "kv_lora_rank": null)")) ==
        "/kv_lora_rank is null, expected a positive integer");
  CHECK(refusal(latent("DeepseekV3ForCausalLM", R"(, "num_experts_per_tok": 9)")).find("expected at most the 8 experts") !=
        std::string::npos);
  CHECK(refusal(latent("DeepseekV3ForCausalLM", R"(, "num_nextn_predict_layers": -1)")).find("expected 0 to 64") !=
        std::string::npos);
  CHECK(refusal(latent("DeepseekV3ForCausalLM", R"(, "num_attention_heads": 65536, "hidden_size": 65536, "v_head_dim": 65536)"))
            .find("65536 x 65548 numbers, expected at most 536870912") != std::string::npos);
  CHECK(refusal(compressed(R"(, "layer_types": ["sliding_attention"])")).find("expected one for each of 4 layers") !=
        std::string::npos);
}

TEST_CASE("mla: GLM-5.3-Flash pools index keys beside a ring of those that wait, and its attention knows no positions") {
  const auto blueprint = describe(latent("Glm5NextForCausalLM", R"(, "qk_rope_head_dim": 0, "index_topk": 64, "index_n_heads": 2,
    "index_head_dim": 128, "index_kpool": 8, "hc_mult": 2, "linear_num_heads": 4, "linear_head_dim": 16)"));
  CHECK(layers_with(blueprint, VRAMAUTO_CACHE_STATE) == 3);
  CHECK(layers_with(blueprint, VRAMAUTO_CACHE_RING) == 1);
  for (const auto& cache : blueprint.caches)
    if (cache.kind == VRAMAUTO_CACHE_INDEXER) CHECK(cache.compress == 8);
  for (const auto& weights : blueprint.weights) CHECK(weights.role != VRAMAUTO_ROLE_ROPE);
}

TEST_CASE("mla: layers that draft are loaded with speculation, and keep a cache of their own") {
  const auto config = latent("DeepseekV3ForCausalLM", R"(, "num_nextn_predict_layers": 1)");
  const auto plain = price(config, {{"engine-version", "0.33.0"}});
  const auto drafts = price(config, {{"engine-version", "0.33.0"}, {"speculative-config", R"({"method": "mtp"})"}});
  const Bytes attention = 2048 + 1280 + 32 + 1536 + 16 + 1024 + 2048, sparse = 8 * 64 + 3 * 16 * 64 + 8 * 3 * 16 * 64;
  const Bytes own = 3 * 64 + 64 * 128;  // norms of embedding, hidden state and head, and what joins the first two
  CHECK(component(*drafts, "draft layers") == 2 * (attention + 2 * 64 + sparse + own) + 8 * 4);
  CHECK(component(*plain, "draft layers") == 0);
  CHECK(drafts->bytes_per_block == plain->bytes_per_block / 4 * 5);
}

TEST_CASE("mla: 128 MiB of a kernel's workspace count as weights where choosing a kernel imports all, or where it runs") {
  const auto config = latent("DeepseekV3ForCausalLM");
  constexpr Bytes workspace = 128ull << 20;
  CHECK(component(*price(config, {{"engine-version", "0.19.1"}}), "buffers") > workspace);
  CHECK(component(*price(config, {{"engine-version", "0.33.0"}}), "buffers") < workspace);
}
