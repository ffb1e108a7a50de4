// AliceAI and OLMo Hybrid: linear attention of others' kinds between attention of their own. Source: vLLM 0.33, models/alice_ai.py;
// vLLM 0.33 and 0.19.1, models/olmo_hybrid.py; transformers 5.24, models/olmo_hybrid/configuration_olmo_hybrid.py.
#include <algorithm>

#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kAliceNames{"model.embed_tokens",
                            "model.layers.*.",
                            "self_attn.q_proj",
                            "self_attn.k_proj",
                            "self_attn.v_proj",
                            "self_attn.o_proj",
                            "",
                            "",
                            "",
                            "input_layernorm post_attention_layernorm",
                            "model.norm",
                            "lm_head"};
constexpr Names kOlmoNames{
    "model.embed_tokens", "model.layers.*.", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
    "self_attn.o_proj",   "mlp.gate_proj",   "mlp.up_proj",      "mlp.down_proj",    "input_layernorm post_attention_layernorm",
    "model.norm",         "lm_head"};
constexpr Family kAlice{.architectures = "AliceAIForCausalLM",
                        .names = &kAliceNames,
                        .qk_norm = QkNorm::head_rms,
                        .tie = Tie::never,
                        .rotary_part = 0.25};
constexpr Family kOlmo{
    .architectures = "OlmoHybridForCausalLM", .names = &kOlmoNames, .head_dim_key = false, .qk_norm = QkNorm::full_rms};

// Layers in order: linear attention or attention with keys and values.
Answer<std::vector<bool>> read_attends(const Description& model, std::uint32_t layers) {
  const auto types = VRAMAUTO_TAKE(words(model, "layer_types"));
  std::vector<bool> out(layers);
  if (types.empty()) {
    for (std::uint32_t layer = 0; layer < layers; ++layer) out[layer] = layer % 4 == 3;
    if (layers < 4) out.back() = true;
    return {std::move(out), VRAMAUTO_OK};
  }
  if (types.size() < layers)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, "/layer_types has " + std::to_string(types.size()) +
                                              " entries, expected one for each of " + std::to_string(layers) + " layers")};
  for (std::uint32_t layer = 0; layer < layers; ++layer) out[layer] = types[layer] == "full_attention";
  return {std::move(out), VRAMAUTO_OK};
}

class AliceWriter : public HybridWriter {
 public:
  using HybridWriter::HybridWriter;
  void complete(vramauto_traits&) const {}

 protected:
  vramauto_status shapes() override {
    gated_query_ = true;
    mixer_prefix_ = "linear_attn.";
    KimiDelta delta;
    delta.heads = VRAMAUTO_READ(size(model_, "linear_num_key_heads", kMostHeads));
    delta.head_dim = VRAMAUTO_READ(size(model_, "linear_key_head_dim", kMostHeads));
    delta.kernel = VRAMAUTO_READ(size(model_, "linear_conv_kernel_dim", 1024));
    VRAMAUTO_READ(product(model_, "linear_num_key_heads x linear_key_head_dim", delta.heads, delta.head_dim));
    kimi_delta_ = delta;
    experts_.count = VRAMAUTO_READ(size(model_, "num_experts", kMostExperts));
    experts_.per_token = VRAMAUTO_READ(size(model_, "num_experts_per_tok", experts_.count));
    experts_.width = VRAMAUTO_READ(size(model_, "moe_intermediate_size", kMostWidth));
    experts_.shared_width = VRAMAUTO_READ(size_or_none(model_, "shared_expert_intermediate_size", kMostWidth));
    experts_.has_switch = true;
    experts_.correction = true;
    expert_names_.shared_gate = "mlp.shared_expert.gate_proj";
    expert_names_.shared_up = "mlp.shared_expert.up_proj";
    expert_names_.shared_down = "mlp.shared_expert.down_proj";
    const auto attends = VRAMAUTO_READ(read_attends(model_, sizes_.layers));
    for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
      auto shape = attends[layer] ? attention_shape() : of(kKimiDelta);
      shape.feed = kExperts;
      shape.own = layer == 0;  // the first has no residuals before it
      sizes_.blocks.push_back(shape);
    }
    return VRAMAUTO_OK;
  }

  vramauto_status norms(const LayerShape& shape, const vramauto_layers& range) override {
    VRAMAUTO_DO(HybridWriter::norms(shape, range));
    const auto at = place("", range);
    if (!shape.own)
      for (const auto* part : {"attn_res_proj", "attn_res_norm_weight"}) VRAMAUTO_DO(at.norm(part, sizes_.hidden));
    VRAMAUTO_DO(at.norm("mlp_res_proj", sizes_.hidden));
    return at.norm("mlp_res_norm_weight", sizes_.hidden);
  }

  vramauto_status output() override {
    VRAMAUTO_DO(add_norm("model.attnres_final.res_proj", kOutput, sizes_.hidden));
    VRAMAUTO_DO(add_norm("model.attnres_final.res_norm_weight", kOutput, sizes_.hidden));
    return HybridWriter::output();
  }
};

class OlmoWriter : public HybridWriter {
 public:
  using HybridWriter::HybridWriter;
  void complete(vramauto_traits&) const {}

 protected:
  vramauto_status shapes() override {
    mixer_prefix_ = "linear_attn.";
    // Without rope_theta there are no positions.
    rope_ = !model_.first("rope_theta").empty() || model_.has("/rope_parameters/rope_theta");
    VRAMAUTO_DO(read_delta());
    const auto width = VRAMAUTO_READ(size(model_, "intermediate_size", kMostWidth));
    const auto attends = VRAMAUTO_READ(read_attends(model_, sizes_.layers));
    for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
      auto shape = attends[layer] ? attention_shape() : of(kDelta);
      shape.intermediate = width;
      sizes_.blocks.push_back(shape);
    }
    return VRAMAUTO_OK;
  }

  // Attention layers norm what comes out of each half, the others what goes in.
  vramauto_status norms(const LayerShape& shape, const vramauto_layers& range) override {
    if (shape.mixer != kAttention) return HybridWriter::norms(shape, range);
    VRAMAUTO_DO(add_norm(named("post_attention_layernorm"), range, sizes_.hidden));
    return add_norm(named("post_feedforward_layernorm"), range, sizes_.hidden);
  }

 private:
  vramauto_status read_delta() {
    GatedDelta delta;
    delta.layout = DeltaLayout::olmo;
    delta.key_heads = VRAMAUTO_READ(size(model_, "linear_num_key_heads", kMostHeads, sizes_.heads));
    delta.value_heads = VRAMAUTO_READ(size(model_, "linear_num_value_heads", kMostHeads, sizes_.heads));
    const auto key = std::max<std::uint64_t>(1, 3ull * sizes_.hidden / 4 / delta.key_heads);
    delta.key_dim = VRAMAUTO_READ(size(model_, "linear_key_head_dim", kMostHeads, key));
    delta.value_dim = VRAMAUTO_READ(size(model_, "linear_value_head_dim", kMostHeads, 2ull * delta.key_dim));
    delta.kernel = VRAMAUTO_READ(size(model_, "linear_conv_kernel_dim", 1024, 4));
    VRAMAUTO_READ(product(model_, "linear_num_key_heads x linear_key_head_dim", delta.key_heads, delta.key_dim));
    VRAMAUTO_READ(product(model_, "linear_num_value_heads x linear_value_head_dim", delta.value_heads, delta.value_dim));
    delta_ = delta;
    return VRAMAUTO_OK;
  }
};

}  // namespace

vramauto_status describe_alice(const Description& model, std::string_view) {
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, kAlice));
  return write<AliceWriter>(model, kAlice, std::move(sizes));
}

vramauto_status describe_olmo(const Description& model, std::string_view) {
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, kOlmo));
  return write<OlmoWriter>(model, kOlmo, std::move(sizes));
}

}  // namespace vramauto::estimator::hybrid
