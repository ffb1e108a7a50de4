// Granite 4, Bamba and Falcon-H1: Mamba-2 beside attention. Source: vLLM 0.33, models/granitemoehybrid.py, falcon_h1.py; vLLM
// 0.19.1, models/bamba.py; transformers 5.24, the configurations of these names.
#include <algorithm>

#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kGraniteNames{"model.embed_tokens",
                              "model.layers.*.",
                              "self_attn.q_proj",
                              "self_attn.k_proj",
                              "self_attn.v_proj",
                              "self_attn.o_proj",
                              "shared_mlp.input_linear",
                              "shared_mlp.input_linear",
                              "shared_mlp.output_linear",
                              "input_layernorm post_attention_layernorm",
                              "model.norm",
                              "lm_head"};
constexpr Names kForwardNames{"model.embed_tokens",     "model.layers.*.",
                              "self_attn.q_proj",       "self_attn.k_proj",
                              "self_attn.v_proj",       "self_attn.o_proj",
                              "feed_forward.gate_proj", "feed_forward.up_proj",
                              "feed_forward.down_proj", "input_layernorm pre_ff_layernorm",
                              "model.final_layernorm",  "lm_head"};
constexpr Family kGranite{.architectures = "GraniteMoeHybridForCausalLM",
                          .names = &kGraniteNames,
                          .qkv_bias = "attention_bias",
                          .o_bias = "attention_bias",
                          .head_dim_key = false};
constexpr Family kBamba{.architectures = "BambaForCausalLM", .names = &kForwardNames, .head_dim_key = false, .tie = Tie::never};
constexpr Family kFalcon{.architectures = "FalconH1ForCausalLM", .names = &kForwardNames};

constexpr std::uint8_t kBoth = kOwnKind;  // attention and Mamba-2 side by side

class GraniteWriter : public HybridWriter {
 public:
  using HybridWriter::HybridWriter;
  void complete(vramauto_traits&) const {}

 protected:
  vramauto_status shapes() override;
  vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status feed(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;

 private:
  bool falcon() const { return family_.architectures == kFalcon.architectures; }
  bool granite() const { return family_.architectures == kGranite.architectures; }
  vramauto_status read_mamba();
  vramauto_status read_experts();
  vramauto_status read_layers();
  vramauto_status multipliers(const vramauto_layers& range) const;
  std::uint32_t width_ = 0;  // of the MLP, or of the shared one beside the experts
};

vramauto_status GraniteWriter::read_mamba() {
  Mamba2 mamba;
  const auto expand = VRAMAUTO_READ(size(model_, "mamba_expand", 1024, 2));
  mamba.width = VRAMAUTO_READ(product(model_, "mamba_expand x hidden_size", expand, sizes_.hidden));
  if (falcon()) mamba.width = VRAMAUTO_READ(size(model_, "mamba_d_ssm", kMostWidth, mamba.width));
  mamba.heads = VRAMAUTO_READ(size(model_, "mamba_n_heads", kMostHeads));
  mamba.head_dim = std::max(1u, mamba.width / mamba.heads);
  if (model_.type("/mamba_d_head") == VRAMAUTO_JSON_INT) mamba.head_dim = VRAMAUTO_READ(size(model_, "mamba_d_head", kMostHeads));
  mamba.state = VRAMAUTO_READ(size(model_, "mamba_d_state", kMostHeads));
  mamba.groups = VRAMAUTO_READ(size(model_, "mamba_n_groups", 1024));
  mamba.kernel = VRAMAUTO_READ(size(model_, "mamba_d_conv", 1024));
  mamba.chunk = VRAMAUTO_READ(size(model_, "mamba_chunk_size", kMostWidth, 256));
  mamba.conv_bias = VRAMAUTO_READ(holds(model_, "+mamba_conv_bias"));
  mamba.bias = VRAMAUTO_READ(holds(model_, "mamba_proj_bias"));
  mamba.norm = !falcon() || VRAMAUTO_READ(holds(model_, "mamba_rms_norm"));
  mixer_prefix_ = "mamba.";
  return take(mamba);
}

vramauto_status GraniteWriter::read_experts() {
  if (!granite()) {
    width_ = VRAMAUTO_READ(size(model_, "intermediate_size", kMostWidth));
    return VRAMAUTO_OK;
  }
  width_ = VRAMAUTO_READ(size_or_none(model_, "shared_intermediate_size", kMostWidth));
  experts_.count = VRAMAUTO_READ(size_or_none(model_, "num_local_experts", kMostExperts));
  if (experts_.count == 0) return VRAMAUTO_OK;
  experts_.per_token = VRAMAUTO_READ(size(model_, "num_experts_per_tok", experts_.count));
  experts_.width = VRAMAUTO_READ(size(model_, "intermediate_size", kMostWidth));
  expert_names_.router = "block_sparse_moe.router.layer";
  expert_names_.gate = "block_sparse_moe.experts.*.gate_proj";
  expert_names_.up = "block_sparse_moe.experts.*.up_proj";
  expert_names_.down = "block_sparse_moe.experts.*.down_proj";
  return VRAMAUTO_OK;
}

// Layers that attend: of layer_types, or of attn_layer_indices (Bamba); in Falcon-H1 every layer does both.
vramauto_status GraniteWriter::read_layers() {
  const auto types = VRAMAUTO_READ(words(model_, "layer_types|layers_block_type"));
  const auto attends = VRAMAUTO_READ(numbers(model_, "attn_layer_indices", kMostLayers));
  if (!types.empty() && types.size() < sizes_.layers)
    return model_.fail(VRAMAUTO_E_FORMAT, "/layer_types has " + std::to_string(types.size()) +
                                              " entries, expected one for each of " + std::to_string(sizes_.layers) + " layers");
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    const bool listed = std::find(attends.begin(), attends.end(), layer) != attends.end();
    const bool full =
        types.empty() || family_.names == &kForwardNames ? listed : types[layer] == "attention" || types[layer] == "full_attention";
    auto shape = full || falcon() ? attention_shape() : of(kMamba2);
    if (falcon()) shape.mixer = kBoth;
    shape.intermediate = width_;
    shape.feed = experts_.count ? kExperts : kMlp;
    sizes_.blocks.push_back(shape);
  }
  return VRAMAUTO_OK;
}

vramauto_status GraniteWriter::shapes() {
  if (granite()) rope_ = model_.has("/position_embedding_type") && VRAMAUTO_READ(model_.text("/position_embedding_type")) == "rope";
  VRAMAUTO_DO(read_mamba());
  VRAMAUTO_DO(read_experts());
  return read_layers();
}

// Falcon-H1 keeps a factor for each output of in_proj. vLLM 0.33, models/falcon_h1.py, _init_mup_vector.
vramauto_status GraniteWriter::multipliers(const vramauto_layers& range) const {
  const auto at = place("mamba.", range);
  const auto& mamba = *mamba2_;
  const auto one = [&](std::uint64_t rows, std::uint32_t units, vramauto_uneven uneven) {
    return at.add(
        "mup_vector",
        Tensors(nullptr, VRAMAUTO_ROLE_STATE, range, rows, 1).heads(units, uneven).part_of(kOwnPart).with(VRAMAUTO_NOT_STORED));
  };
  VRAMAUTO_DO(one(2ull * mamba.width + mamba.heads, mamba.heads, VRAMAUTO_UNEVEN_REFUSE));
  return one(2ull * mamba.groups * mamba.state, mamba.groups, mamba.groups == 1 ? VRAMAUTO_UNEVEN_REPEAT : VRAMAUTO_UNEVEN_REFUSE);
}

vramauto_status GraniteWriter::mixer(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.mixer != kBoth) return HybridWriter::mixer(shape, range);
  VRAMAUTO_DO(attention(shape, range));
  VRAMAUTO_DO(mamba2_->weights(place(mixer_prefix_, range)));
  return multipliers(range);
}

vramauto_status GraniteWriter::feed(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.feed == kExperts) VRAMAUTO_DO(HybridWriter::feed(shape, range));
  return Writer::feed(shape, range);
}

vramauto_status GraniteWriter::cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) {
  if (shape.mixer != kBoth) return HybridWriter::cache(shape, window, ranges);
  VRAMAUTO_DO(Writer::cache(shape, window, ranges));
  return add_state(mamba2_->cache(), ranges);
}

}  // namespace

// Granite 4 without experts and state layers is a plain decoder.
namespace {

Answer<bool> is_plain(const Description& model) {
  if (VRAMAUTO_TAKE(size_or_none(model, "num_local_experts", kMostExperts))) return {false, VRAMAUTO_OK};
  const auto types = VRAMAUTO_TAKE(words(model, "layer_types|layers_block_type"));
  const auto full = [](const std::string& type) { return type == "attention" || type == "full_attention"; };
  return {!types.empty() && std::all_of(types.begin(), types.end(), full), VRAMAUTO_OK};
}

}  // namespace

vramauto_status describe_granite(const Description& model, std::string_view architecture) {
  auto family = architecture == "BambaForCausalLM" ? kBamba : architecture == "FalconH1ForCausalLM" ? kFalcon : kGranite;
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, family));
  if (family.names == &kForwardNames)
    family.rotary_part =
        static_cast<double>(VRAMAUTO_READ(size(model, "attn_rotary_emb", kMostHeads, sizes.head_dim))) / sizes.head_dim;
  else if (VRAMAUTO_READ(is_plain(model)))
    return model.fail(VRAMAUTO_E_UNSUPPORTED, "no experts and no state layers: the model is a plain decoder");
  return write<GraniteWriter>(model, family, std::move(sizes));
}

}  // namespace vramauto::estimator::hybrid
