// Jamba: Mamba-1 and attention, MLPs and experts. Source: vLLM 0.33 and 0.19.1, models/jamba.py; transformers 5.24,
// models/jamba/configuration_jamba.py.
#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kNames{"model.embed_tokens",     "model.layers.*.",
                       "self_attn.q_proj",       "self_attn.k_proj",
                       "self_attn.v_proj",       "self_attn.o_proj",
                       "feed_forward.gate_proj", "feed_forward.up_proj",
                       "feed_forward.down_proj", "input_layernorm pre_ff_layernorm",
                       "model.final_layernorm",  "lm_head"};
constexpr Family kJamba{
    .architectures = "JambaForCausalLM JambaForSequenceClassification", .names = &kNames, .head_dim_key = false, .tie = Tie::never};

class JambaWriter : public HybridWriter {
 public:
  JambaWriter(const Description& model, const Family& family, Sizes sizes, bool classifies)
      : HybridWriter(model, family, std::move(sizes)), classifies_(classifies) {}

  void complete(vramauto_traits& traits) const {
    if (classifies_) traits.task = 2;
  }

 protected:
  vramauto_status shapes() override {
    rope_ = false;
    mixer_prefix_ = "mamba.";
    VRAMAUTO_DO(read_mamba());
    VRAMAUTO_DO(read_experts());
    const auto width = VRAMAUTO_READ(size(model_, "intermediate_size", kMostWidth));
    const auto attention = VRAMAUTO_READ(size(model_, "attn_layer_period", kMostLayers));
    const auto attention_at = VRAMAUTO_READ(size_or_none(model_, "attn_layer_offset", kMostLayers));
    const auto period = VRAMAUTO_READ(size(model_, "expert_layer_period", kMostLayers));
    const auto offset = VRAMAUTO_READ(size_or_none(model_, "expert_layer_offset", kMostLayers));
    for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
      auto shape = layer % attention == attention_at ? attention_shape() : of(kMamba1);
      if (layer % period == offset && experts_.count > 1)
        shape.feed = kExperts;
      else
        shape.intermediate = width;
      sizes_.blocks.push_back(shape);
    }
    return VRAMAUTO_OK;
  }

  vramauto_status output() override {
    if (!classifies_) return HybridWriter::output();
    VRAMAUTO_DO(add_norm("model.final_layernorm", kOutput, sizes_.hidden));
    const auto labels = VRAMAUTO_READ(size(model_, "num_labels", 1u << 20, 2));
    return model_.add(Tensors("score", VRAMAUTO_ROLE_OTHER, kOutput, labels, sizes_.hidden));
  }

 private:
  vramauto_status read_mamba() {
    Mamba1 mamba;
    const auto expand = VRAMAUTO_READ(size(model_, "mamba_expand", 1024));
    mamba.width = VRAMAUTO_READ(product(model_, "mamba_expand x hidden_size", expand, sizes_.hidden));
    mamba.state = VRAMAUTO_READ(size(model_, "mamba_d_state", kMostHeads));
    mamba.kernel = VRAMAUTO_READ(size(model_, "mamba_d_conv", 1024));
    mamba.rank = VRAMAUTO_READ(read_rank(model_, "mamba_dt_rank", sizes_.hidden));
    mamba.conv_bias = VRAMAUTO_READ(holds(model_, "+mamba_conv_bias"));
    mamba.bias = VRAMAUTO_READ(holds(model_, "mamba_proj_bias"));
    mamba.norms = true;
    mamba1_ = mamba;
    return VRAMAUTO_OK;
  }

  vramauto_status read_experts() {
    experts_.count = VRAMAUTO_READ(size_or_none(model_, "num_experts|num_local_experts", kMostExperts));
    if (experts_.count < 2) return VRAMAUTO_OK;
    experts_.per_token = VRAMAUTO_READ(size(model_, "num_experts_per_tok", experts_.count));
    experts_.width = VRAMAUTO_READ(size(model_, "intermediate_size", kMostWidth));
    expert_names_.router = "feed_forward.router";
    expert_names_.gate = "feed_forward.experts.*.gate_proj";
    expert_names_.up = "feed_forward.experts.*.up_proj";
    expert_names_.down = "feed_forward.experts.*.down_proj";
    return VRAMAUTO_OK;
  }

  bool classifies_;
};

}  // namespace

vramauto_status describe_jamba(const Description& model, std::string_view architecture) {
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, kJamba));
  return write<JambaWriter>(model, kJamba, std::move(sizes), architecture == "JambaForSequenceClassification");
}

}  // namespace vramauto::estimator::hybrid
