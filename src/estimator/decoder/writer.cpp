#include "estimator/decoder/writer.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "estimator/decoder/windows.hpp"
#include "support/dtype.hpp"

namespace vramauto::estimator {
namespace {

// Numbers of the weights: as the configuration says, else as most tensors are.
Answer<vramauto_dtype> read_dtype(const Description& model) {
  for (const std::string_view below : {"config.json#", ""}) {  // a composite's own key first
    const auto at = model.first("dtype|torch_dtype", below);
    if (!at.empty()) return {dtype_from_torch(VRAMAUTO_TAKE(model.text(at.c_str()))), VRAMAUTO_OK};
  }
  vramauto_tensor_info tensor{};
  tensor.struct_size = sizeof tensor;
  vramauto_dtype widest = 0;  // what torch promotes all of them to: float32 if there is one, or two 16 bit kinds
  for (std::uint64_t i = 0; model.host()->tensor(model.call(), i, &tensor) == VRAMAUTO_OK; ++i) {
    const bool counts = tensor.dtype == VRAMAUTO_F32 || tensor.dtype == VRAMAUTO_F16 || tensor.dtype == VRAMAUTO_BF16;
    if (!counts || tensor.dtype == widest) continue;
    widest = widest ? vramauto_dtype{VRAMAUTO_F32} : tensor.dtype;
    if (widest == VRAMAUTO_F32) break;
  }
  return {widest, VRAMAUTO_OK};
}

}  // namespace

vramauto_status Writer::write() {
  VRAMAUTO_DO(read());
  VRAMAUTO_DO(input());
  for (const auto& group : groups_) {
    for (const auto& range : group.ranges) VRAMAUTO_DO(layer(group.shape, range));
    for (const auto& range : group.ranges) VRAMAUTO_DO(forward(group.shape, range));
  }
  VRAMAUTO_DO(caches());
  VRAMAUTO_DO(drafts());
  return output();
}

vramauto_status Writer::read() {
  biases_.qkv = VRAMAUTO_READ(holds(model_, family_.qkv_bias));
  biases_.o = VRAMAUTO_READ(holds(model_, family_.o_bias));
  // TeleChat2 has a bias after the MLP only: vLLM 0.33, models/telechat2.py.
  const bool down_only = family_.mlp_bias == "down";
  biases_.up = !down_only && VRAMAUTO_READ(holds(model_, family_.mlp_bias));
  biases_.down = down_only || biases_.up;
  biases_.head = VRAMAUTO_READ(holds(model_, family_.head_bias));
  qk_norm_ = family_.qk_norm != QkNorm::none && VRAMAUTO_READ(holds(model_, family_.qk_norm_if));
  VRAMAUTO_DO(read_norms());
  VRAMAUTO_DO(read_position());
  windows_ = VRAMAUTO_READ(read_windows(model_, family_, sizes_.layers));
  VRAMAUTO_DO(shapes());
  group_layers();
  return VRAMAUTO_OK;
}

vramauto_status Writer::read_norms() {
  norm_ = family_.norm;
  if (norm_ == Norm::chatglm) norm_ = VRAMAUTO_READ(holds(model_, "+rmsnorm")) ? Norm::rms : Norm::layer;
  final_norm_ = norm_ != Norm::none;
  if (family_.norm == Norm::chatglm) final_norm_ = VRAMAUTO_READ(holds(model_, "+post_layer_norm"));
  if (family_.position == Position::learned_plus_two) {
    final_norm_ =
        VRAMAUTO_READ(holds(model_, "+do_layer_norm_before")) && !VRAMAUTO_READ(holds(model_, "_remove_final_layer_norm"));
    if (!VRAMAUTO_READ(holds(model_, "+layer_norm_elementwise_affine"))) norm_ = Norm::none;
  }
  norm_bias_ = norm_ == Norm::layer;
  if (family_.width == Width::expansion && VRAMAUTO_READ(holds(model_, "no_bias"))) norm_bias_ = false;
  if (norm_ == Norm::none) return VRAMAUTO_OK;
  if (family_.kv == KvHeads::falcon || family_.kv == KvHeads::refined_web) return read_falcon_norms();
  for (auto rest = family_.names->norms; !rest.empty();) {
    const auto end = rest.find(' ');
    const auto word = rest.substr(0, end);
    const auto mark = word.find('?');
    if (mark == std::string_view::npos || VRAMAUTO_READ(holds(model_, word.substr(mark + 1))))
      norms_.push_back(word.substr(0, mark));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return VRAMAUTO_OK;
}

// vLLM 0.33, models/falcon.py, FalconDecoderLayer.
vramauto_status Writer::read_falcon_norms() {
  const bool parallel = VRAMAUTO_READ(holds(model_, "+parallel_attn"));
  const bool grouped = VRAMAUTO_READ(has_grouped_heads(model_, family_, sizes_.hidden));
  const auto stated = model_.has("/num_ln_in_parallel_attn") ? VRAMAUTO_READ(model_.integer("/num_ln_in_parallel_attn"))
                      : grouped                              ? 2
                                                             : 1;
  if (!parallel)
    norms_ = {"post_attention_layernorm", "input_layernorm"};
  else if (stated == 2)
    norms_ = {"ln_attn", "ln_mlp"};
  else
    norms_ = {"input_layernorm"};
  return VRAMAUTO_OK;
}

vramauto_status Writer::read_position() {
  switch (family_.position) {
    case Position::rope:
      rope_ = true;
      break;
    case Position::learned:
    case Position::learned_plus_two:
      break;
    case Position::alibi:
      alibi_ = true;
      break;
    // Which Baichuan turns and which slopes its class decides by width: vLLM 0.19.1, models/baichuan.py, BaichuanForCausalLM.
    case Position::baichuan:
      (sizes_.hidden == 4096 ? rope_ : alibi_) = true;
      break;
    case Position::falcon:
      alibi_ = VRAMAUTO_READ(holds(model_, "alibi"));
      rope_ = !alibi_;
      break;
    case Position::rope_if_named:
      rope_ = !model_.has("/position_embedding_type") || VRAMAUTO_READ(model_.text("/position_embedding_type")) == "rope";
      break;
  }
  return VRAMAUTO_OK;
}

void Writer::group_layers() {
  if (sizes_.blocks.empty()) {
    groups_.push_back({sizes_.shape, {{0, sizes_.layers, sizes_.layers, sizes_.layers}}});
    return;
  }
  for (const auto& shape : sizes_.blocks)
    if (std::none_of(groups_.begin(), groups_.end(), [&](const Group& group) { return group.shape == shape; }))
      groups_.push_back({shape, {}});
  for (auto& group : groups_)
    group.ranges = ranges_of(sizes_.layers, [&](std::uint32_t layer) { return sizes_.blocks[layer] == group.shape; });
}

vramauto_status Writer::add_norm(const std::string& name, const vramauto_layers& range, std::uint64_t width) {
  return model_.add(Tensors(name.c_str(), VRAMAUTO_ROLE_NORM, range, width, 1).with(flag(norm_bias_, VRAMAUTO_BIAS)));
}

vramauto_status Writer::input() {
  const auto& names = *family_.names;
  const std::string embed(names.embed);
  const auto width = VRAMAUTO_READ(embedding_width());
  VRAMAUTO_DO(model_.add(Tensors(embed.c_str(), VRAMAUTO_ROLE_EMBEDDING, kInput, sizes_.vocab, width).by(VRAMAUTO_SPLIT_VOCAB)));
  if (family_.position == Position::learned)
    VRAMAUTO_DO(model_.add(Tensors("wpe", VRAMAUTO_ROLE_OTHER, kInput, sizes_.positions, sizes_.hidden)));
  if (family_.position == Position::learned_plus_two) {
    VRAMAUTO_DO(
        model_.add(Tensors("model.decoder.embed_positions", VRAMAUTO_ROLE_OTHER, kInput, sizes_.positions + 2, sizes_.hidden)));
    if (width != sizes_.hidden) {
      VRAMAUTO_DO(model_.add(Tensors("model.decoder.project_out", VRAMAUTO_ROLE_LINEAR, kInput, width, sizes_.hidden)));
      VRAMAUTO_DO(model_.add(Tensors("model.decoder.project_in", VRAMAUTO_ROLE_LINEAR, kInput, sizes_.hidden, width)));
    }
  }
  if (!family_.input_norm.empty()) VRAMAUTO_DO(add_norm(std::string(family_.input_norm), kInput, sizes_.hidden));
  if (family_.scales_embedding)
    VRAMAUTO_DO(model_.add(Tensors("model.normalizer", VRAMAUTO_ROLE_OTHER, kInput, 1, 1).with(VRAMAUTO_NOT_STORED)));
  return VRAMAUTO_OK;
}

Answer<std::uint64_t> Writer::embedding_width() const {
  if (family_.position != Position::learned_plus_two) return {sizes_.hidden, VRAMAUTO_OK};
  return model_.positive("word_embed_proj_dim", sizes_.hidden * 64ull, sizes_.hidden);
}

vramauto_status Writer::layer(const LayerShape& shape, const vramauto_layers& range) {
  VRAMAUTO_DO(mixer(shape, range));
  VRAMAUTO_DO(feed(shape, range));
  return norms(shape, range);
}

vramauto_status Writer::mixer(const LayerShape& shape, const vramauto_layers& range) {
  return shape.heads ? attention(shape, range) : VRAMAUTO_OK;
}

vramauto_status Writer::feed(const LayerShape& shape, const vramauto_layers& range) {
  return shape.intermediate ? mlp(shape, range) : VRAMAUTO_OK;
}

vramauto_status Writer::norms(const LayerShape& shape, const vramauto_layers& range) {
  for (std::size_t i = 0; i < norms_.size(); ++i) {
    if (family_.blocks && (i == 0 ? shape.heads : shape.intermediate) == 0) continue;  // each half has its own
    VRAMAUTO_DO(add_norm(named(norms_[i]), range, sizes_.hidden));
  }
  return VRAMAUTO_OK;
}

vramauto_status Writer::attention(const LayerShape& shape, const vramauto_layers& range) {
  const auto& names = *family_.names;
  const auto bias = flag(biases_.qkv, VRAMAUTO_BIAS);
  const auto q = named(names.q), k = named(names.k), v = named(names.v), o = named(names.o);
  const std::uint64_t width = std::uint64_t{shape.heads} * key_dim(shape), out = std::uint64_t{shape.heads} * value_dim(shape);
  const std::uint64_t k_width = std::uint64_t{shape.kv_heads} * key_dim(shape),
                      v_width = std::uint64_t{shape.kv_heads} * value_dim(shape);
  VRAMAUTO_DO(model_.add(Tensors(q.c_str(), VRAMAUTO_ROLE_LINEAR, range, gated_query_ ? 2 * width : width, sizes_.hidden)
                             .heads(shape.heads, VRAMAUTO_UNEVEN_REFUSE)
                             .part_of(kQkv)
                             .with(bias)));
  for (const auto& [name, rows] : {std::pair(&k, k_width), std::pair(&v, v_width)})
    VRAMAUTO_DO(model_.add(Tensors(name->c_str(), VRAMAUTO_ROLE_LINEAR, range, rows, sizes_.hidden)
                               .heads(shape.kv_heads, VRAMAUTO_UNEVEN_REPEAT)
                               .part_of(kQkv)
                               .with(bias | flag(borrows(shape), VRAMAUTO_BORROWED))));
  VRAMAUTO_DO(model_.add(Tensors(o.c_str(), VRAMAUTO_ROLE_LINEAR, range, sizes_.hidden, out)
                             .by(VRAMAUTO_SPLIT_COLS)
                             .with(flag(biases_.o, VRAMAUTO_BIAS))));
  if (qk_norm_) VRAMAUTO_DO(qk_norms(shape, range));
  if (rope_) VRAMAUTO_DO(tables(shape, range));
  if (alibi_)
    VRAMAUTO_DO(model_.add(Tensors(named("alibi_slopes").c_str(), VRAMAUTO_ROLE_OTHER, range, shape.heads, 1)
                               .heads(shape.heads, VRAMAUTO_UNEVEN_REFUSE)
                               .of(VRAMAUTO_F32)
                               .with(VRAMAUTO_NOT_STORED)));
  return VRAMAUTO_OK;
}

vramauto_status Writer::qk_norms(const LayerShape& shape, const vramauto_layers& range) {
  const auto q = named("self_attn.q_norm"), k = named("self_attn.k_norm");
  const std::uint64_t dim = key_dim(shape), width = shape.heads * dim, kv_width = shape.kv_heads * dim;
  const bool whole = family_.qk_norm == QkNorm::full_rms || family_.qk_norm == QkNorm::full_layer;
  const bool biased = (family_.qk_norm == QkNorm::head_layer || family_.qk_norm == QkNorm::full_layer) && norm_bias_;
  Tensors query(q.c_str(), VRAMAUTO_ROLE_NORM, range, dim, 1), key(k.c_str(), VRAMAUTO_ROLE_NORM, range, dim, 1);
  if (whole || family_.qk_norm == QkNorm::per_head) {
    query.rows = width;
    key.rows = kv_width;
  }
  if (family_.qk_norm == QkNorm::per_head) {
    query.heads(shape.heads, VRAMAUTO_UNEVEN_REFUSE);
    key.heads(shape.kv_heads, VRAMAUTO_UNEVEN_REPEAT);
  }
  VRAMAUTO_DO(model_.add(query.with(flag(biased, VRAMAUTO_BIAS))));
  return model_.add(key.with(flag(biased, VRAMAUTO_BIAS) | flag(borrows(shape), VRAMAUTO_BORROWED)));
}

// One table for all layers that turn alike.
vramauto_status Writer::tables(const LayerShape& shape, const vramauto_layers& range) {
  const auto dim = key_dim(shape);
  const bool mixed = std::find(windows_.begin(), windows_.end(), 0u) != windows_.end() &&
                     std::any_of(windows_.begin(), windows_.end(), [](std::uint32_t window) { return window != 0; });
  const auto kind = mixed ? std::string_view("full_attention") : std::string_view();
  auto full = VRAMAUTO_READ(read_rope(model_, family_, kind, dim));
  if (!mixed || !family_.plain_rope_when_sliding) return add_table(full, range, "rotary_emb", dim);
  for (const auto& part : ranges_of(sizes_.layers, [&](std::uint32_t layer) { return windows_[layer] != 0; }))
    VRAMAUTO_DO(add_table(Rope{.part = full.part}, part, local_differs(full) ? "local_rotary_emb" : "rotary_emb", dim));
  for (const auto& part : ranges_of(sizes_.layers, [&](std::uint32_t layer) { return windows_[layer] == 0; }))
    VRAMAUTO_DO(add_table(full, part, "rotary_emb", dim));
  return VRAMAUTO_OK;
}

bool Writer::local_differs(const Rope& full) const { return full.scaling != Scaling::none || family_.scales_embedding; }

vramauto_status Writer::add_table(const Rope& rope, const vramauto_layers& range, const char* name, std::uint32_t head_dim) {
  const auto rows = table_of(rope, sizes_.positions, head_dim);
  if (rows.width == 0) return VRAMAUTO_OK;
  Tensors tensors(name, VRAMAUTO_ROLE_ROPE, range, rows.rows, rows.width);
  tensors.units = static_cast<std::uint32_t>(std::min<std::uint64_t>(rows.unscaled, UINT32_MAX));
  return model_.add(tensors.of(table_dtype_).with(VRAMAUTO_NOT_STORED));
}

vramauto_status Writer::mlp(const LayerShape& shape, const vramauto_layers& range) {
  const auto& names = *family_.names;
  const auto gate = named(names.gate), up = named(names.up), down = named(names.down);
  const auto bias = flag(biases_.up, VRAMAUTO_BIAS);
  if (family_.gated)
    VRAMAUTO_DO(model_.add(Tensors(gate.c_str(), VRAMAUTO_ROLE_LINEAR, range, shape.intermediate, sizes_.hidden)
                               .by(VRAMAUTO_SPLIT_ROWS)
                               .part_of(kGateUp)
                               .with(bias)));
  VRAMAUTO_DO(model_.add(Tensors(up.c_str(), VRAMAUTO_ROLE_LINEAR, range, shape.intermediate, sizes_.hidden)
                             .by(VRAMAUTO_SPLIT_ROWS)
                             .part_of(kGateUp)
                             .with(bias)));
  return model_.add(Tensors(down.c_str(), VRAMAUTO_ROLE_LINEAR, range, sizes_.hidden, shape.intermediate)
                        .by(VRAMAUTO_SPLIT_COLS)
                        .with(flag(biases_.down, VRAMAUTO_BIAS)));
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
  return model_.add(out);
}

vramauto_status Writer::caches() {
  std::vector<std::uint32_t> kinds(windows_);
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  for (const auto& group : groups_)
    for (const auto window : kinds) {
      const auto belongs = [&](std::uint32_t layer) {
        return windows_[layer] == window && (sizes_.blocks.empty() || sizes_.blocks[layer] == group.shape);
      };
      const auto ranges = ranges_of(sizes_.layers, belongs);
      if (!ranges.empty()) VRAMAUTO_DO(cache(group.shape, window, ranges));
    }
  return VRAMAUTO_OK;
}

vramauto_status Writer::cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) {
  if (shape.heads == 0) return VRAMAUTO_OK;
  for (const auto& range : ranges) {
    vramauto_cache out{};
    out.struct_size = sizeof out;
    out.kind = window ? VRAMAUTO_CACHE_SLIDING : VRAMAUTO_CACHE_FULL;
    out.layers = range;
    out.heads = shape.kv_heads;
    out.k_dim = key_dim(shape);
    out.v_dim = value_dim(shape);
    out.window = window;
    VRAMAUTO_DO(model_.add(out));
  }
  return VRAMAUTO_OK;
}

vramauto_status Writer::output() {
  const auto& names = *family_.names;
  if (final_norm_ && norm_ != Norm::none) VRAMAUTO_DO(add_norm(std::string(names.final_norm), kOutput, sizes_.hidden));
  const std::string head(names.head);
  const auto width = VRAMAUTO_READ(embedding_width());
  return model_.add(Tensors(head.c_str(), VRAMAUTO_ROLE_HEAD, kOutput, sizes_.vocab, width)
                        .by(VRAMAUTO_SPLIT_VOCAB)
                        .with(flag(sizes_.tied, VRAMAUTO_TIED) | flag(biases_.head, VRAMAUTO_BIAS)));
}

Answer<vramauto_traits> read_traits(const Description& model, const Family& family, const Sizes& sizes) {
  vramauto_traits traits{};
  traits.struct_size = sizeof traits;
  traits.task = 1;
  traits.layers = sizes.layers;
  traits.hidden = sizes.hidden;
  traits.vocab = sizes.vocab;
  traits.max_model_len = VRAMAUTO_TAKE(read_length(model, family));
  traits.dtype = VRAMAUTO_TAKE(read_dtype(model));
  traits.flags = flag(family.refuses_float16, 4) | flag(has_mrope(model), 2);
  return {traits, VRAMAUTO_OK};
}

}  // namespace vramauto::estimator
