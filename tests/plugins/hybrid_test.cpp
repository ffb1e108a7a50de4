#include "shipped.hpp"

using namespace vramauto;
using shipped::describe;
using shipped::find;
using shipped::price;
using shipped::refusal;
using shipped::try_price;

namespace {

// Keys given in `more` come on top of these, or in their place.
std::string with(std::string_view architecture, std::initializer_list<std::pair<std::string_view, std::string_view>> keys,
                 std::string_view more) {
  std::string out = fmt::format(R"({{"architectures": ["{}"], "torch_dtype": "bfloat16", "model_type": "made_up")", architecture);
  for (const auto& [key, value] : keys)
    if (more.find(fmt::format("\"{}\"", key)) == std::string_view::npos) out += fmt::format(", \"{}\": {}", key, value);
  return out + std::string(more) + "}";
}

std::string nemotron(std::string_view more = {}) {
  return with("NemotronHForCausalLM",
              {{"hybrid_override_pattern", "\"ME*-\""},
               {"hidden_size", "64"},
               {"vocab_size", "256"},
               {"num_attention_heads", "4"},
               {"num_key_value_heads", "2"},
               {"head_dim", "16"},
               {"intermediate_size", "96"},
               {"mamba_num_heads", "8"},
               {"mamba_head_dim", "16"},
               {"ssm_state_size", "32"},
               {"n_groups", "2"},
               {"conv_kernel", "4"},
               {"chunk_size", "128"},
               {"n_routed_experts", "4"},
               {"num_experts_per_tok", "2"},
               {"moe_intermediate_size", "24"},
               {"n_shared_experts", "1"},
               {"moe_shared_expert_intermediate_size", "48"},
               {"max_position_embeddings", "1024"}},
              more);
}

std::string qwen(std::string_view architecture = "Qwen3_5ForCausalLM", std::string_view more = {}) {
  return with(architecture,
              {{"num_hidden_layers", "4"},
               {"full_attention_interval", "4"},
               {"hidden_size", "64"},
               {"vocab_size", "256"},
               {"num_attention_heads", "4"},
               {"num_key_value_heads", "2"},
               {"head_dim", "16"},
               {"intermediate_size", "96"},
               {"linear_num_key_heads", "2"},
               {"linear_num_value_heads", "4"},
               {"linear_key_head_dim", "8"},
               {"linear_value_head_dim", "16"},
               {"linear_conv_kernel_dim", "4"},
               {"max_position_embeddings", "1024"}},
              more);
}

std::string zamba(std::string_view more = {}) {
  return with("Zamba2ForCausalLM",
              {{"num_hidden_layers", "4"},
               {"layers_block_type", R"(["mamba", "hybrid", "hybrid", "hybrid"])"},
               {"hidden_size", "64"},
               {"vocab_size", "256"},
               {"num_attention_heads", "4"},
               {"intermediate_size", "96"},
               {"n_mamba_heads", "8"},
               {"mamba_d_state", "16"},
               {"mamba_ngroups", "2"},
               {"num_mem_blocks", "2"},
               {"adapter_rank", "4"},
               {"max_position_embeddings", "1024"}},
              more);
}

std::uint32_t layers_with(const estimator::Blueprint& blueprint, vramauto_cache_kind kind) {
  std::uint32_t sum = 0;
  for (const auto& cache : blueprint.caches)
    if (cache.kind == kind && !(cache.flags & VRAMAUTO_DRAFT)) sum += cache.layers.count;
  return sum;
}

const vramauto_cache& state_of(const estimator::Blueprint& blueprint) {
  const auto at = std::find_if(blueprint.caches.begin(), blueprint.caches.end(),
                               [](const auto& cache) { return cache.kind == VRAMAUTO_CACHE_STATE; });
  REQUIRE(at != blueprint.caches.end());
  return *at;
}

}  // namespace

TEST_CASE("hybrid: a small Nemotron has as many elements as its tensors have by hand") {
  const std::uint64_t conv = (128 + 2 * 2 * 32) * 5, in = (2 * 128 + 2 * 2 * 32 + 8) * 64, rest = 3 * 8 + 64 * 128 + 128;
  const std::uint64_t experts = 4 * 64 + 4 + 2 * 48 * 64 + 4 * 2 * 24 * 64, attention = 2 * 64 * 64 + 2 * 32 * 64,
                      mlp = 2 * 96 * 64;
  const auto blueprint = describe(nemotron());
  CHECK(blueprint.estimator == "hybrid");
  CHECK(shipped::stored_elements(blueprint) == 2 * 256 * 64 + 64 + 4 * 64 + conv + in + rest + experts + attention + mlp);
}

TEST_CASE("hybrid: a list of layers' kinds says the same as a pattern of letters") {
  const auto listed =
      describe(nemotron(R"(, "hybrid_override_pattern": null, "layers_block_type": ["mamba", "moe", "attention", "mlp"])"));
  CHECK(shipped::stored_elements(listed) == shipped::stored_elements(describe(nemotron())));
}

TEST_CASE("hybrid: experts behind a latent projection see its width, and the projections are whole on every rank") {
  const auto blueprint = describe(nemotron(R"(, "moe_latent_size": 32)"));
  CHECK(find(blueprint, "backbone.layers.*.mixer.experts.*.up_proj")->cols == 32);
  REQUIRE(find(blueprint, "backbone.layers.*.mixer.fc1_latent_proj"));
  CHECK(find(blueprint, "backbone.layers.*.mixer.fc1_latent_proj")->split == VRAMAUTO_SPLIT_NONE);
}

TEST_CASE("hybrid: a layer of a heterogeneous Nemotron has its own number of experts") {
  const auto blueprint = describe(nemotron(R"(, "block_configs": [{}, {"n_routed_experts": 2}, {}, {}])"));
  CHECK(find(blueprint, "backbone.layers.*.mixer.experts.*.up_proj")->copies == 2);
}

TEST_CASE("hybrid: what Nemotron drafts with are two layers after its own, marked as drafts") {
  const auto blueprint = describe(nemotron(R"(, "num_nextn_predict_layers": 1)"));
  CHECK(blueprint.traits.draft_layers == 2);
  const auto* drafted = find(blueprint, "mtp.layers.1.mixer.experts.*.up_proj");
  REQUIRE(drafted);
  CHECK((drafted->flags & VRAMAUTO_DRAFT) != 0);
  CHECK(drafted->layers.first == 5);
}

TEST_CASE("hybrid: one group of Mamba-2 is on every rank, two are divided, and three ranks are refused") {
  const auto at = [](std::string_view more, std::string_view tp) {
    return price(nemotron(more), {{"engine-version", "0.33.0"}, {"tp", tp}})->ranks[0].parameter_bytes;
  };
  const auto rows = [&](std::string_view more) { return at(more, "1") - at(more, "2"); };
  // What the second group adds to conv (with its bias) and in_proj is halved as all the rest is.
  CHECK(rows("") - rows(R"(, "n_groups": 1)") == 2 * (2 * 32 * 5 + 2 * 32 * 64) * 2 / 2);
  CHECK_FALSE(try_price(nemotron(R"(, "num_attention_heads": 12, "head_dim": 16, "num_key_value_heads": 3, "mamba_num_heads": 9)"),
                        {{"engine-version", "0.33.0"}, {"tp", "3"}}));
}

TEST_CASE("hybrid: layers for speculation are described, and not loaded without it") {
  const auto blueprint = describe(nemotron(R"(, "num_nextn_predict_layers": 1, "mtp_hybrid_override_pattern": "*E")"));
  CHECK(blueprint.traits.draft_layers == 2);
  REQUIRE(find(blueprint, "mtp.layers.0.eh_proj"));
  CHECK((find(blueprint, "mtp.layers.0.eh_proj")->flags & VRAMAUTO_DRAFT) != 0);
}

TEST_CASE("hybrid: three gated delta nets to one attention, whose query brings a gate") {
  const auto blueprint = describe(qwen());
  CHECK(layers_with(blueprint, VRAMAUTO_CACHE_STATE) == 3);
  CHECK(layers_with(blueprint, VRAMAUTO_CACHE_FULL) == 1);
  CHECK(find(blueprint, "model.layers.*.self_attn.q_proj")->rows == 2 * 64);
  CHECK(state_of(blueprint).conv_channels == 2 * 2 * 8 + 4 * 16);
  CHECK(state_of(blueprint).state_elements == 8 * 16);
}

TEST_CASE("hybrid: Qwen3-Next stores fused what Qwen3.5 stores in parts") {
  CHECK(find(describe(qwen("Qwen3NextForCausalLM", R"(, "num_experts": 0)")), "model.layers.*.linear_attn.in_proj_qkvz"));
  CHECK(find(describe(qwen()), "model.layers.*.linear_attn.in_proj_z"));
}

TEST_CASE("hybrid: the file names what recurrent states are held in") {
  CHECK(state_of(describe(qwen("Qwen3_5ForCausalLM", R"(, "mamba_ssm_dtype": "float32")"))).state_dtype == VRAMAUTO_F32);
  CHECK(state_of(describe(qwen())).state_dtype == 0);
  CHECK(refusal(qwen("Qwen3_5ForCausalLM", R"(, "mamba_ssm_dtype": "float31")")).find("float31") != std::string::npos);
}

TEST_CASE("hybrid: shared transformer blocks are there once each, their adapters in every layer that uses them") {
  const auto blueprint = describe(zamba());
  const auto count = [&](std::string_view name) {
    std::uint32_t sum = 0;
    for (const auto& w : blueprint.weights)
      if (w.pattern == name) sum += w.layers.count ? w.layers.count : 1;
    return sum;
  };
  CHECK(count("model.layers.*.shared_transformer.feed_forward.down_proj") == 2);
  CHECK(count("model.layers.*.shared_transformer.feed_forward.gate_up_proj_adapter_list.0") == 3);
  CHECK(layers_with(blueprint, VRAMAUTO_CACHE_FULL) == 3);
}

TEST_CASE("hybrid: heads narrower than Mamba-2 itself end a start of Zamba2") {
  CHECK(refusal(zamba(R"(, "mamba_headdim": 16)")) == "described");
  CHECK(refusal(zamba(R"(, "mamba_headdim": 8)")).find("pages too small") != std::string::npos);
}

TEST_CASE("hybrid: Granite 4 without experts and states is left to the plain decoder") {
  const auto granite = with("GraniteMoeHybridForCausalLM",
                            {{"num_hidden_layers", "2"},
                             {"layer_types", R"(["attention", "attention"])"},
                             {"hidden_size", "64"},
                             {"vocab_size", "256"},
                             {"num_attention_heads", "4"},
                             {"intermediate_size", "96"},
                             {"shared_intermediate_size", "96"},
                             {"num_local_experts", "0"},
                             {"max_position_embeddings", "1024"}},
                            {});
  CHECK(describe(granite).estimator == "decoder");
}

TEST_CASE("hybrid: numbers that make no model are refused by name") {
  CHECK(refusal(nemotron(R"(, "hybrid_override_pattern": "MX")")).find("hybrid_override_pattern") != std::string::npos);
  CHECK(refusal(nemotron(R"(, "mamba_num_heads": 65536, "mamba_head_dim": 65536)")).find("65536") != std::string::npos);
  CHECK(refusal(qwen("Qwen3_5ForCausalLM", R"(, "layer_types": ["linear_attention"])")).find("layer_types") != std::string::npos);
  CHECK(refusal(qwen("Qwen3_5ForCausalLM", R"(, "linear_num_key_heads": -1)")).find("linear_num_key_heads") != std::string::npos);
}
