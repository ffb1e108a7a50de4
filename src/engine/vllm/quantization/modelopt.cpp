// Sources: vLLM 0.33 and 0.19.1, quantization/modelopt.py; quantization/quark/quark.py.
#include <algorithm>

#include "engine/vllm/quantization/rules.hpp"
#include "support/text.hpp"

namespace vramauto::engine::vllm::quantization {
namespace {

constexpr std::string_view kWhere = "quantization_config";
constexpr std::uint32_t kFourScales = 16;  // q, k, v and probabilities, float32: vLLM 0.33, quantization/kv_cache.py

std::string upper(std::string_view text) {
  std::string out(text);
  for (auto& letter : out)
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  return out;
}

// modelopt.py, LINEAR_ALGOS and resolve().
Result<Format> algorithm(std::string_view name) {
  const auto upper_name = upper(name);
  if (upper_name == "FP8") return Format{.scheme = Scheme::fp8, .static_input = true};
  if (upper_name == "FP8_PER_CHANNEL_PER_TOKEN")
    return Format{.scheme = Scheme::fp8, .scales = Scales::channel, .dynamic_input = true};
  if (upper_name == "FP8_PB_WO" || upper_name == "FP8_BLOCK_SCALES")
    return Format{.scheme = Scheme::fp8, .scales = Scales::block, .block_n = 128, .block_k = 128, .dynamic_input = true};
  if (upper_name == "NVFP4" || upper_name == "W4A16_NVFP4")
    return Format{.scheme = Scheme::nvfp4, .group = 16, .static_input = true, .weight_only = upper_name != "NVFP4"};
  if (upper_name == "MXFP8") return Format{.scheme = Scheme::mxfp8, .group = 32};
  return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "ModelOpt's quant_algo \"{}\": expected FP8, {}", text::shown(name),
              "FP8_PER_CHANNEL_PER_TOKEN, FP8_PB_WO, NVFP4, W4A16_NVFP4, MXFP8 or MIXED_PRECISION");
}

// is_layer_excluded: the whole name, a part of it, or a wildcard.
Result<void> exclude(const json::Value& config, Rules& rules) {
  const std::initializer_list<std::string_view> keys = {"ignore", "exclude_modules"};
  TRY(add_list(config, keys, How::whole, 0, false, rules));
  TRY(add_list(config, keys, How::within, 0, true, rules));
  return add_list(config, keys, How::wildcard, 0, true, rules);
}

Result<void> add_layers(const json::Value& layers, Rules& rules) {
  for (const auto& layer : layers.items) {
    if (!layer.is(json::Type::object)) continue;
    const auto name = word(layer, "quant_algo");
    auto format = algorithm(name);
    if (!format) continue;  // left as it is: ModelOptMixedPrecisionConfig.get_quant_method
    if (format->scheme == Scheme::nvfp4) {
      const auto group = TRY(number(layer, "group_size", 16, 4096));
      format->group = static_cast<std::uint32_t>(group);
    }
    TRY(add_pattern(layer.key, How::whole, rules.add(*format), false, rules));
  }
  return {};
}

}  // namespace

Result<void> read_modelopt(const json::Value& config, const json::Value* separate, Rules& rules) {
  const auto* inner = object_in(config, "quantization");
  const auto& own = inner ? *inner : config;
  const auto name = word(own, "quant_algo");
  rules.part_mismatch = "some but not all shards of it are quantized. All shards of fused layers have to have the same precision";
  rules.attention_bytes = kFourScales;
  TRY(exclude(own, rules));
  if (upper(name) == "MIXED_PRECISION") {
    rules.head_by_rule = true;
    const auto* layers = object_in(own, "quantized_layers");
    if (!layers && separate) {
      const auto* other = object_in(*separate, "quantization");
      layers = object_in(other ? *other : *separate, "quantized_layers");
    }
    if (!layers)
      return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "MIXED_PRECISION requires a non-empty quantized_layers, which is missing");
    return add_layers(*layers, rules);
  }
  auto format = TRY(algorithm(name));
  if (format.scheme == Scheme::nvfp4) {
    const auto group = TRY(number(own, "group_size", 16, 4096));
    format.group = static_cast<std::uint32_t>(group);
  }
  rules.linear = rules.head = rules.add(format);
  return {};
}

namespace {

const json::Value* only(const json::Value& config, std::string_view key) {
  const auto* value = config.find(key);
  if (value && value->is(json::Type::array)) value = value->items.size() == 1 ? &value->items[0] : nullptr;
  return value && value->is(json::Type::object) ? value : nullptr;
}

Result<Format> quark_format(const json::Value& config) {
  const auto *weight = only(config, "weight"), *input = only(config, "input_tensors");
  const auto* several = config.find("weight");
  if (several && several->is(json::Type::array) && several->items.size() == 2)
    return Format{.scheme = Scheme::nvfp4, .group = 16, .static_input = true};
  if (!weight) return Format{};
  const auto type = word(*weight, "dtype"), scheme = word(*weight, "qscheme");
  const auto group = TRY(number(*weight, "group_size", 32, 1 << 20));
  if (type == "fp4" && group == 32) return Format{.scheme = Scheme::mxfp4, .group = 32};
  if (type == "fp8_e4m3" && scheme == "per_group" && group == 32) return Format{.scheme = Scheme::mxfp8, .group = 32};
  Format out{.scheme = type == "int8" ? Scheme::int8 : Scheme::fp8};
  out.scales = scheme == "per_channel" ? Scales::channel : Scales::tensor;
  out.static_input = input && !is_true(*input, "is_dynamic");
  out.dynamic_input = input && is_true(*input, "is_dynamic");
  if ((type == "int8" || type == "fp8_e4m3") && (scheme == "per_tensor" || scheme == "per_channel")) return out;
  if (type == "int4" || type == "uint4")
    return Format{.scheme = Scheme::awq, .bits = 4, .group = static_cast<std::uint32_t>(group)};
  return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "Quark's weights of {} with the scheme \"{}\" are not known here", text::shown(type),
              text::shown(scheme));
}

}  // namespace

Result<void> read_quark(const json::Value& config, Rules& rules) {
  rules.part_mismatch = "found different quantization schemes for its shards. vLLM requires all to use the same scheme";
  rules.attention_bytes = kFourScales;
  rules.ignored_first = true;
  if (const auto* list = config.find("exclude"); list && list->is(json::Type::array))
    for (const auto& item : list->items) {
      if (!item.is(json::Type::string)) continue;
      const bool expression = item.text.starts_with("re:");
      TRY(add_pattern(expression ? item.text.substr(3) : item.text, expression ? How::start : How::whole, 0, false, rules));
    }
  if (const auto* layers = object_in(config, "layer_quant_config"))
    for (const auto& layer : layers->items) {
      if (!layer.is(json::Type::object)) continue;
      const auto format = TRY(quark_format(layer));
      const auto how = layer.key.find('*') == std::string_view::npos ? How::contains : How::wildcard;
      TRY(add_pattern(layer.key, how, rules.add(format), false, rules));
    }
  if (const auto* all = object_in(config, "global_quant_config")) {
    const auto format = TRY(quark_format(*all));
    rules.linear = rules.add(format);
  }
  return {};
}

}  // namespace vramauto::engine::vllm::quantization
