#include "estimator/decoder/windows.hpp"

#include <algorithm>
#include <string>

namespace vramauto::estimator {
namespace {

using Windows32 = std::vector<std::uint32_t>;

Answer<std::uint32_t> one_window(const Description& model, const Family& family) {
  if (!model.has("/sliding_window")) return {0, VRAMAUTO_OK};
  // transformers 5.24, models/qwen2/configuration_qwen2.py: without the switch the window is dropped. Other classes do not look
  // at the switch: their window holds even where it says false.
  const bool on = VRAMAUTO_TAKE(holds(model, family.window_needs_switch ? "use_sliding_window" : "always"));
  if (!on) return {0, VRAMAUTO_OK};
  const auto tokens = VRAMAUTO_TAKE(model.integer("/sliding_window"));
  if (tokens < 0 || tokens > (1ll << 31))
    return {0, model.fail(VRAMAUTO_E_FORMAT, "/sliding_window is " + std::to_string(tokens) + ", expected a number of tokens")};
  return {static_cast<std::uint32_t>(tokens), VRAMAUTO_OK};
}

// layer_types, one letter a layer: 's'liding, 'f'ull. Empty where the file has none.
Answer<std::string> layer_kinds(const Description& model, std::uint32_t layers) {
  if (model.type("/layer_types") != VRAMAUTO_JSON_ARRAY) return {"", VRAMAUTO_OK};
  const auto count = VRAMAUTO_TAKE(model.length("/layer_types"));
  if (count < layers)
    return {"", model.fail(VRAMAUTO_E_FORMAT, "/layer_types has " + std::to_string(count) + " entries, expected one for each of " +
                                                  std::to_string(layers) + " layers")};
  std::string out;
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const auto at = "/layer_types/" + std::to_string(layer);
    out += VRAMAUTO_TAKE(model.text(at.c_str())) == "sliding_attention" ? 's' : 'f';
  }
  return {out, VRAMAUTO_OK};
}

// Layers below max_window_layers see everything. transformers 5.24, models/qwen2/configuration_qwen2.py.
Answer<std::string> kinds_by_threshold(const Description& model, std::uint32_t layers) {
  const auto first = model.has("/max_window_layers") ? VRAMAUTO_TAKE(model.integer("/max_window_layers")) : std::int64_t{28};
  std::string out(layers, 'f');
  for (std::uint32_t layer = 0; layer < layers; ++layer)
    if (layer >= first) out[layer] = 's';
  return {out, VRAMAUTO_OK};
}

// vLLM 0.33, models/openpangu.py, OpenPanguEmbeddedAttention.
Answer<Windows32> interleaved(const Description& model, std::uint32_t layers) {
  Windows32 out(layers, 0);
  constexpr auto* key = "/interleaved_sliding_window";
  const bool list = model.type(key) == VRAMAUTO_JSON_ARRAY;
  const auto count = list ? VRAMAUTO_TAKE(model.length(key)) : std::uint64_t{1};
  if (!model.has(key) || count == 0) return {out, VRAMAUTO_OK};
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const auto at = list ? std::string(key) + "/" + std::to_string(layer % count) : std::string(key);
    if (!model.has(at.c_str())) continue;
    const auto tokens = VRAMAUTO_TAKE(model.integer(at.c_str()));
    if (tokens > 0 && tokens < (1ll << 31)) out[layer] = static_cast<std::uint32_t>(tokens);
  }
  return {out, VRAMAUTO_OK};
}

}  // namespace

// vLLM 0.33, engine/arg_utils.py, create_engine_config: a window that not all layers share reaches a layer only through its class.
Answer<Windows32> read_windows(const Description& model, const Family& family, std::uint32_t layers) {
  if (family.windows == Windows::interleaved) return interleaved(model, layers);
  Windows32 out(layers, 0);
  const auto window = VRAMAUTO_TAKE(one_window(model, family));
  if (window == 0) return {out, VRAMAUTO_OK};
  auto kinds = VRAMAUTO_TAKE(layer_kinds(model, layers));
  if (kinds.empty() && family.window_needs_switch) kinds = VRAMAUTO_TAKE(kinds_by_threshold(model, layers));
  const bool all = kinds.find('f') == std::string::npos;
  if (!all && family.windows != Windows::by_type) return {out, VRAMAUTO_OK};
  for (std::uint32_t layer = 0; layer < layers; ++layer)
    if (all || kinds[layer] == 's') out[layer] = window + family.window_extra;
  return {out, VRAMAUTO_OK};
}

std::vector<vramauto_layers> ranges_of(std::uint32_t layers, const std::function<bool(std::uint32_t)>& belongs) {
  std::vector<vramauto_layers> out;
  for (std::uint32_t layer = 0; layer < layers;) {
    if (!belongs(layer)) {
      ++layer;
      continue;
    }
    const auto first = layer;
    while (layer < layers && belongs(layer)) ++layer;
    const auto run = layer - first;
    if (out.empty()) {
      out.push_back({static_cast<std::int32_t>(first), run, run, run});
      continue;
    }
    auto& last = out.back();
    const auto start = static_cast<std::uint32_t>(last.first);
    const auto runs = last.count / last.run;
    const bool whole = last.count % last.run == 0;
    const bool fits = whole && (runs == 1 ? first > start : first == start + runs * last.stride) && run <= last.run;
    if (!fits) {
      out.push_back({static_cast<std::int32_t>(first), run, run, run});
      continue;
    }
    if (runs == 1) last.stride = first - start;
    last.count += run;
  }
  return out;
}

}  // namespace vramauto::estimator
