// Qwen3-Next and Qwen3.5 to 3.8: three gated delta nets to one gated attention, experts or MLPs. Source: vLLM 0.33 and 0.19.1,
// models/qwen3_next.py, qwen3_5.py and their *_mtp.py.
#include <algorithm>

#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kNames{
    "model.embed_tokens", "model.layers.*.", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
    "self_attn.o_proj",   "mlp.gate_proj",   "mlp.up_proj",      "mlp.down_proj",    "input_layernorm post_attention_layernorm",
    "model.norm",         "lm_head"};
constexpr Family kNext{.architectures = "Qwen3NextForCausalLM",
                       .names = &kNames,
                       .qkv_bias = "qkv_bias",
                       .qk_norm = QkNorm::head_rms,
                       .tie = Tie::never,
                       .rotary_part = 0.25};
constexpr Family kNewer{.architectures = "Qwen3_5ForCausalLM Qwen3_5MoeForCausalLM",
                        .names = &kNames,
                        .qkv_bias = "qkv_bias",
                        .qk_norm = QkNorm::head_rms,
                        .rotary_part = 0.25};

class QwenWriter : public HybridWriter {
 public:
  QwenWriter(const Description& model, const Family& family, Sizes sizes, bool dense, std::uint32_t drafts)
      : HybridWriter(model, family, std::move(sizes)), dense_(dense), drafts_(drafts) {}

  void complete(vramauto_traits& traits) const { traits.draft_layers = drafts_; }

 protected:
  vramauto_status shapes() override;
  vramauto_status norms(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status drafts() override;

 private:
  vramauto_status read_kinds();
  vramauto_status read_delta();
  vramauto_status read_experts();
  Answer<std::vector<std::string>> read_types() const;
  Answer<bool> has_experts(std::uint32_t layer) const;

  bool dense_, layer_scale_ = false;
  std::uint32_t drafts_, step_ = 1, intermediate_ = 0;
  std::vector<std::uint32_t> dense_layers_;
};

vramauto_status QwenWriter::read_delta() {
  GatedDelta delta;
  delta.key_heads = VRAMAUTO_READ(size(model_, "linear_num_key_heads", kMostHeads));
  delta.value_heads = VRAMAUTO_READ(size(model_, "linear_num_value_heads", kMostHeads));
  delta.key_dim = VRAMAUTO_READ(size(model_, "linear_key_head_dim", kMostHeads));
  delta.value_dim = VRAMAUTO_READ(size(model_, "linear_value_head_dim", kMostHeads));
  delta.kernel = VRAMAUTO_READ(size(model_, "linear_conv_kernel_dim", 1024));
  VRAMAUTO_DO(product(model_, "linear_num_key_heads x linear_key_head_dim", delta.key_heads, delta.key_dim).status);
  VRAMAUTO_DO(product(model_, "linear_num_value_heads x linear_value_head_dim", delta.value_heads, delta.value_dim).status);
  delta.layout = family_.tie == Tie::never ? DeltaLayout::fused : DeltaLayout::separate;
  delta_ = delta;
  mixer_prefix_ = "linear_attn.";
  return VRAMAUTO_OK;
}

vramauto_status QwenWriter::read_experts() {
  if (dense_) return VRAMAUTO_OK;
  experts_.count = VRAMAUTO_READ(size_or_none(model_, "num_experts", kMostExperts));
  if (experts_.count == 0) return VRAMAUTO_OK;
  experts_.per_token = VRAMAUTO_READ(size(model_, "num_experts_per_tok", experts_.count));
  experts_.width = VRAMAUTO_READ(size(model_, "moe_intermediate_size", kMostWidth));
  experts_.shared_width = VRAMAUTO_READ(size_or_none(model_, "shared_expert_intermediate_size", kMostWidth));
  experts_.has_switch = true;
  expert_names_.shared_gate = "mlp.shared_expert.gate_proj";
  expert_names_.shared_up = "mlp.shared_expert.up_proj";
  expert_names_.shared_down = "mlp.shared_expert.down_proj";
  // Qwen3.5 builds experts in every layer: vLLM 0.33, models/qwen3_5.py, Qwen3_5DecoderLayer.
  if (family_.tie != Tie::never) return VRAMAUTO_OK;
  step_ = VRAMAUTO_READ(size(model_, "decoder_sparse_step", kMostLayers, 1));
  dense_layers_ = VRAMAUTO_READ(numbers(model_, "mlp_only_layers", kMostLayers));
  return VRAMAUTO_OK;
}

// layer_types, or every full_attention_interval-th layer attends: transformers 5.24, models/qwen3_next/configuration_qwen3_next.py.
Answer<std::vector<std::string>> QwenWriter::read_types() const {
  auto types = VRAMAUTO_TAKE(words(model_, "layer_types"));
  if (types.empty()) {
    const auto interval = VRAMAUTO_TAKE(size(model_, "full_attention_interval", kMostLayers, 4));
    for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer)
      types.emplace_back((layer + 1) % interval ? "linear_attention" : "full_attention");
  }
  if (types.size() >= sizes_.layers) return {std::move(types), VRAMAUTO_OK};
  return {{},
          model_.fail(VRAMAUTO_E_FORMAT, "/layer_types has " + std::to_string(types.size()) +
                                             " entries, expected one for each of " + std::to_string(sizes_.layers) + " layers")};
}

vramauto_status QwenWriter::read_kinds() {
  const auto types = VRAMAUTO_READ(read_types());
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    const bool full = types[layer] == "full_attention";
    if (!full && types[layer] != "linear_attention")
      return model_.fail(VRAMAUTO_E_FORMAT,
                         "/layer_types has \"" + types[layer] + "\", expected linear_attention or full_attention");
    auto shape = full ? attention_shape() : of(kDelta);
    const bool dense = std::find(dense_layers_.begin(), dense_layers_.end(), layer) != dense_layers_.end();
    if (experts_.count && !dense && (layer + 1) % step_ == 0)
      shape.feed = kExperts;
    else
      shape.intermediate = intermediate_ ? intermediate_ : VRAMAUTO_READ(size(model_, "intermediate_size", kMostWidth));
    sizes_.blocks.push_back(shape);
  }
  return VRAMAUTO_OK;
}

vramauto_status QwenWriter::shapes() {
  gated_query_ = VRAMAUTO_READ(holds(model_, "+attn_output_gate"));
  layer_scale_ = VRAMAUTO_READ(holds(model_, "layer_scale"));
  VRAMAUTO_DO(read_delta());
  VRAMAUTO_DO(read_experts());
  state_dtype_ = VRAMAUTO_READ(read_state_dtype(model_, "mamba_ssm_dtype"));
  return read_kinds();
}

vramauto_status QwenWriter::norms(const LayerShape& shape, const vramauto_layers& range) {
  VRAMAUTO_DO(Writer::norms(shape, range));
  if (!layer_scale_) return VRAMAUTO_OK;
  const auto at = place("", range);
  VRAMAUTO_DO(at.norm("attn_layer_scale", sizes_.hidden));
  return at.norm("ffn_layer_scale", sizes_.hidden);
}

// Layers that speculation adds: full attention each, behind a projection of embedding and hidden state.
vramauto_status QwenWriter::drafts() {
  if (drafts_ == 0) return VRAMAUTO_OK;
  const Description drafted(model_, VRAMAUTO_DRAFT);
  for (std::uint32_t i = 0; i < drafts_; ++i) {
    auto names = kNames;
    const auto prefix = "mtp.layers." + std::to_string(i) + ".";
    names.layer = prefix;
    auto family = family_;
    family.names = &names;
    QwenWriter layer(drafted, family, sizes_, dense_, 0);
    layer.sizes_.blocks.clear();
    VRAMAUTO_DO(layer.shapes());
    layer.windows_ = windows_;
    layer.qk_norm_ = qk_norm_;
    layer.biases_ = biases_;
    layer.norms_ = norms_;
    auto shape = attention_shape();
    shape.feed = experts_.count ? kExperts : kMlp;
    if (!experts_.count) shape.intermediate = VRAMAUTO_READ(size(model_, "intermediate_size", kMostWidth));
    const vramauto_layers range{static_cast<std::int32_t>(sizes_.layers + i), 1, 1, 1};
    if (i == 0) {
      const Place at{drafted, "mtp.", range, sizes_.hidden};
      VRAMAUTO_DO(at.linear("fc", sizes_.hidden, 2ull * sizes_.hidden, VRAMAUTO_SPLIT_ROWS));
      for (const auto* norm : {"norm", "pre_fc_norm_hidden", "pre_fc_norm_embedding"}) VRAMAUTO_DO(at.norm(norm, sizes_.hidden));
    }
    VRAMAUTO_DO(layer.mixer(shape, range));
    VRAMAUTO_DO(layer.feed(shape, range));
    VRAMAUTO_DO(layer.norms(shape, range));
    VRAMAUTO_DO(layer.forward(shape, range));
    VRAMAUTO_DO(layer.cache(shape, 0, {range}));
  }
  return VRAMAUTO_OK;
}

}  // namespace

vramauto_status describe_qwen(const Description& model, std::string_view architecture) {
  const bool next = architecture == "Qwen3NextForCausalLM";
  const auto& family = next ? kNext : kNewer;
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, family));
  const auto drafts =
      VRAMAUTO_READ(size_or_none(model, next ? "num_nextn_predict_layers" : "mtp_num_hidden_layers", 16, next ? 1 : 0));
  return write<QwenWriter>(model, family, std::move(sizes), architecture == "Qwen3_5ForCausalLM", drafts);
}

}  // namespace vramauto::estimator::hybrid
