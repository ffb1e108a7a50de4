#include "writer.hpp"

#include "layers.hpp"

namespace vramauto::moe {

using estimator::flag;
using estimator::holds;
using estimator::LayerShape;
using estimator::Tensors;

namespace {

constexpr std::uint8_t kSlides = 1;  // LayerShape::own

}  // namespace

vramauto_status Writer::shapes() {
  experts_ = VRAMAUTO_READ(estimator::read_experts(model_, mixture_.keys, mixture_.experts));
  experts_.correction = VRAMAUTO_READ(holds(model_, mixture_.correction));
  VRAMAUTO_DO(read_sinks());
  windows_ = VRAMAUTO_READ(read_sight(model_, mixture_, sizes_.layers, std::move(windows_)));
  const auto sparse = VRAMAUTO_READ(read_sparse(model_, mixture_, sizes_.layers));
  sizes_.blocks.reserve(sizes_.layers);
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    const bool slides = windows_[layer] != 0;
    auto shape = VRAMAUTO_READ(read_heads(model_, mixture_, sizes_, layer, slides));
    shape.own = slides ? kSlides : std::uint8_t{0};
    if (sparse[layer]) {
      shape.feed = kExperts;
      shape.intermediate = experts_.shared_width;
    } else if (!mixture_.dense_width.empty()) {
      shape.intermediate = static_cast<std::uint32_t>(VRAMAUTO_READ(model_.positive(mixture_.dense_width, 1u << 22)));
    }
    sizes_.blocks.push_back(shape);
  }
  return VRAMAUTO_OK;
}

vramauto_status Writer::read_sinks() {
  sinks_ = VRAMAUTO_READ(holds(model_, mixture_.sinks));
  sliding_sinks_ = VRAMAUTO_READ(holds(model_, mixture_.sliding_sinks));
  // vLLM 0.33, models/granite.py, granite_layer_attn_params.
  if (mixture_.typed_sinks && model_.first(mixture_.sinks).empty()) sinks_ = model_.has("/layer_types");
  return VRAMAUTO_OK;
}

vramauto_status Writer::mixer(const LayerShape& shape, const vramauto_layers& range) {
  VRAMAUTO_DO(attention(shape, range));
  VRAMAUTO_DO(gate(shape, range));
  return sinks(shape, range);
}

vramauto_status Writer::gate(const LayerShape& shape, const vramauto_layers& range) {
  auto kind = mixture_.gate;
  if (kind == Gate::keyed) {  // vLLM 0.33, models/laguna.py, LagunaAttention
    if (!model_.has("/gating")) return VRAMAUTO_OK;
    if (model_.type("/gating") == VRAMAUTO_JSON_BOOL)
      kind = VRAMAUTO_READ(model_.boolean("/gating")) ? Gate::head : Gate::none;
    else
      kind = VRAMAUTO_READ(model_.text("/gating")) == "per-head" ? Gate::head : Gate::channel;
  }
  if (kind == Gate::none) return VRAMAUTO_OK;
  const std::uint64_t rows = kind == Gate::head ? shape.heads : std::uint64_t{shape.heads} * value_dim(shape);
  return model_.add(
      Tensors(named(mixture_.gate_name).c_str(), VRAMAUTO_ROLE_LINEAR, range, rows, sizes_.hidden).by(VRAMAUTO_SPLIT_ROWS));
}

vramauto_status Writer::sinks(const LayerShape& shape, const vramauto_layers& range) {
  const bool there = mixture_.sliding_sinks.empty() || !(shape.own & kSlides) ? sinks_ : sliding_sinks_;
  if (!there) return VRAMAUTO_OK;
  return model_.add(Tensors(named(mixture_.sinks_name).c_str(), VRAMAUTO_ROLE_OTHER, range, shape.heads, 1)
                        .heads(shape.heads, VRAMAUTO_UNEVEN_REFUSE));
}

vramauto_status Writer::feed(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.feed != kExperts) return mlp(shape, range);
  return estimator::add_experts(model_, *mixture_.names, experts_, mixture_.decoder.names->layer, range, sizes_.hidden);
}

// The rows of sliding layers' tables are those of their own parameters, or of the same with another base.
vramauto_status Writer::tables(const LayerShape& shape, const vramauto_layers& range) {
  const bool slides = shape.own & kSlides;
  switch (mixture_.tables) {
    case Tables::shared:
      return mixture_.table_float32 ? table("full_attention", "rotary_emb", shape, range) : estimator::Writer::tables(shape, range);
    case Tables::by_kind:
      return table(slides ? "sliding_attention" : "full_attention", slides ? "local_rotary_emb" : "rotary_emb", shape, range);
    case Tables::two:
      return table({}, slides ? "local_rotary_emb" : "rotary_emb", shape, range);
    case Tables::sliding:
    case Tables::chunked:
      return slides ? table({}, "rotary_emb", shape, range) : VRAMAUTO_OK;
  }
  return VRAMAUTO_OK;
}

vramauto_status Writer::table(std::string_view kind, const char* name, const LayerShape& shape, const vramauto_layers& range) {
  const auto dim = key_dim(shape);
  const auto rope = VRAMAUTO_READ(estimator::read_rope(model_, family_, kind, dim));
  const auto rows = estimator::table_of(rope, sizes_.positions, dim);
  if (rows.width == 0) return VRAMAUTO_OK;
  Tensors tensors(name, VRAMAUTO_ROLE_ROPE, range, rows.rows, rows.width);
  tensors.units = static_cast<std::uint32_t>(std::min<std::uint64_t>(rows.unscaled, UINT32_MAX));
  return model_.add(tensors.of(mixture_.table_float32 ? VRAMAUTO_F32 : 0).with(VRAMAUTO_NOT_STORED));
}

vramauto_status Writer::forward(const LayerShape& shape, const vramauto_layers& range) {
  vramauto_forward out{};
  out.struct_size = sizeof out;
  out.flags = flag(!family_.gated, VRAMAUTO_UNGATED);
  out.layers = range;
  out.query = shape.heads * key_dim(shape);
  out.attention_out = shape.heads * value_dim(shape);
  out.key_value = shape.kv_heads * (key_dim(shape) + value_dim(shape));
  out.kv_heads = shape.kv_heads;
  out.intermediate = shape.intermediate;
  if (shape.feed == kExperts) {
    out.flags = flag(!experts_.gated, VRAMAUTO_UNGATED);
    out.experts = experts_.count;
    out.experts_per_token = experts_.per_token;
    out.expert_intermediate = experts_.width;
  }
  return model_.add(out);
}

}  // namespace vramauto::moe
