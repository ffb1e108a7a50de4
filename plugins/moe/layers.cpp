#include "layers.hpp"

#include <algorithm>
#include <charconv>

namespace vramauto::moe {

using estimator::Answer;
using estimator::Description;
using estimator::LayerShape;
using estimator::Sizes;

namespace {

constexpr std::uint64_t kMostHeads = 1u << 16;

vramauto_status wrong(const Description& model, const std::string& at, std::string_view found, std::string_view expected) {
  return model.fail(VRAMAUTO_E_FORMAT, at + " is " + std::string(found) + ", expected " + std::string(expected));
}

// A number that may be 0, missing or null.
Answer<std::int64_t> integer_or(const Description& model, const std::string& at, std::int64_t otherwise) {
  if (!model.has(at.c_str())) return {otherwise, VRAMAUTO_OK};
  return model.integer(at.c_str());
}

// A list with at least one entry a layer.
vramauto_status check_list(const Description& model, const std::string& at, std::uint32_t layers) {
  if (model.type(at.c_str()) != VRAMAUTO_JSON_ARRAY)
    return wrong(model, at, "missing or no list", "a list with an entry for each layer");
  const auto count = VRAMAUTO_READ(model.length(at.c_str()));
  if (count < layers)
    return wrong(model, at, "a list of " + std::to_string(count), "an entry for each of " + std::to_string(layers) + " layers");
  return VRAMAUTO_OK;
}

// One integer or boolean a layer, as booleans.
Answer<std::vector<bool>> marks(const Description& model, const std::string& at, std::uint32_t layers) {
  if (const auto status = check_list(model, at, layers); status != VRAMAUTO_OK) return {{}, status};
  std::vector<bool> out(layers);
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const auto one = at + "/" + std::to_string(layer);
    if (model.type(one.c_str()) == VRAMAUTO_JSON_BOOL)
      out[layer] = VRAMAUTO_TAKE(model.boolean(one.c_str()));
    else
      out[layer] = VRAMAUTO_TAKE(model.integer(one.c_str())) != 0;
  }
  return {std::move(out), VRAMAUTO_OK};
}

// Which layers have this word in a list of words.
Answer<std::vector<bool>> words(const Description& model, const std::string& at, std::uint32_t layers, std::string_view wanted) {
  if (const auto status = check_list(model, at, layers); status != VRAMAUTO_OK) return {{}, status};
  std::vector<bool> out(layers);
  for (std::uint32_t layer = 0; layer < layers; ++layer)
    out[layer] = VRAMAUTO_TAKE(model.text((at + "/" + std::to_string(layer)).c_str())) == wanted;
  return {std::move(out), VRAMAUTO_OK};
}

// Every `step`-th layer, counted from 1.
std::vector<bool> every(std::uint32_t layers, std::int64_t step) {
  std::vector<bool> out(layers, false);
  for (std::uint32_t layer = 0; step > 0 && layer < layers; ++layer) out[layer] = (layer + 1) % step == 0;
  return out;
}

// vLLM 0.33, models/qwen2_moe.py, Qwen2MoeDecoderLayer.
Answer<std::vector<bool>> by_step(const Description& model, std::uint32_t layers) {
  auto out = every(layers, VRAMAUTO_TAKE(integer_or(model, "/decoder_sparse_step", 1)));
  if (model.type("/mlp_only_layers") != VRAMAUTO_JSON_ARRAY) return {std::move(out), VRAMAUTO_OK};
  const auto count = VRAMAUTO_TAKE(model.length("/mlp_only_layers"));
  for (std::uint64_t i = 0; i < count && i < layers; ++i) {
    const auto layer = VRAMAUTO_TAKE(model.integer(("/mlp_only_layers/" + std::to_string(i)).c_str()));
    if (layer >= 0 && layer < layers) out[static_cast<std::size_t>(layer)] = false;
  }
  return {std::move(out), VRAMAUTO_OK};
}

// vLLM 0.33, models/deepseek_v2.py, DeepseekV2DecoderLayer.
Answer<std::vector<bool>> dense_first(const Description& model, const Mixture& mixture, std::uint32_t layers) {
  const auto first = VRAMAUTO_TAKE(integer_or(model, "/" + std::string(mixture.first), 0));
  const bool number = model.type("/moe_layer_freq") == VRAMAUTO_JSON_INT;
  const auto step = std::max<std::int64_t>(1, number ? VRAMAUTO_TAKE(model.integer("/moe_layer_freq")) : 1);
  std::vector<bool> out(layers);
  for (std::uint32_t layer = 0; layer < layers; ++layer) out[layer] = layer >= first && layer % step == 0;
  return {std::move(out), VRAMAUTO_OK};
}

// vLLM 0.33, models/step3_text.py: "4,5,6". Without it all layers but the first.
Answer<std::vector<bool>> numbered(const Description& model, std::uint32_t layers) {
  std::vector<bool> out(layers, false);
  auto rest = VRAMAUTO_TAKE(model.text("/moe_layers_enum"));
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    auto word = rest.substr(0, comma);
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    std::uint32_t layer = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), layer);
    if (read.ec != std::errc())
      return {{}, wrong(model, "/moe_layers_enum", "no list of numbers", "numbers of layers such as \"4,5,6\"")};
    if (layer < layers) out[layer] = true;
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return {std::move(out), VRAMAUTO_OK};
}

// vLLM 0.33, models/laguna.py, cohere2_moe.py, exaone_moe.py, step3p5.py.
Answer<std::vector<bool>> typed(const Description& model, const Mixture& mixture, std::uint32_t layers) {
  if (model.has("/mlp_layer_types")) return words(model, "/mlp_layer_types", layers, "sparse");
  if (model.has("/is_moe_layer")) return marks(model, "/is_moe_layer", layers);
  if (model.has("/moe_layers_enum")) return numbered(model, layers);
  if (!mixture.first.empty()) return dense_first(model, mixture, layers);
  std::vector<bool> out(layers, true);
  if (mixture.mixer == Mixer::shared_query || mixture.heads == Heads::groups) out[0] = false;
  return {std::move(out), VRAMAUTO_OK};
}

// vLLM 0.33, models/ernie45_moe.py, Ernie4_5_MoeDecoderLayer; a last layer of -1 is the model's.
Answer<std::vector<bool>> interval(const Description& model, std::uint32_t layers) {
  const auto first = VRAMAUTO_TAKE(integer_or(model, "/moe_layer_start_index", 0));
  auto last = VRAMAUTO_TAKE(integer_or(model, "/moe_layer_end_index", -1));
  if (last < 0) last = std::int64_t{layers} - 1;
  auto out = every(layers, VRAMAUTO_TAKE(integer_or(model, "/moe_layer_interval", 1)));
  for (std::uint32_t layer = 0; layer < layers; ++layer) out[layer] = out[layer] && layer >= first && layer <= last;
  return {std::move(out), VRAMAUTO_OK};
}

}  // namespace

Answer<std::vector<bool>> read_sparse(const Description& model, const Mixture& mixture, std::uint32_t layers) {
  switch (mixture.sparse) {
    case Sparse::all:
      break;
    case Sparse::none:
      return {std::vector<bool>(layers, false), VRAMAUTO_OK};
    case Sparse::step:
      return by_step(model, layers);
    case Sparse::dense_first:
      return dense_first(model, mixture, layers);
    case Sparse::marked:
      if (model.type("/moe_layer_freq") != VRAMAUTO_JSON_ARRAY) return dense_first(model, mixture, layers);
      return marks(model, "/moe_layer_freq", layers);
    case Sparse::typed:
      return typed(model, mixture, layers);
    case Sparse::interval:
      return interval(model, layers);
    case Sparse::interleaved:
      return {every(layers, VRAMAUTO_TAKE(integer_or(model, "/" + std::string(mixture.first), 1))), VRAMAUTO_OK};
  }
  return {std::vector<bool>(layers, true), VRAMAUTO_OK};
}

namespace {

Answer<std::uint32_t> window_of(const Description& model, std::string_view keys) {
  if (model.first(keys).empty()) return {0, VRAMAUTO_OK};
  const auto tokens = VRAMAUTO_TAKE(model.positive(keys, 1ull << 31));
  return {static_cast<std::uint32_t>(tokens), VRAMAUTO_OK};
}

// Llama 4: layers that turn see a chunk only. transformers 5.24, models/llama4/configuration_llama4.py.
Answer<std::vector<bool>> with_positions(const Description& model, std::uint32_t layers) {
  const bool listed = model.type("/no_rope_layers") == VRAMAUTO_JSON_ARRAY && VRAMAUTO_TAKE(model.length("/no_rope_layers")) > 0;
  if (listed) return marks(model, "/no_rope_layers", layers);
  auto out = every(layers, VRAMAUTO_TAKE(integer_or(model, "/no_rope_layer_interval", 4)));
  out.flip();
  return {std::move(out), VRAMAUTO_OK};
}

std::vector<std::uint32_t> where(const std::vector<bool>& slides, std::uint32_t window) {
  std::vector<std::uint32_t> out(slides.size(), 0);
  for (std::size_t layer = 0; layer < out.size(); ++layer)
    if (slides[layer]) out[layer] = window;
  return out;
}

}  // namespace

Answer<std::vector<std::uint32_t>> read_sight(const Description& model, const Mixture& mixture, std::uint32_t layers,
                                              std::vector<std::uint32_t> shared) {
  std::vector<bool> slides(layers, false);
  switch (mixture.sight) {
    case Sight::shared:
      break;
    case Sight::even_slides:  // vLLM 0.33, models/gpt_oss.py, OAIAttention
      for (std::uint32_t layer = 0; layer < layers; layer += 2) slides[layer] = true;
      return {where(slides, VRAMAUTO_TAKE(window_of(model, "sliding_window"))), VRAMAUTO_OK};
    case Sight::pattern:  // vLLM 0.33, models/mimo_v2.py
      slides = VRAMAUTO_TAKE(marks(model, "/hybrid_layer_pattern", layers));
      return {where(slides, VRAMAUTO_TAKE(window_of(model, "sliding_window_size|sliding_window"))), VRAMAUTO_OK};
    case Sight::global_every: {  // transformers 5.24, models/afmoe/configuration_afmoe.py
      if (model.type("/layer_types") == VRAMAUTO_JSON_ARRAY) break;
      slides = every(layers, VRAMAUTO_TAKE(integer_or(model, "/global_attn_every_n_layers", 4)));
      slides.flip();
      return {where(slides, VRAMAUTO_TAKE(window_of(model, "sliding_window"))), VRAMAUTO_OK};
    }
    case Sight::chunked:
      slides = VRAMAUTO_TAKE(with_positions(model, layers));
      return {where(slides, VRAMAUTO_TAKE(window_of(model, "attention_chunk_size"))), VRAMAUTO_OK};
  }
  return {std::move(shared), VRAMAUTO_OK};
}

Answer<std::vector<bool>> read_still(const Description& model, const Mixture& mixture, const std::vector<std::uint32_t>& windows) {
  const auto layers = static_cast<std::uint32_t>(windows.size());
  std::vector<bool> out(layers, false);
  if (mixture.tables == Tables::chunked) {
    out = VRAMAUTO_TAKE(with_positions(model, layers));
    out.flip();
  }
  if (mixture.tables == Tables::sliding)
    for (std::uint32_t layer = 0; layer < layers; ++layer) out[layer] = windows[layer] == 0;
  // vLLM 0.33, models/granite.py, granite_layer_attn_params; models/muse_glimmer.py.
  if (mixture.tables == Tables::by_base && model.has("/layer_rope_theta")) {
    if (const auto status = check_list(model, "/layer_rope_theta", layers); status != VRAMAUTO_OK) return {{}, status};
    for (std::uint32_t layer = 0; layer < layers; ++layer)
      out[layer] = !(VRAMAUTO_TAKE(model.real(("/layer_rope_theta/" + std::to_string(layer)).c_str())) > 0);
  }
  return {std::move(out), VRAMAUTO_OK};
}

// vLLM 0.33, vllm/models/minimax_m3/nvidia/model.py, _sparse_attention_layer_ids.
Answer<std::vector<bool>> read_indexed(const Description& model, const Mixture& mixture, std::uint32_t layers) {
  constexpr auto* key = "/sparse_attention_config/sparse_attention_freq";
  if (mixture.mixer != Mixer::indexed || !model.has(key)) return {std::vector<bool>(layers, false), VRAMAUTO_OK};
  return marks(model, key, layers);
}

namespace {

Answer<std::uint32_t> size(const Description& model, std::string_view keys, std::uint64_t most, std::uint64_t otherwise = 0) {
  const auto value = VRAMAUTO_TAKE(model.positive(keys, most, otherwise));
  return {static_cast<std::uint32_t>(value), VRAMAUTO_OK};
}

// vLLM 0.33, models/mimo_v2.py, MiMoV2FlashDecoderLayer.
Answer<LayerShape> swa_heads(const Description& model, LayerShape shape, bool slides) {
  if (slides) {
    shape.heads = VRAMAUTO_TAKE(size(model, "swa_num_attention_heads", kMostHeads));
    shape.kv_heads = VRAMAUTO_TAKE(size(model, "swa_num_key_value_heads", kMostHeads));
    shape.head_dim = VRAMAUTO_TAKE(size(model, "swa_head_dim", kMostHeads));
  }
  const auto keys = slides ? "swa_v_head_dim" : "v_head_dim";
  if (!model.first(keys).empty()) shape.v_dim = VRAMAUTO_TAKE(size(model, keys, kMostHeads));
  return {shape, VRAMAUTO_OK};
}

// vLLM 0.33, models/step3p5.py.
Answer<LayerShape> group_heads(const Description& model, LayerShape shape, bool slides) {
  constexpr std::string_view other = "attention_other_setting/";
  shape.kv_heads = VRAMAUTO_TAKE(size(model, "num_attention_groups|num_key_value_heads", kMostHeads, shape.heads));
  if (!slides) return {shape, VRAMAUTO_OK};
  const auto keys = "num_sliding_attention_heads|" + std::string(other) + "num_attention_heads";
  shape.heads = VRAMAUTO_TAKE(size(model, keys, kMostHeads, shape.heads));
  return {shape, VRAMAUTO_OK};
}

// vLLM 0.33, models/openpangu.py, OpenPanguSinkAttention.
Answer<LayerShape> sink_heads(const Description& model, LayerShape shape) {
  if (!model.has("/param_sink_number")) return {shape, VRAMAUTO_OK};
  const auto plain = VRAMAUTO_TAKE(size(model, "qk_nope_dim", kMostHeads)),
             turns = VRAMAUTO_TAKE(size(model, "qk_rope_dim", kMostHeads));
  shape.head_dim = plain + turns;
  shape.v_dim = VRAMAUTO_TAKE(size(model, "v_channels", kMostHeads));
  return {shape, VRAMAUTO_OK};
}

}  // namespace

Answer<LayerShape> read_heads(const Description& model, const Mixture& mixture, const Sizes& sizes, std::uint32_t layer,
                              bool slides) {
  auto shape = sizes.shape;
  switch (mixture.heads) {
    case Heads::same:
      break;
    case Heads::nested:  // vLLM 0.33, models/dbrx.py
      shape.kv_heads = VRAMAUTO_TAKE(size(model, "attn_config/kv_n_heads", kMostHeads));
      break;
    case Heads::per_layer: {  // vLLM 0.33, models/laguna.py
      if (!model.has("/num_attention_heads_per_layer")) break;
      const auto at = "num_attention_heads_per_layer/" + std::to_string(layer);
      shape.heads = VRAMAUTO_TAKE(size(model, at, kMostHeads));
      break;
    }
    case Heads::swa:
      return swa_heads(model, shape, slides);
    case Heads::groups:
      return group_heads(model, shape, slides);
    case Heads::one:  // vLLM 0.33, models/step3_text.py
      shape.kv_heads = 1;
      break;
    case Heads::sink:
      return sink_heads(model, shape);
  }
  return {shape, VRAMAUTO_OK};
}

}  // namespace vramauto::moe
