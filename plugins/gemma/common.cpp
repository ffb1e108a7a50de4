#include <string>

#include "gemma.hpp"

namespace vramauto::gemma {
namespace {

constexpr std::uint64_t kMostWidth = 1u << 22, kMostVocab = 1u << 26;

Answer<std::uint32_t> size_or_zero(const Description& model, const char* at, std::uint64_t most) {
  if (!model.has(at)) return {0, VRAMAUTO_OK};
  const auto value = VRAMAUTO_TAKE(model.integer(at));
  if (value < 0 || static_cast<std::uint64_t>(value) > most)
    return {0, model.fail(VRAMAUTO_E_FORMAT,
                          std::string(at) + " is " + std::to_string(value) + ", expected 0 to " + std::to_string(most))};
  return {static_cast<std::uint32_t>(value), VRAMAUTO_OK};
}

// transformers 5.24, models/gemma4/configuration_gemma4.py and gemma3n/configuration_gemma3n.py, __post_init__.
Answer<std::string> layer_kinds(const Description& model, std::uint32_t layers, std::uint32_t period) {
  std::string out;
  if (model.type("/layer_types") != VRAMAUTO_JSON_ARRAY) {
    for (std::uint32_t layer = 1; layer <= layers; ++layer) out += layer % period ? 's' : 'f';
    return {out, VRAMAUTO_OK};
  }
  const auto count = VRAMAUTO_TAKE(model.length("/layer_types"));
  if (count < layers)
    return {"", model.fail(VRAMAUTO_E_FORMAT, "/layer_types has " + std::to_string(count) + " entries, expected one for each of " +
                                                  std::to_string(layers) + " layers")};
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const auto kind = VRAMAUTO_TAKE(model.text(("/layer_types/" + std::to_string(layer)).c_str()));
    out += kind == "sliding_attention" ? 's' : 'f';
  }
  return {out, VRAMAUTO_OK};
}

}  // namespace

vramauto_status GemmaWriter::read_common(std::uint32_t period, bool last_is_full) {
  rope_ = false;  // mixer() adds the tables: one for each kind of layer
  kinds_ = VRAMAUTO_READ(layer_kinds(model_, sizes_.layers, period));
  if (last_is_full) kinds_.back() = 'f';
  shared_ = VRAMAUTO_READ(size_or_zero(model_, "/num_kv_shared_layers", sizes_.layers - 1));
  per_layer_ = VRAMAUTO_READ(size_or_zero(model_, "/hidden_size_per_layer_input", kMostWidth));
  per_layer_vocab_ =
      static_cast<std::uint32_t>(VRAMAUTO_READ(model_.positive("vocab_size_per_layer_input", kMostVocab, sizes_.vocab)));
  auto window = static_cast<std::uint32_t>(VRAMAUTO_READ(model_.positive("sliding_window", 1ull << 31)));
  if (model_.type("/use_bidirectional_attention") == VRAMAUTO_JSON_STRING &&
      VRAMAUTO_READ(model_.text("/use_bidirectional_attention")) == "all")
    window = window / 2 + 1;
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) windows_[layer] = kinds_[layer] == 's' ? window : 0;
  return VRAMAUTO_OK;
}

vramauto_status GemmaWriter::linear(std::string_view part, const vramauto_layers& range, std::uint64_t rows, std::uint64_t cols,
                                    vramauto_split split) {
  const auto name = range.first < 0 ? std::string(part) : named(part);
  return model_.add(Tensors(name.c_str(), VRAMAUTO_ROLE_LINEAR, range, rows, cols).by(split));
}

vramauto_status GemmaWriter::number(std::string_view part, const vramauto_layers& range, std::uint64_t count, bool stored,
                                    vramauto_dtype type) {
  const auto name = range.first < 0 ? std::string(part) : named(part);
  return model_.add(Tensors(name.c_str(), VRAMAUTO_ROLE_OTHER, range, count, 1).of(type).with(flag(!stored, VRAMAUTO_NOT_STORED)));
}

// vLLM 0.33, models/gemma4.py, Gemma4Model: one table holds the inputs of all layers.
vramauto_status GemmaWriter::per_layer_input() {
  const std::uint64_t width = std::uint64_t{per_layer_} * sizes_.layers;
  VRAMAUTO_DO(model_.add(
      Tensors("model.embed_tokens_per_layer", VRAMAUTO_ROLE_EMBEDDING, kInput, per_layer_vocab_, width).by(VRAMAUTO_SPLIT_VOCAB)));
  VRAMAUTO_DO(linear("model.per_layer_model_projection", kInput, width, sizes_.hidden, VRAMAUTO_SPLIT_ROWS));
  VRAMAUTO_DO(add_norm("model.per_layer_projection_norm", kInput, per_layer_));
  return number("model.per_layer_scales", kInput, 3, false);
}

vramauto_status GemmaWriter::per_layer_parts(const vramauto_layers& range) {
  VRAMAUTO_DO(linear("per_layer_input_gate", range, per_layer_, sizes_.hidden));
  VRAMAUTO_DO(linear("per_layer_projection", range, sizes_.hidden, per_layer_));
  return add_norm(named("post_per_layer_input_norm"), range, sizes_.hidden);
}

// Sliding and full layers turn by tables of their own: their bases differ.
vramauto_status GemmaWriter::mixer(const LayerShape& shape, const vramauto_layers& range) {
  VRAMAUTO_DO(attention(shape, range));
  const bool sliding = shape.own == kSliding;
  const auto rope = VRAMAUTO_READ(read_rope(model_, family_, sliding ? "sliding_attention" : "full_attention", key_dim(shape)));
  return add_table(rope, range, sliding ? "local_rotary_emb" : "rotary_emb", key_dim(shape));
}

vramauto_status GemmaWriter::forward(const LayerShape& shape, const vramauto_layers& range) {
  vramauto_forward out{};
  out.struct_size = sizeof out;
  out.layers = range;
  out.query = out.attention_out = shape.heads * key_dim(shape);
  out.key_value = borrows(shape) ? 0 : 2 * shape.kv_heads * key_dim(shape);
  out.kv_heads = shape.kv_heads;
  out.intermediate = shape.intermediate;
  out.per_layer_input = per_layer_;
  return model_.add(out);
}

vramauto_status GemmaWriter::cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) {
  for (const auto& range : ranges) {
    vramauto_cache out{};
    out.struct_size = sizeof out;
    out.kind = window ? VRAMAUTO_CACHE_SLIDING : VRAMAUTO_CACHE_FULL;
    out.layers = range;
    out.heads = shape.kv_heads;
    out.k_dim = out.v_dim = key_dim(shape);
    out.window = window;
    if (borrows(shape)) {
      out.flags = VRAMAUTO_BORROWED;
      out.owner = owner_of(window != 0);
    }
    VRAMAUTO_DO(model_.add(out));
  }
  return VRAMAUTO_OK;
}

}  // namespace vramauto::gemma
