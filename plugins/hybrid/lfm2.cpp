// LFM2: short convolutions and attention, MLPs and experts. Source: vLLM 0.33 and 0.19.1, models/lfm2.py and lfm2_moe.py;
// transformers 5.24, models/lfm2/configuration_lfm2.py.
#include <algorithm>
#include <cmath>

#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kNames{"model.embed_tokens", "model.layers.*.",        "self_attn.q_proj",     "self_attn.k_proj",
                       "self_attn.v_proj",   "self_attn.out_proj",     "feed_forward.w1",      "feed_forward.w3",
                       "feed_forward.w2",    "operator_norm ffn_norm", "model.embedding_norm", "lm_head"};
constexpr Family kLfm2{
    .architectures = "Lfm2ForCausalLM Lfm2MoeForCausalLM", .names = &kNames, .head_dim_key = false, .tie = Tie::always};

class Lfm2Writer : public HybridWriter {
 public:
  Lfm2Writer(const Description& model, const Family& family, Sizes sizes, bool experts)
      : HybridWriter(model, family, std::move(sizes)), has_experts_(experts) {}

  void complete(vramauto_traits&) const {}

 protected:
  vramauto_status shapes() override {
    mixer_prefix_ = "conv.";
    ShortConv conv;
    conv.width = has_experts_ ? sizes_.hidden : VRAMAUTO_READ(size(model_, "conv_dim", kMostWidth, sizes_.hidden));
    conv.length = VRAMAUTO_READ(size(model_, "conv_L_cache", 1024));
    conv.bias = VRAMAUTO_READ(holds(model_, "conv_bias"));
    conv_ = conv;
    if (has_experts_) VRAMAUTO_DO(read_experts());
    return read_layers();
  }

  // Norms of q and k as wide as a head.
  vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range) override {
    VRAMAUTO_DO(HybridWriter::mixer(shape, range));
    if (shape.mixer != kAttention) return VRAMAUTO_OK;
    const auto at = place("self_attn.", range);
    VRAMAUTO_DO(at.norm("q_layernorm", key_dim(shape)));
    return at.norm("k_layernorm", key_dim(shape));
  }

 private:
  // vLLM 0.33, models/lfm2.py, Lfm2MLP.
  Answer<std::uint32_t> width() const {
    auto width = VRAMAUTO_TAKE(size(model_, "block_ff_dim|intermediate_size", kMostWidth));
    if (has_experts_ || !VRAMAUTO_TAKE(holds(model_, "+block_auto_adjust_ff_dim"))) return {width, VRAMAUTO_OK};
    width = 2 * width / 3;
    if (model_.has("/block_ffn_dim_multiplier")) {
      const auto times = VRAMAUTO_TAKE(model_.real("/block_ffn_dim_multiplier"));
      if (!(times > 0 && times <= 64))
        return {0, model_.fail(VRAMAUTO_E_FORMAT,
                               "/block_ffn_dim_multiplier is " + std::to_string(times) + ", expected a positive number up to 64")};
      width = static_cast<std::uint32_t>(times * width);
    }
    const auto multiple = VRAMAUTO_TAKE(size(model_, "block_multiple_of", kMostWidth, 256));
    return {(width + multiple - 1) / multiple * multiple, VRAMAUTO_OK};
  }

  vramauto_status read_experts() {
    experts_.count = VRAMAUTO_READ(size(model_, "num_experts", kMostExperts));
    experts_.per_token = VRAMAUTO_READ(size(model_, "num_experts_per_tok", experts_.count));
    experts_.width = VRAMAUTO_READ(size(model_, "moe_intermediate_size", kMostWidth));
    experts_.correction = VRAMAUTO_READ(holds(model_, "+use_expert_bias"));
    expert_names_.router = "feed_forward.gate";
    expert_names_.correction = "feed_forward.expert_bias";
    expert_names_.gate = "feed_forward.experts.*.w1";
    expert_names_.up = "feed_forward.experts.*.w3";
    expert_names_.down = "feed_forward.experts.*.w2";
    return VRAMAUTO_OK;
  }

  vramauto_status read_layers() {
    const auto types = VRAMAUTO_READ(words(model_, "layer_types"));
    const auto attends = VRAMAUTO_READ(numbers(model_, "full_attn_idxs", kMostLayers));
    const auto dense = has_experts_ ? VRAMAUTO_READ(size_or_none(model_, "num_dense_layers", kMostLayers)) : sizes_.layers;
    const auto mlp = VRAMAUTO_READ(width());
    if (!types.empty() && types.size() < sizes_.layers)
      return model_.fail(VRAMAUTO_E_FORMAT, "/layer_types has " + std::to_string(types.size()) +
                                                " entries, expected one for each of " + std::to_string(sizes_.layers) + " layers");
    for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
      const bool listed = attends.empty() || std::find(attends.begin(), attends.end(), layer) != attends.end();
      const bool full = types.empty() ? listed : types[layer] == "full_attention";
      auto shape = full ? attention_shape() : of(kConv);
      if (layer < dense)
        shape.intermediate = mlp;
      else
        shape.feed = kExperts;
      sizes_.blocks.push_back(shape);
    }
    return VRAMAUTO_OK;
  }

  bool has_experts_;
};

}  // namespace

vramauto_status describe_lfm2(const Description& model, std::string_view architecture) {
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, kLfm2));
  return write<Lfm2Writer>(model, kLfm2, std::move(sizes), architecture == "Lfm2MoeForCausalLM");
}

}  // namespace vramauto::estimator::hybrid
