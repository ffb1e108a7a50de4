// PLaMo 2: a Mamba whose time step, B and C come of one projection, and attention with norms of each head. Source: vLLM 0.19.1,
// models/plamo2.py.
#include <algorithm>

#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kNames{"model.embed_tokens", "model.layers.layers.*.",
                       "mixer.qkv_proj",     "mixer.qkv_proj",
                       "mixer.qkv_proj",     "mixer.o_proj",
                       "mlp.gate_up_proj",   "mlp.gate_up_proj",
                       "mlp.down_proj",      "pre_mixer_norm post_mixer_norm pre_mlp_norm post_mlp_norm",
                       "model.norm",         "lm_head"};
constexpr Family kPlamo{.architectures = "Plamo2ForCausalLM", .names = &kNames};

constexpr std::uint8_t kOwnMamba = kOwnKind;

class PlamoWriter : public HybridWriter {
 public:
  using HybridWriter::HybridWriter;
  void complete(vramauto_traits&) const {}

 protected:
  vramauto_status shapes() override {
    mamba_.heads = VRAMAUTO_READ(size(model_, "mamba_num_heads", kMostHeads));
    mamba_.head_dim = sizes_.head_dim;
    mamba_.width = VRAMAUTO_READ(product(model_, "mamba_num_heads x hidden_size_per_head", mamba_.heads, mamba_.head_dim));
    mamba_.state = VRAMAUTO_READ(size(model_, "mamba_d_state", kMostHeads));
    mamba_.kernel = VRAMAUTO_READ(size(model_, "mamba_d_conv", 1024));
    mamba_.chunk = VRAMAUTO_READ(size(model_, "mamba_chunk_size", kMostWidth, 256));
    mamba_.groups = 0;  // B and C do not pass the convolution
    const auto step = VRAMAUTO_READ(size(model_, "mamba_step", kMostLayers, 2));
    const auto width = VRAMAUTO_READ(size(model_, "intermediate_size", kMostWidth));
    for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
      const bool attends = sizes_.layers <= step / 2 ? layer + 1 == sizes_.layers : layer % step == step / 2;
      auto shape = attends ? attention_shape() : of(kOwnMamba);
      shape.intermediate = width;
      sizes_.blocks.push_back(shape);
    }
    return VRAMAUTO_OK;
  }

  vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range) override {
    const auto at = place("mixer.", range);
    if (shape.mixer == kOwnMamba) return mamba(at);
    VRAMAUTO_DO(HybridWriter::mixer(shape, range));
    const std::uint64_t dim = key_dim(shape);
    VRAMAUTO_DO(at.add(
        "q_norm", Tensors(nullptr, VRAMAUTO_ROLE_NORM, range, shape.heads * dim, 1).heads(shape.heads, VRAMAUTO_UNEVEN_REFUSE)));
    return at.add(
        "k_norm",
        Tensors(nullptr, VRAMAUTO_ROLE_NORM, range, shape.kv_heads * dim, 1).heads(shape.kv_heads, VRAMAUTO_UNEVEN_REPEAT));
  }

  vramauto_status cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) override {
    return shape.mixer == kOwnMamba ? add_state(mamba_.cache(), ranges) : HybridWriter::cache(shape, window, ranges);
  }

 private:
  vramauto_status mamba(const Place& at) const {
    const auto rank = std::max(64u, sizes_.hidden / 16);
    constexpr vramauto_uneven kRefuse = VRAMAUTO_UNEVEN_REFUSE;
    VRAMAUTO_DO(
        at.add("conv1d", Tensors(nullptr, VRAMAUTO_ROLE_CONV, at.range, mamba_.width, mamba_.kernel).heads(mamba_.heads, kRefuse)));
    VRAMAUTO_DO(at.heads("in_proj", 2ull * mamba_.width, at.hidden, mamba_.heads, kRefuse, 0));
    VRAMAUTO_DO(at.linear("bcdt_proj", rank + 2ull * mamba_.state, mamba_.width, VRAMAUTO_SPLIT_COLS));
    VRAMAUTO_DO(at.heads("dt_proj", mamba_.heads, rank, mamba_.heads, kRefuse, 0));
    VRAMAUTO_DO(at.state("A_log", mamba_.heads, 1, mamba_.heads, VRAMAUTO_F32));
    VRAMAUTO_DO(at.state("D", mamba_.heads, 1, mamba_.heads));
    VRAMAUTO_DO(at.state("dt_bias", mamba_.heads, 1, mamba_.heads));
    VRAMAUTO_DO(at.linear("out_proj", at.hidden, mamba_.width, VRAMAUTO_SPLIT_COLS));
    VRAMAUTO_DO(at.norm("dt_norm", rank));
    VRAMAUTO_DO(at.norm("B_norm", mamba_.state));
    return at.norm("C_norm", mamba_.state);
  }

  Mamba2 mamba_;
};

}  // namespace

vramauto_status describe_plamo(const Description& model, std::string_view) {
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, kPlamo));
  sizes.head_dim = VRAMAUTO_READ(size(model, "hidden_size_per_head", kMostHeads, sizes.head_dim));
  return write<PlamoWriter>(model, kPlamo, std::move(sizes));
}

}  // namespace vramauto::estimator::hybrid
