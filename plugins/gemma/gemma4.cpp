// Gemma 4. Source: vLLM 0.33 and 0.19.1, models/gemma4.py; transformers 5.24, models/gemma4/configuration_gemma4.py.
#include <string>

#include "gemma.hpp"

namespace vramauto::gemma {
namespace {

constexpr std::uint64_t kMostWidth = 1u << 22, kMostHeads = 1u << 16;
constexpr std::uint32_t kPrefixLm = 1;  // vramauto_traits.flags
constexpr ExpertNames kExperts{
    .router = "router.proj", .gate = "experts.*.gate_proj", .up = "experts.*.up_proj", .down = "experts.*.down_proj"};

class Gemma4 final : public GemmaWriter {
 public:
  using GemmaWriter::GemmaWriter;

 private:
  std::uint32_t experts_ = 0, per_token_ = 0, expert_width_ = 0;

  // The last layer of the kind that keeps a cache of its own.
  std::uint32_t owner_of(bool sliding) const override {
    const auto at = kinds_.substr(0, first_shared()).rfind(sliding ? 's' : 'f');
    return at == std::string::npos ? 0 : static_cast<std::uint32_t>(at);
  }

  vramauto_status shapes() override;
  vramauto_status read_experts();
  vramauto_status check_owners() const;
  vramauto_status input() override;
  vramauto_status feed(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status norms(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status forward(const LayerShape& shape, const vramauto_layers& range) override;
};

vramauto_status Gemma4::read_experts() {
  if (!model_.has("/num_experts") || VRAMAUTO_READ(model_.integer("/num_experts")) == 0) return VRAMAUTO_OK;
  experts_ = static_cast<std::uint32_t>(VRAMAUTO_READ(model_.positive("num_experts", 1u << 16)));
  per_token_ = static_cast<std::uint32_t>(VRAMAUTO_READ(model_.positive("top_k_experts", experts_)));
  expert_width_ =
      static_cast<std::uint32_t>(VRAMAUTO_READ(model_.positive("moe_intermediate_size|expert_intermediate_size", kMostWidth)));
  return VRAMAUTO_OK;
}

// transformers 5.24, Gemma4TextConfig.kv_sharing_modes.
vramauto_status Gemma4::check_owners() const {
  const auto own = kinds_.substr(0, first_shared());
  for (std::uint32_t layer = first_shared(); layer < sizes_.layers; ++layer)
    if (own.find(kinds_[layer]) == std::string::npos)
      return model_.fail(VRAMAUTO_E_FORMAT, "/num_kv_shared_layers is " + std::to_string(shared_) +
                                                ", but no layer before them is of the kind of layer " + std::to_string(layer));
  return VRAMAUTO_OK;
}

vramauto_status Gemma4::shapes() {
  VRAMAUTO_DO(read_common(6, true));
  VRAMAUTO_DO(read_experts());
  VRAMAUTO_DO(check_owners());
  const auto global_dim = static_cast<std::uint32_t>(VRAMAUTO_READ(model_.positive("global_head_dim", 1u << 16, sizes_.head_dim)));
  // Layers that take keys for values may have another number of them.
  const bool keys_are_values = VRAMAUTO_READ(holds(model_, "attention_k_eq_v"));
  const auto global_kv = keys_are_values ? static_cast<std::uint32_t>(VRAMAUTO_READ(
                                               model_.positive("num_global_key_value_heads", kMostHeads, sizes_.shape.kv_heads)))
                                         : sizes_.shape.kv_heads;
  const bool wide = VRAMAUTO_READ(holds(model_, "use_double_wide_mlp")) && shared_ != 0;
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    auto shape = sizes_.shape;
    const bool full = kinds_[layer] == 'f', borrowing = layer >= first_shared();
    shape.own = full ? kFull : kSliding;
    shape.head_dim = full ? global_dim : sizes_.head_dim;
    if (full) shape.kv_heads = global_kv;
    shape.mixer = borrowing ? kBorrows : kProjects;
    if (wide && borrowing) shape.intermediate *= 2;
    shape.feed = experts_ ? kWithExperts : kMlp;
    sizes_.blocks.push_back(shape);
  }
  return VRAMAUTO_OK;
}

vramauto_status Gemma4::input() {
  VRAMAUTO_DO(Writer::input());
  return per_layer_ ? per_layer_input() : VRAMAUTO_OK;
}

vramauto_status Gemma4::feed(const LayerShape& shape, const vramauto_layers& range) {
  VRAMAUTO_DO(mlp(shape, range));
  if (shape.feed != kWithExperts) return VRAMAUTO_OK;
  VRAMAUTO_DO(number("router.scale", range, sizes_.hidden, true));
  VRAMAUTO_DO(number("router.per_expert_scale", range, experts_, true));
  VRAMAUTO_DO(number("router.root_size", range, 1, false));
  Experts experts;
  experts.count = experts_;
  experts.per_token = per_token_;
  experts.width = expert_width_;
  return add_experts(model_, kExperts, experts, named(""), range, sizes_.hidden);
}

vramauto_status Gemma4::norms(const LayerShape& shape, const vramauto_layers& range) {
  VRAMAUTO_DO(Writer::norms(shape, range));
  if (shape.feed == kWithExperts)
    for (const auto* part : {"post_feedforward_layernorm_1", "post_feedforward_layernorm_2", "pre_feedforward_layernorm_2"})
      VRAMAUTO_DO(add_norm(named(part), range, sizes_.hidden));
  if (per_layer_) VRAMAUTO_DO(per_layer_parts(range));
  return number("layer_scalar", range, 1, true);
}

vramauto_status Gemma4::forward(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.feed != kWithExperts) return GemmaWriter::forward(shape, range);
  vramauto_forward out{};
  out.struct_size = sizeof out;
  out.layers = range;
  out.query = out.attention_out = shape.heads * key_dim(shape);
  out.key_value = borrows(shape) ? 0 : 2 * shape.kv_heads * key_dim(shape);
  out.kv_heads = shape.kv_heads;
  out.intermediate = shape.intermediate;
  out.experts = experts_;
  out.experts_per_token = per_token_;
  out.expert_intermediate = expert_width_;
  out.per_layer_input = per_layer_;
  return model_.add(out);
}

}  // namespace

vramauto_status describe_gemma4(const Description& model, const Family& family) {
  auto sizes = VRAMAUTO_READ(read_sizes(model, family));
  auto traits = VRAMAUTO_READ(read_traits(model, family, sizes));
  // transformers_utils/model_arch_config_convertor.py, Gemma4's: what an image brings attends to all of it.
  constexpr auto* seen = "/use_bidirectional_attention";
  if (model.type(seen) == VRAMAUTO_JSON_STRING && VRAMAUTO_READ(model.text(seen)) == "vision") traits.flags |= kPrefixLm;
  VRAMAUTO_DO(model.traits(traits));
  return Gemma4(model, family, std::move(sizes)).write();
}

}  // namespace vramauto::gemma
