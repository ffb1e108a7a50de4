// Zamba2: Mamba-2 in every layer; before some of them a transformer block, of which there are few, shared and told apart by
// adapters. Source: vLLM 0.33 and 0.19.1, models/zamba2.py; transformers 5.24, models/zamba2/configuration_zamba2.py.
#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kNames{"model.embed_tokens", "model.layers.*.", "", "", "", "", "", "", "", "", "model.final_layernorm", "lm_head"};
constexpr Family kZamba{.architectures = "Zamba2ForCausalLM", .names = &kNames, .tie = Tie::always};

constexpr std::uint8_t kShared = kOwnKind;  // behind a transformer block; LayerShape::own: this layer is the block's first
constexpr vramauto_uneven kRefuse = VRAMAUTO_UNEVEN_REFUSE;

class ZambaWriter : public HybridWriter {
 public:
  using HybridWriter::HybridWriter;
  void complete(vramauto_traits&) const {}

 protected:
  vramauto_status shapes() override;
  vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status norms(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;

 private:
  vramauto_status read_mamba();
  vramauto_status block(const LayerShape& shape, const vramauto_layers& range);
  vramauto_status adapter(const Place& at, std::string_view part, std::uint64_t input, std::uint64_t output) const;

  std::uint32_t width_ = 0, rank_ = 0;
  bool bias_ = false, attention_adapters_ = false;
};

// The engine sizes a state's page by mamba_headdim, its layers by mamba_expand x hidden_size: a page that is too small ends the
// start.
vramauto_status ZambaWriter::read_mamba() {
  Mamba2 mamba;
  const auto expand = VRAMAUTO_READ(size(model_, "mamba_expand", 1024, 2));
  mamba.width = VRAMAUTO_READ(product(model_, "mamba_expand x hidden_size", expand, sizes_.hidden));
  mamba.heads = VRAMAUTO_READ(size(model_, "n_mamba_heads", kMostHeads, 8));
  mamba.head_dim = mamba.width / mamba.heads;
  mamba.state = VRAMAUTO_READ(size(model_, "mamba_d_state", kMostHeads, 64));
  mamba.groups = VRAMAUTO_READ(size(model_, "mamba_ngroups", 1024, 1));
  mamba.kernel = VRAMAUTO_READ(size(model_, "mamba_d_conv", 1024, 4));
  mamba.chunk = VRAMAUTO_READ(size(model_, "chunk_size", kMostWidth, 256));
  mamba.conv_bias = VRAMAUTO_READ(holds(model_, "+use_conv_bias"));
  mamba.bias = bias_;
  const auto stated = VRAMAUTO_READ(size(model_, "mamba_headdim", kMostHeads, mamba.head_dim));
  if (stated < mamba.head_dim)
    return model_.fail(VRAMAUTO_E_UNSUPPORTED, "/mamba_headdim is " + std::to_string(stated) +
                                                   ", expected mamba_expand x hidden_size / " + "n_mamba_heads, " +
                                                   std::to_string(mamba.head_dim) +
                                                   ": vLLM would make pages too small for its states (AssertionError)");
  mixer_prefix_ = "mamba.";
  return take(mamba);
}

vramauto_status ZambaWriter::shapes() {
  bias_ = VRAMAUTO_READ(holds(model_, "add_bias_linear"));
  rope_ = VRAMAUTO_READ(holds(model_, "use_mem_rope"));
  attention_adapters_ = VRAMAUTO_READ(holds(model_, "use_shared_attention_adapter"));
  rank_ = VRAMAUTO_READ(size(model_, "adapter_rank", kMostWidth, 128));
  width_ = VRAMAUTO_READ(size(model_, "intermediate_size", kMostWidth, 4ull * sizes_.hidden));
  VRAMAUTO_DO(read_mamba());
  const auto blocks = VRAMAUTO_READ(size(model_, "num_mem_blocks", kMostLayers, 1));
  const auto types = VRAMAUTO_READ(words(model_, "layers_block_type|layer_types"));
  if (types.size() < sizes_.layers)
    return model_.fail(VRAMAUTO_E_FORMAT, "/layers_block_type has " + std::to_string(types.size()) +
                                              " entries, expected one for each of " + std::to_string(sizes_.layers) + " layers");
  std::uint32_t behind = 0;
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    LayerShape shape = of(kMamba2);
    if (types[layer] == "hybrid") {
      shape = sizes_.shape;
      shape.kv_heads = shape.heads;
      shape.mixer = kShared;
      shape.own = behind++ < blocks;
    }
    sizes_.blocks.push_back(shape);
  }
  return VRAMAUTO_OK;
}

// Zamba2LoRA: A is divided by its rank, B by its output.
vramauto_status ZambaWriter::adapter(const Place& at, std::string_view part, std::uint64_t input, std::uint64_t output) const {
  const auto name = std::string(part);
  VRAMAUTO_DO(at.linear(name + ".0", rank_, input, VRAMAUTO_SPLIT_ROWS));
  return at.linear(name + ".1", output, rank_, VRAMAUTO_SPLIT_ROWS);
}

vramauto_status ZambaWriter::block(const LayerShape& shape, const vramauto_layers& range) {
  const auto attention = place("shared_transformer.self_attn.", range), mlp = place("shared_transformer.feed_forward.", range);
  const std::uint64_t twice = 2ull * sizes_.hidden, heads = std::uint64_t{shape.heads} * key_dim(shape);
  if (shape.own) {
    for (const auto* part : {"q_proj", "k_proj", "v_proj"})
      VRAMAUTO_DO(attention.heads(part, heads, twice, shape.heads, kRefuse, kQkv));
    VRAMAUTO_DO(attention.linear("o_proj", sizes_.hidden, twice, VRAMAUTO_SPLIT_COLS));
    if (rope_) VRAMAUTO_DO(tables(shape, range));
    VRAMAUTO_DO(mlp.linear("gate_up_proj", 2ull * width_, sizes_.hidden, VRAMAUTO_SPLIT_ROWS, bias_));
    VRAMAUTO_DO(mlp.linear("down_proj", sizes_.hidden, width_, VRAMAUTO_SPLIT_COLS, bias_));
    VRAMAUTO_DO(place("shared_transformer.", range).norm("input_layernorm", twice));
    VRAMAUTO_DO(place("shared_transformer.", range).norm("pre_ff_layernorm", sizes_.hidden));
  }
  if (attention_adapters_)
    for (const auto* part : {"linear_q_adapter_list", "linear_k_adapter_list", "linear_v_adapter_list"})
      VRAMAUTO_DO(adapter(attention, part, twice, twice));
  VRAMAUTO_DO(adapter(mlp, "gate_up_proj_adapter_list", sizes_.hidden, 2ull * width_));
  return place("", range).linear("linear", sizes_.hidden, sizes_.hidden, VRAMAUTO_SPLIT_NONE);
}

vramauto_status ZambaWriter::mixer(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.mixer == kShared) VRAMAUTO_DO(block(shape, range));
  return mamba2_->weights(place(shape.mixer == kShared ? "mamba_decoder.mamba." : "mamba.", range));
}

vramauto_status ZambaWriter::norms(const LayerShape& shape, const vramauto_layers& range) {
  return add_norm(named(shape.mixer == kShared ? "mamba_decoder.input_layernorm" : "input_layernorm"), range, sizes_.hidden);
}

vramauto_status ZambaWriter::cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) {
  if (shape.mixer == kShared) VRAMAUTO_DO(Writer::cache(shape, window, ranges));
  return add_state(mamba2_->cache(), ranges);
}

}  // namespace

vramauto_status describe_zamba(const Description& model, std::string_view) {
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, kZamba));
  // attention_head_dim is what the class computes of the width, whatever the file says.
  sizes.head_dim = std::max(1u, 2 * sizes.hidden / sizes.heads);
  return write<ZambaWriter>(model, kZamba, std::move(sizes));
}

}  // namespace vramauto::estimator::hybrid
