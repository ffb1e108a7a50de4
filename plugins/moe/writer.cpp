#include "writer.hpp"

#include <algorithm>

#include "layers.hpp"

namespace vramauto::moe {

using estimator::Answer;
using estimator::flag;
using estimator::holds;
using estimator::LayerShape;
using estimator::Tensors;

namespace {

constexpr std::uint64_t kMostWidth = 1u << 22;

}  // namespace

Answer<std::uint32_t> Writer::number(std::string_view keys, std::uint64_t most, std::uint64_t otherwise) const {
  const auto value = VRAMAUTO_TAKE(model_.positive(keys, most, otherwise));
  return {static_cast<std::uint32_t>(value), VRAMAUTO_OK};
}

vramauto_status Writer::shapes() {
  VRAMAUTO_DO(read_own());
  windows_ = VRAMAUTO_READ(read_sight(model_, mixture_, sizes_.layers, std::move(windows_)));
  const auto sparse = VRAMAUTO_READ(read_sparse(model_, mixture_, sizes_.layers));
  const auto still = VRAMAUTO_READ(read_still(model_, mixture_, windows_));
  const auto indexed = VRAMAUTO_READ(read_indexed(model_, mixture_, sizes_.layers));
  sizes_.blocks.reserve(sizes_.layers);
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    const bool slides = windows_[layer] != 0;
    auto shape = VRAMAUTO_READ(read_heads(model_, mixture_, sizes_, layer, slides));
    shape.own = static_cast<std::uint8_t>((slides ? kSlides : 0) | (indexed[layer] ? kIndexed : 0) | (still[layer] ? kStill : 0));
    if (sparse[layer]) {
      shape.feed = kExperts;
      shape.intermediate = experts_.shared_width;
    } else if (!mixture_.dense_width.empty()) {
      shape.intermediate = VRAMAUTO_READ(number(mixture_.dense_width, kMostWidth));
    }
    sizes_.blocks.push_back(shape);
  }
  return VRAMAUTO_OK;
}

vramauto_status Writer::read_own() {
  if (mixture_.sparse == Sparse::none) return VRAMAUTO_OK;
  experts_ = VRAMAUTO_READ(estimator::read_experts(model_, mixture_.keys, mixture_.experts));
  experts_.correction = VRAMAUTO_READ(holds(model_, mixture_.correction));
  experts_.router_bias = experts_.router_bias || VRAMAUTO_READ(holds(model_, mixture_.router_bias));
  experts_.shared_bias = VRAMAUTO_READ(holds(model_, mixture_.shared_bias));
  if (!model_.first(mixture_.shared_total).empty() && experts_.shared_width)
    experts_.shared_width = VRAMAUTO_READ(number(mixture_.shared_total, kMostWidth));
  // vLLM 0.33, models/bailing_moe.py, BailingMoE.
  if (const auto at = model_.first(mixture_.router_type); !at.empty())
    experts_.router_dtype = VRAMAUTO_READ(model_.text(at.c_str())) == "fp32" ? VRAMAUTO_F32 : VRAMAUTO_BF16;
  residual_ = VRAMAUTO_READ(holds(model_, mixture_.residual));
  return read_sinks();
}

vramauto_status Writer::read_sinks() {
  sinks_ = VRAMAUTO_READ(holds(model_, mixture_.sinks));
  sliding_sinks_ = VRAMAUTO_READ(holds(model_, mixture_.sliding_sinks));
  // vLLM 0.33, models/granite.py, granite_layer_attn_params.
  if (mixture_.typed_sinks && model_.first(mixture_.sinks).empty()) sinks_ = model_.has("/layer_types");
  return VRAMAUTO_OK;
}

vramauto_status Writer::mixer(const LayerShape& shape, const vramauto_layers& range) {
  switch (mixture_.mixer) {
    case Mixer::shared_query:
      return shared_query(shape, range);
    case Mixer::value_experts:
      VRAMAUTO_DO(value_experts(shape, range));
      break;
    default:
      VRAMAUTO_DO(attention(shape, range));
  }
  if (mixture_.mixer == Mixer::sink_tokens) VRAMAUTO_DO(sink_tokens(shape, range));
  if (shape.own & kIndexed) VRAMAUTO_DO(indexer(range));
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
  const bool named_only = mixture_.gate_if.ends_with('?');  // a key that is there, whatever it says
  const auto rule = mixture_.gate_if.substr(0, mixture_.gate_if.size() - (named_only ? 1 : 0));
  if (named_only ? model_.first(rule).empty() : !VRAMAUTO_READ(holds(model_, rule))) return VRAMAUTO_OK;
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
  VRAMAUTO_DO(estimator::add_experts(model_, *mixture_.names, experts_, mixture_.decoder.names->layer, range, sizes_.hidden));
  return residual_ ? residual(range) : VRAMAUTO_OK;
}

// vLLM 0.19.1, models/grok1.py, Grok1DecoderLayer; models/arctic.py, ArcticDecoderLayer.
vramauto_status Writer::residual(const vramauto_layers& range) {
  const auto& names = *mixture_.residual_names;
  const auto width = mixture_.residual_width.empty() ? sizes_.hidden : VRAMAUTO_READ(number(mixture_.residual_width, kMostWidth));
  for (const auto part : {names.gate, names.up})
    VRAMAUTO_DO(model_.add(Tensors(named(part).c_str(), VRAMAUTO_ROLE_LINEAR, range, width, sizes_.hidden)
                               .by(VRAMAUTO_SPLIT_ROWS)
                               .part_of(estimator::kGateUp)));
  VRAMAUTO_DO(
      model_.add(Tensors(named(names.down).c_str(), VRAMAUTO_ROLE_LINEAR, range, sizes_.hidden, width).by(VRAMAUTO_SPLIT_COLS)));
  return names.norms.empty() ? VRAMAUTO_OK : add_norm(named(names.norms), range, sizes_.hidden);
}

vramauto_status Writer::qk_norms(const LayerShape& shape, const vramauto_layers& range) {
  if (mixture_.q_norm.empty()) return estimator::Writer::qk_norms(shape, range);
  VRAMAUTO_DO(add_norm(named(mixture_.q_norm), range, key_dim(shape)));
  return add_norm(named(mixture_.k_norm), range, key_dim(shape));
}

vramauto_status Writer::tables(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.own & kStill) return VRAMAUTO_OK;
  const bool slides = shape.own & kSlides;
  const auto* name = slides ? "local_rotary_emb" : "rotary_emb";
  switch (mixture_.tables) {
    case Tables::shared:
      if (!mixture_.table_float32 && !mixture_.rotary_dim) return estimator::Writer::tables(shape, range);
      return table("full_attention", "rotary_emb", shape, range);
    case Tables::by_kind:
      return table(slides ? "sliding_attention" : "full_attention", name, shape, range);
    case Tables::two:
      return table({}, name, shape, range);
    default:
      return table({}, "rotary_emb", shape, range);
  }
}

vramauto_status Writer::table(std::string_view kind, const char* name, const LayerShape& shape, const vramauto_layers& range) {
  const auto dim = key_dim(shape);
  const auto rope = VRAMAUTO_READ(rope_of(kind, shape, range));
  const auto rows = estimator::table_of(rope, sizes_.positions, dim);
  if (rows.width == 0) return VRAMAUTO_OK;
  Tensors tensors(name, VRAMAUTO_ROLE_ROPE, range, rows.rows, rows.width);
  tensors.units = static_cast<std::uint32_t>(std::min<std::uint64_t>(rows.unscaled, UINT32_MAX));
  return model_.add(tensors.of(mixture_.table_float32 ? VRAMAUTO_F32 : 0).with(VRAMAUTO_NOT_STORED));
}

Answer<estimator::Rope> Writer::rope_of(std::string_view kind, const LayerShape& shape, const vramauto_layers& range) {
  auto rope = VRAMAUTO_TAKE(estimator::read_rope(model_, family_, kind, key_dim(shape)));
  if (mixture_.rotary_dim && model_.has("/rotary_dim")) {
    const auto turns = VRAMAUTO_TAKE(number("rotary_dim", key_dim(shape)));
    rope.part = static_cast<double>(turns) / key_dim(shape);
  }
  if (mixture_.tables != Tables::by_kind) return {rope, VRAMAUTO_OK};
  const bool slides = shape.own & kSlides;
  // vLLM 0.33, models/laguna.py: older files have parameters of sliding layers beside the others.
  if (slides && model_.type("/swa_rope_parameters") == VRAMAUTO_JSON_OBJECT) {
    rope = {};
    constexpr auto* part = "/swa_rope_parameters/partial_rotary_factor";
    if (model_.has(part)) rope.part = std::clamp(VRAMAUTO_TAKE(model_.real(part)), 0.0, 1.0);
  }
  // models/step3p5.py, _get_rope_parameters: one number a layer, scaling for the kinds that are named.
  const auto at = "/partial_rotary_factors/" + std::to_string(range.first);
  if (model_.has(at.c_str())) rope.part = std::clamp(VRAMAUTO_TAKE(model_.real(at.c_str())), 0.0, 1.0);
  if (slides && model_.type("/yarn_only_types") == VRAMAUTO_JSON_ARRAY) rope.scaling = estimator::Scaling::none;
  return {rope, VRAMAUTO_OK};
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

vramauto_status Writer::cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) {
  if (mixture_.sight != Sight::chunked || window == 0) VRAMAUTO_DO(estimator::Writer::cache(shape, window, ranges));
  for (const auto& range : ranges) {
    vramauto_cache out{};
    out.struct_size = sizeof out;
    out.layers = range;
    if (mixture_.sight == Sight::chunked && window) {
      out.kind = VRAMAUTO_CACHE_CHUNKED;
      out.heads = shape.kv_heads;
      out.k_dim = key_dim(shape);
      out.v_dim = value_dim(shape);
      out.window = window;
      VRAMAUTO_DO(model_.add(out));
    }
    if (shape.own & kIndexed) {  // vLLM 0.33, vllm/models/minimax_m3/common/indexer.py: one key a token, of the model's type
      out.kind = VRAMAUTO_CACHE_INDEXER;
      out.heads = 1;
      out.k_dim = VRAMAUTO_READ(number("sparse_attention_config/sparse_index_dim", 1u << 16));
      out.v_dim = 0;
      VRAMAUTO_DO(model_.add(out));
    }
  }
  return VRAMAUTO_OK;
}

}  // namespace vramauto::moe
