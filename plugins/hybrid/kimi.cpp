// Kimi Linear and the text part of Kimi K3: three delta attentions to one latent attention, MLPs and experts. Source: vLLM 0.33,
// models/kimi_k3/nvidia/model.py and transformers_utils/configs/kimi_linear.py; vLLM 0.19.1, models/kimi_linear.py.
#include <algorithm>

#include "latent.hpp"
#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kNames{"model.embed_tokens",
                       "model.layers.*.",
                       "self_attn.q_proj",
                       "",
                       "",
                       "self_attn.o_proj",
                       "mlp.gate_proj",
                       "mlp.up_proj",
                       "mlp.down_proj",
                       "input_layernorm post_attention_layernorm",
                       "model.norm",
                       "lm_head"};
constexpr Family kKimi{.architectures = "KimiLinearForCausalLM", .names = &kNames, .tie = Tie::never};

constexpr std::uint8_t kLatent = kOwnKind;

class KimiWriter : public HybridWriter {
 public:
  using HybridWriter::HybridWriter;
  void complete(vramauto_traits&) const {}

 protected:
  vramauto_status shapes() override;
  vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status feed(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status norms(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status forward(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;
  vramauto_status output() override;

 private:
  vramauto_status read_delta();
  vramauto_status read_experts();
  vramauto_status read_layers();

  Latent latent_;
  std::uint32_t narrow_ = 0;  // width that experts see, where it is not the model's
  bool narrow_norm_ = false, residuals_ = false;
};

vramauto_status KimiWriter::read_delta() {
  if (model_.type("/linear_attn_config") != VRAMAUTO_JSON_OBJECT) return VRAMAUTO_OK;
  KimiDelta delta;
  constexpr std::string_view kBelow = "/linear_attn_config";
  delta.heads = VRAMAUTO_READ(size(model_, "num_heads", kMostHeads, 0, kBelow));
  delta.head_dim = VRAMAUTO_READ(size(model_, "head_dim", kMostHeads, 0, kBelow));
  VRAMAUTO_READ(product(model_, "linear_attn_config: num_heads x head_dim", delta.heads, delta.head_dim));
  delta.kernel = VRAMAUTO_READ(size(model_, "short_conv_kernel_size", 1024, 0, kBelow));
  delta.full_gate = VRAMAUTO_READ(holds(model_, "linear_attn_config/use_full_rank_gate"));
  delta.bounded_gate = model_.has("/linear_attn_config/gate_lower_bound");
  kimi_delta_ = delta;
  mixer_prefix_ = "self_attn.";
  return VRAMAUTO_OK;
}

vramauto_status KimiWriter::read_experts() {
  experts_.count = VRAMAUTO_READ(size_or_none(model_, "num_experts", kMostExperts));
  if (experts_.count == 0) return VRAMAUTO_OK;
  experts_.per_token = VRAMAUTO_READ(size(model_, "num_experts_per_token", experts_.count));
  experts_.width = VRAMAUTO_READ(size(model_, "moe_intermediate_size", kMostWidth));
  const auto shared = VRAMAUTO_READ(size_or_none(model_, "num_shared_experts", 1024));
  experts_.shared_width = VRAMAUTO_READ(product(model_, "num_shared_experts x moe_intermediate_size", shared, experts_.width));
  narrow_ = VRAMAUTO_READ(size_or_none(model_, "routed_expert_hidden_size", kMostWidth));
  narrow_norm_ = VRAMAUTO_READ(holds(model_, "latent_moe_use_norm"));
  experts_.input = narrow_;
  experts_.correction = true;
  expert_names_ = {.router = "block_sparse_moe.gate",
                   .gate = "block_sparse_moe.experts.*.w1",
                   .up = "block_sparse_moe.experts.*.w3",
                   .down = "block_sparse_moe.experts.*.w2",
                   .correction = "block_sparse_moe.gate.e_score_correction_bias",
                   .shared_gate = "block_sparse_moe.shared_experts.gate_proj",
                   .shared_up = "block_sparse_moe.shared_experts.up_proj",
                   .shared_down = "block_sparse_moe.shared_experts.down_proj"};
  return VRAMAUTO_OK;
}

vramauto_status KimiWriter::read_layers() {
  // Layers are counted from 1 there.
  std::vector<std::uint32_t> deltas;
  if (kimi_delta_) deltas = VRAMAUTO_READ(numbers(model_, "linear_attn_config/kda_layers", kMostLayers));
  const auto dense = VRAMAUTO_READ(size_or_none(model_, "first_k_dense_replace", kMostLayers));
  const auto step = VRAMAUTO_READ(size(model_, "moe_layer_freq", kMostLayers, 1));
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    const bool delta = std::find(deltas.begin(), deltas.end(), layer + 1) != deltas.end();
    auto shape = of(delta ? std::uint8_t{kKimiDelta} : kLatent);
    if (experts_.count && layer >= dense && layer % step == 0)
      shape.feed = kExperts;
    else
      shape.intermediate = VRAMAUTO_READ(size(model_, "intermediate_size", kMostWidth));
    sizes_.blocks.push_back(shape);
  }
  return VRAMAUTO_OK;
}

vramauto_status KimiWriter::shapes() {
  rope_ = false;
  latent_ = VRAMAUTO_READ(read_latent(model_, sizes_.heads));
  latent_.gate = VRAMAUTO_READ(holds(model_, "mla_use_output_gate"));
  residuals_ = model_.has("/attn_res_block_size");
  VRAMAUTO_DO(read_delta());
  VRAMAUTO_DO(read_experts());
  return read_layers();
}

vramauto_status KimiWriter::mixer(const LayerShape& shape, const vramauto_layers& range) {
  return shape.mixer == kLatent ? latent_.weights(place("self_attn.", range)) : HybridWriter::mixer(shape, range);
}

vramauto_status KimiWriter::feed(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.feed == kExperts && narrow_) {
    const auto at = place("block_sparse_moe.", range);
    VRAMAUTO_DO(at.linear("routed_expert_down_proj", narrow_, sizes_.hidden, VRAMAUTO_SPLIT_NONE));
    if (narrow_norm_) VRAMAUTO_DO(at.norm("routed_expert_norm", narrow_));
    VRAMAUTO_DO(at.linear("routed_expert_up_proj", sizes_.hidden, narrow_, VRAMAUTO_SPLIT_NONE));
  }
  return HybridWriter::feed(shape, range);
}

// With attention over earlier blocks' residuals each half of a layer has a norm and a projection to one number.
vramauto_status KimiWriter::norms(const LayerShape& shape, const vramauto_layers& range) {
  VRAMAUTO_DO(HybridWriter::norms(shape, range));
  if (!residuals_) return VRAMAUTO_OK;
  const auto at = place("", range);
  for (const auto* part : {"self_attention_res_norm", "mlp_res_norm", "self_attention_res_proj", "mlp_res_proj"})
    VRAMAUTO_DO(at.norm(part, sizes_.hidden));
  return VRAMAUTO_OK;
}

vramauto_status KimiWriter::forward(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.mixer != kLatent) return HybridWriter::forward(shape, range);
  auto out = latent_.forward();
  out.layers = range;
  out.intermediate = shape.feed == kExperts ? experts_.shared_width : shape.intermediate;
  if (shape.feed == kExperts) {
    out.experts = experts_.count;
    out.experts_per_token = experts_.per_token;
    out.expert_intermediate = experts_.width;
  }
  return model_.add(out);
}

vramauto_status KimiWriter::cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) {
  if (shape.mixer != kLatent) return HybridWriter::cache(shape, window, ranges);
  auto out = latent_.cache();
  for (const auto& range : ranges) {
    out.layers = range;
    VRAMAUTO_DO(model_.add(out));
  }
  return VRAMAUTO_OK;
}

vramauto_status KimiWriter::output() {
  if (residuals_)
    for (const auto* part : {"model.output_attn_res_norm", "model.output_attn_res_proj"})
      VRAMAUTO_DO(model_.add(Tensors(part, VRAMAUTO_ROLE_NORM, kOutput, sizes_.hidden, 1)));
  return HybridWriter::output();
}

}  // namespace

vramauto_status describe_kimi(const Description& model, std::string_view) {
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, kKimi));
  return write<KimiWriter>(model, kKimi, std::move(sizes));
}

}  // namespace vramauto::estimator::hybrid
