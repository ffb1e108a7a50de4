// MiniMax-Text-01 and M1: seven linear attentions to one with keys and values, MLPs or experts. Source: vLLM 0.19.1,
// models/minimax_text_01.py and model_executor/layers/mamba/linear_attn.py; transformers 5.24, models/minimax.
#include <algorithm>

#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kNames{
    "model.embed_tokens", "model.layers.*.", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
    "self_attn.o_proj",   "mlp.gate_proj",   "mlp.up_proj",      "mlp.down_proj",    "input_layernorm post_attention_layernorm",
    "model.norm",         "lm_head"};
constexpr Family kMiniMax{
    .architectures = "MiniMaxForCausalLM MiniMaxText01ForCausalLM MiniMaxM1ForCausalLM", .names = &kNames, .tie = Tie::never};

constexpr std::uint8_t kLinear = kOwnKind;

class MiniMaxWriter : public HybridWriter {
 public:
  using HybridWriter::HybridWriter;
  void complete(vramauto_traits&) const {}

 protected:
  vramauto_status shapes() override;
  vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status feed(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;
  vramauto_status output() override;

 private:
  Answer<std::vector<bool>> read_attends() const;
  Answer<std::vector<std::uint32_t>> per_layer(const char* key) const;
  vramauto_status read_experts();
};

// attn_type_list has 1 for attention; files in transformers' form have layer_types. Neither: all attend.
Answer<std::vector<bool>> MiniMaxWriter::read_attends() const {
  std::vector<bool> out(sizes_.layers, true);
  const auto list = VRAMAUTO_TAKE(numbers(model_, "attn_type_list|decoder_attention_types", 1));
  const auto types = list.empty() ? VRAMAUTO_TAKE(words(model_, "layer_types")) : std::vector<std::string>();
  const auto count = list.empty() ? types.size() : list.size();
  if (count && count < sizes_.layers)
    return {{},
            model_.fail(VRAMAUTO_E_FORMAT, "the list of attention types has " + std::to_string(count) +
                                               " entries, expected one for each of " + std::to_string(sizes_.layers) + " layers")};
  for (std::uint32_t layer = 0; count && layer < sizes_.layers; ++layer)
    out[layer] = list.empty() ? types[layer] == "full_attention" : list[layer] == 1;
  return {std::move(out), VRAMAUTO_OK};
}

// A number for all layers, or one for each; where the file has none, 0.
Answer<std::vector<std::uint32_t>> MiniMaxWriter::per_layer(const char* key) const {
  const auto at = std::string("/") + key;
  if (model_.type(at.c_str()) != VRAMAUTO_JSON_ARRAY)
    return {std::vector<std::uint32_t>(sizes_.layers, VRAMAUTO_TAKE(size_or_none(model_, key, kMostWidth))), VRAMAUTO_OK};
  auto out = VRAMAUTO_TAKE(numbers(model_, key, kMostWidth));
  out.resize(sizes_.layers, 0);
  return {std::move(out), VRAMAUTO_OK};
}

vramauto_status MiniMaxWriter::read_experts() {
  experts_.width = VRAMAUTO_READ(size(model_, "intermediate_size", kMostWidth));
  experts_.router_dtype = VRAMAUTO_F32;
  expert_names_.router = "block_sparse_moe.gate";
  expert_names_.gate = "block_sparse_moe.experts.*.w1";
  expert_names_.up = "block_sparse_moe.experts.*.w3";
  expert_names_.down = "block_sparse_moe.experts.*.w2";
  const auto counts = VRAMAUTO_READ(per_layer("num_local_experts"));
  const auto shared = VRAMAUTO_READ(per_layer("shared_intermediate_size"));
  const auto attends = VRAMAUTO_READ(read_attends());
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    auto shape = attends[layer] ? attention_shape() : of(kLinear);
    const auto experts = std::max(1u, counts[layer]);
    if (experts > 1) {
      if (experts_.count && experts_.count != experts)
        return model_.fail(VRAMAUTO_E_UNSUPPORTED, "/num_local_experts has layers of " + std::to_string(experts_.count) +
                                                       " and of " + std::to_string(experts) + " experts, expected one number");
      experts_.count = experts;
      shape.feed = kExperts;
      shape.intermediate = shared[layer];
    } else {
      shape.intermediate = experts_.width;
    }
    sizes_.blocks.push_back(shape);
  }
  if (experts_.count) experts_.per_token = VRAMAUTO_READ(size(model_, "num_experts_per_tok", experts_.count));
  return VRAMAUTO_OK;
}

vramauto_status MiniMaxWriter::shapes() {
  table_dtype_ = VRAMAUTO_F32;
  VRAMAUTO_READ(product(model_, "num_attention_heads x head_dim", sizes_.heads, sizes_.head_dim));
  return read_experts();
}

vramauto_status MiniMaxWriter::mixer(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.mixer != kLinear) return HybridWriter::mixer(shape, range);
  const auto at = place("self_attn.", range);
  const auto heads = sizes_.heads;
  const std::uint64_t width = std::uint64_t{heads} * sizes_.head_dim;
  VRAMAUTO_DO(at.heads("qkv_proj", 3 * width, sizes_.hidden, heads, VRAMAUTO_UNEVEN_REFUSE, 0));
  VRAMAUTO_DO(at.heads("output_gate", width, sizes_.hidden, heads, VRAMAUTO_UNEVEN_REFUSE, 0));
  VRAMAUTO_DO(at.linear("out_proj", sizes_.hidden, width, VRAMAUTO_SPLIT_COLS));
  VRAMAUTO_DO(at.add("norm", Tensors(nullptr, VRAMAUTO_ROLE_NORM, range, width, 1).heads(heads, VRAMAUTO_UNEVEN_REFUSE)));
  return at.add("slope_rate", Tensors(nullptr, VRAMAUTO_ROLE_STATE, range, heads, 1).of(VRAMAUTO_F32).with(VRAMAUTO_NOT_STORED));
}

// Beside the experts an MLP that all tokens pass, mixed in by one float32 number.
vramauto_status MiniMaxWriter::feed(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.feed != kExperts) return HybridWriter::feed(shape, range);
  VRAMAUTO_DO(HybridWriter::feed(shape, range));
  if (!shape.intermediate) return VRAMAUTO_OK;
  const auto at = place("", range);
  VRAMAUTO_DO(at.linear("shared_mlp.gate_proj", shape.intermediate, sizes_.hidden, VRAMAUTO_SPLIT_ROWS, false, kGateUp));
  VRAMAUTO_DO(at.linear("shared_mlp.up_proj", shape.intermediate, sizes_.hidden, VRAMAUTO_SPLIT_ROWS, false, kGateUp));
  VRAMAUTO_DO(at.linear("shared_mlp.down_proj", sizes_.hidden, shape.intermediate, VRAMAUTO_SPLIT_COLS));
  return at.add("coefficient", Tensors(nullptr, VRAMAUTO_ROLE_ROUTER, range, 1, sizes_.hidden).of(VRAMAUTO_F32));
}

vramauto_status MiniMaxWriter::cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) {
  if (shape.mixer != kLinear) return HybridWriter::cache(shape, window, ranges);
  vramauto_cache out{};
  out.struct_size = sizeof out;
  out.kind = VRAMAUTO_CACHE_STATE;
  out.state = VRAMAUTO_STATE_LINEAR;
  out.state_heads = sizes_.heads;
  out.state_elements = std::uint64_t{sizes_.head_dim} * sizes_.head_dim;
  return add_state(out, ranges);
}

// lm_head is kept in float32, and so are the positions.
vramauto_status MiniMaxWriter::output() {
  VRAMAUTO_DO(add_norm("model.norm", kOutput, sizes_.hidden));
  return model_.add(
      Tensors("lm_head", VRAMAUTO_ROLE_HEAD, kOutput, sizes_.vocab, sizes_.hidden).by(VRAMAUTO_SPLIT_VOCAB).of(VRAMAUTO_F32));
}

}  // namespace

vramauto_status describe_minimax(const Description& model, std::string_view) {
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, kMiniMax));
  auto family = kMiniMax;
  family.rotary_part = static_cast<double>(VRAMAUTO_READ(size(model, "rotary_dim", kMostHeads, sizes.head_dim))) / sizes.head_dim;
  return write<MiniMaxWriter>(model, family, std::move(sizes));
}

}  // namespace vramauto::estimator::hybrid
