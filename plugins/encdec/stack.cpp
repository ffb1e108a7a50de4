#include "encdec.hpp"
#include "support/dtype.hpp"

namespace vramauto::encdec {

Answer<Width> read_width(const Description& model, const WidthKeys& keys, std::string_view below) {
  Width out;
  out.layers = static_cast<std::uint32_t>(VRAMAUTO_TAKE(model.positive(keys.layers, kMostLayers, 0, below)));
  out.heads = static_cast<std::uint32_t>(VRAMAUTO_TAKE(model.positive(keys.heads, 1u << 16, 0, below)));
  out.hidden = VRAMAUTO_TAKE(model.positive(keys.hidden, kMostWidth, 0, below));
  out.ffn = VRAMAUTO_TAKE(model.positive(keys.ffn, kMostWidth, 0, below));
  out.head_dim = out.hidden / out.heads;
  if (out.head_dim * out.heads != out.hidden)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, std::string(keys.heads) + " is " + std::to_string(out.heads) +
                                              ", expected a divisor of the hidden size " + std::to_string(out.hidden))};
  return {out, VRAMAUTO_OK};
}

Tensors Stack::layer(const std::string& name, vramauto_role role, std::uint64_t rows, std::uint64_t cols) const {
  Tensors out(name.c_str(), role, decodes_ ? vramauto_layers{0, width_.layers, width_.layers, width_.layers} : kInput, rows, cols);
  if (!decodes_) out.copies = width_.layers;
  out.encoders = encoders_;
  return out;
}

vramauto_status Stack::heads(std::string_view name, std::string_view part, std::uint32_t together, std::uint32_t kv_heads) const {
  const auto text = named(name).append(part);
  const auto count = kv_heads ? kv_heads : width_.heads;
  return model_.add(layer(text, VRAMAUTO_ROLE_LINEAR, count * width_.head_dim, width_.hidden)
                        .heads(count, kv_heads ? VRAMAUTO_UNEVEN_REPEAT : VRAMAUTO_UNEVEN_REFUSE)
                        .part_of(together)
                        .with(bias_));
}

vramauto_status Stack::attention(std::string_view name, std::uint32_t kv_heads) const {
  VRAMAUTO_DO(heads(name, names_.q, kSelf));
  const auto own = kv_heads == width_.heads ? 0 : kv_heads;
  for (const auto part : {names_.k, names_.v}) VRAMAUTO_DO(heads(name, part, kSelf, own));
  const auto text = named(name).append(names_.o);
  return model_.add(layer(text, VRAMAUTO_ROLE_LINEAR, width_.hidden, width_.inner()).by(VRAMAUTO_SPLIT_COLS).with(bias_));
}

vramauto_status Stack::cross(std::string_view name) const {
  VRAMAUTO_DO(heads(name, names_.q, 0));
  for (const auto part : {names_.k, names_.v}) VRAMAUTO_DO(heads(name, part, kCross));
  const auto text = named(name).append(names_.o);
  return model_.add(layer(text, VRAMAUTO_ROLE_LINEAR, width_.hidden, width_.inner()).by(VRAMAUTO_SPLIT_COLS).with(bias_));
}

vramauto_status Stack::up(std::string_view name, std::uint32_t part) const {
  return model_.add(
      layer(named(name), VRAMAUTO_ROLE_LINEAR, width_.ffn, width_.hidden).by(VRAMAUTO_SPLIT_ROWS).part_of(part).with(bias_));
}

vramauto_status Stack::down(std::string_view name) const {
  return model_.add(layer(named(name), VRAMAUTO_ROLE_LINEAR, width_.hidden, width_.ffn).by(VRAMAUTO_SPLIT_COLS).with(bias_));
}

vramauto_status Stack::norm(std::string_view name, bool bias) const {
  return model_.add(layer(named(name), VRAMAUTO_ROLE_NORM, width_.hidden, 1).with(flag(bias, VRAMAUTO_BIAS)));
}

vramauto_status Stack::whole(std::string_view name, vramauto_role role, std::uint64_t rows, std::uint64_t cols, bool bias) const {
  return model_.add(layer(named(name), role, rows, cols).with(flag(bias, VRAMAUTO_BIAS)));
}

vramauto_status Stack::beside(std::string_view name, vramauto_role role, std::uint64_t rows, std::uint64_t cols, bool bias,
                              vramauto_split split, std::uint32_t more) const {
  const auto text = named(name);
  Tensors out(text.c_str(), role, decodes_ && role == VRAMAUTO_ROLE_NORM ? kOutput : kInput, rows, cols);
  out.encoders = encoders_;
  return model_.add(out.by(split).with(flag(bias, VRAMAUTO_BIAS) | more));
}

vramauto_status set_traits(const Description& model, const Width& decoder, std::uint64_t vocab, std::uint64_t length,
                           std::uint32_t task) {
  vramauto_traits traits{};
  traits.struct_size = sizeof traits;
  traits.task = task;
  traits.layers = decoder.layers;
  traits.hidden = static_cast<std::uint32_t>(decoder.hidden);
  traits.vocab = static_cast<std::uint32_t>(vocab);
  traits.max_model_len = length;
  const auto at = model.first("dtype|torch_dtype");
  if (!at.empty()) traits.dtype = dtype_from_torch(VRAMAUTO_READ(model.text(at.c_str())));
  return model.traits(traits);
}

vramauto_status add_caches(const Description& model, const Width& decoder, std::uint32_t kv_heads, bool crosses) {
  vramauto_cache out{};
  out.struct_size = sizeof out;
  out.kind = VRAMAUTO_CACHE_FULL;
  out.layers = {0, decoder.layers, decoder.layers, decoder.layers};
  out.heads = kv_heads;
  out.k_dim = out.v_dim = static_cast<std::uint32_t>(decoder.head_dim);
  VRAMAUTO_DO(model.add(out));
  if (!crosses) return VRAMAUTO_OK;
  out.kind = VRAMAUTO_CACHE_CROSS;
  return model.add(out);
}

vramauto_status add_forward(const Description& model, const Width& decoder, std::uint32_t kv_heads, bool gated) {
  vramauto_forward out{};
  out.struct_size = sizeof out;
  out.flags = flag(!gated, VRAMAUTO_UNGATED);
  out.layers = {0, decoder.layers, decoder.layers, decoder.layers};
  out.query = out.attention_out = static_cast<std::uint32_t>(decoder.inner());
  out.key_value = static_cast<std::uint32_t>(2 * kv_heads * decoder.head_dim);
  out.kv_heads = kv_heads;
  out.intermediate = static_cast<std::uint32_t>(decoder.ffn);
  return model.add(out);
}

vramauto_status add_head(const Description& model, const char* name, std::uint64_t vocab, std::uint64_t hidden, bool tied,
                         bool bias) {
  return model.add(Tensors(name, VRAMAUTO_ROLE_HEAD, kOutput, vocab, hidden)
                       .by(VRAMAUTO_SPLIT_VOCAB)
                       .with(flag(tied, VRAMAUTO_TIED) | flag(bias, VRAMAUTO_BIAS)));
}

}  // namespace vramauto::encdec
