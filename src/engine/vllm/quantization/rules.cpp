#include "engine/vllm/quantization/rules.hpp"

#include <algorithm>

#include "support/order.hpp"
#include "support/text.hpp"

namespace vramauto::engine::vllm::quantization {
namespace {

constexpr std::string_view kWhere = "quantization_config";
constexpr std::size_t kMostRules = 65536, kMostFormats = 1024;
constexpr std::uint64_t kMostGroup = 1 << 20;
constexpr std::uint32_t kFourScales = 16;  // q, k, v and probabilities, float32: vLLM 0.33, quantization/kv_cache.py
constexpr std::string_view kSomeParts =
    "some but not all shards of it are quantized. All shards of fused layers have to have the same precision";

// vLLM 0.33, quantization/fp8.py.
Result<void> read_fp8(const json::Value& config, Rules& rules) {
  Format format{.scheme = Scheme::fp8, .open_blocks = true, .finer_blocks = true};
  format.static_input = word(config, "activation_scheme") == "static";
  if (const auto* block = config.find("weight_block_size"); block && !block->is(json::Type::null)) {
    if (!block->is(json::Type::array) || block->items.size() != 2)
      return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "the quantization block size of weight must have 2 dimensions");
    const auto edge = [&](std::size_t i) {
      const auto& value = block->items[i];
      const bool fits =
          value.is(json::Type::integer) && value.integer > 0 && value.integer <= static_cast<std::int64_t>(kMostGroup);
      return fits ? static_cast<std::uint32_t>(value.integer) : 0u;
    };
    format.scales = Scales::block;
    format.block_n = edge(0);
    format.block_k = edge(1);
    if (format.block_n == 0 || format.block_k == 0)
      return fail(VRAMAUTO_E_FORMAT, kWhere, "weight_block_size: expected two integers from 1 to {}", kMostGroup);
    if (format.static_input)
      return fail(VRAMAUTO_E_UNSUPPORTED, kWhere,
                  "block-wise quantization only supports a dynamic activation scheme, found static");
  }
  format.dynamic_input = !format.static_input;
  rules.linear = rules.add(format);
  rules.part_mismatch = kSomeParts;
  rules.attention_bytes = kFourScales;
  return add_list(config, {"ignored_layers", "modules_to_not_convert"}, How::whole, 0, false, rules);
}

// DeepSeek-V4: linear layers in blocks, routed experts in four bit unless the model's expert_dtype says otherwise.
// vLLM 0.33, models/deepseek_v4/quant_config.py, DeepseekV4FP8Config.
void set_expert_dtype(const json::Value& root, const json::Value& config, Rules& rules) {
  const auto type = word(root, "model_type");
  if (type != "deepseek_v4" && type != "deepseek_v41") return;
  const auto experts = word(root, "expert_dtype");
  if (!experts.empty() && experts != "fp4") return;
  auto linear = rules.formats[rules.linear];
  linear.byte_scales = true;
  rules.linear = rules.add(linear);
  const bool nvfp4 = text::lower(word(config, "moe_quant_algo")) == "nvfp4";
  rules.experts = rules.add(nvfp4 ? Format{.scheme = Scheme::nvfp4, .group = 16, .static_input = true}
                                  : Format{.scheme = Scheme::mxfp4, .kernel_sizes = true});
}

Result<void> read_fbgemm(const json::Value& config, Rules& rules) {
  rules.linear = rules.add({.scheme = Scheme::fp8, .scales = Scales::channel, .dynamic_input = true, .upper_bound = true});
  rules.part_mismatch = kSomeParts;
  return add_list(config, {"modules_to_not_convert"}, How::whole, 0, false, rules);
}

// -1: one scale for a whole row.
Result<std::uint32_t> group_of(const json::Value& config, std::string_view key, std::uint32_t otherwise) {
  const auto* value = config.find(key);
  if (value && value->is(json::Type::integer) && value->integer == -1) return 0u;
  const auto read = TRY(number(config, key, otherwise, kMostGroup));
  return static_cast<std::uint32_t>(read);
}

Result<Format> integer_format(const json::Value& config, Scheme scheme) {
  Format out{.scheme = scheme};
  const auto* key = config.find("w_bit") ? "w_bit" : "bits";
  const auto bits = TRY(number(config, key, 4, 16));
  out.bits = static_cast<std::uint32_t>(bits);
  const bool known = scheme == Scheme::awq ? out.bits == 4 : out.bits == 2 || out.bits == 3 || out.bits == 4 || out.bits == 8;
  if (!known)
    return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "found {} bits, expected {}", out.bits,
                scheme == Scheme::awq ? "4" : "2, 3, 4 or 8");
  out.group = TRY(group_of(config, config.find("q_group_size") ? "q_group_size" : "group_size", 128));
  return out;
}

// GPTQModel's `dynamic`: a regular expression, "-:" before it where the layer is left as it is.
// vLLM 0.33, utils/gptq_utils.py, get_dynamic_override.
Result<void> read_dynamic(const json::Value& config, const Format& base, Rules& rules) {
  const auto* dynamic = object_in(config, "dynamic");
  if (!dynamic) return {};
  for (const auto& entry : dynamic->items) {
    auto name = entry.key;
    const bool negative = name.starts_with("-:");
    if (negative || name.starts_with("+:")) name.remove_prefix(2);
    auto format = base;
    if (!negative && entry.is(json::Type::object)) {
      const auto bits = TRY(number(entry, "bits", base.bits, 16));
      format.bits = static_cast<std::uint32_t>(bits);
      if (format.bits != 4 && format.bits != 8)
        return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "dynamic: found {} bits, expected 4 or 8", format.bits);
      format.group = TRY(group_of(entry, "group_size", base.group));
    }
    TRY(add_pattern(name, How::start, negative ? std::uint16_t{0} : rules.add(format), true, rules));
  }
  return {};
}

// vLLM 0.33, quantization/auto_gptq.py; utils/gptq_utils.py.
Result<void> read_gptq(const json::Value& config, Rules& rules) {
  auto format = TRY(integer_format(config, Scheme::gptq));
  format.order = true;  // g_idx, up to the release that takes no activation order any more
  const auto number_of = rules.add(format);
  rules.linear = number_of;
  rules.part_mismatch = kSomeParts;
  TRY(read_dynamic(config, format, rules));
  if (is_true(config, "lm_head")) rules.head = number_of;
  const auto* listed = config.find("modules_in_block_to_quantize");
  if (!listed || !listed->is(json::Type::array) || listed->items.empty()) {
    rules.packed_tensors_decide = true;
    return {};
  }
  rules.linear = 0;
  for (const auto& item : listed->items)
    for (const auto& name : item.is(json::Type::array) ? item.items : std::span<const json::Value>(&item, 1))
      if (name.is(json::Type::string)) TRY(add_pattern(name.text, How::within, number_of, false, rules));
  return {};
}

// vLLM 0.33, quantization/auto_awq.py.
Result<void> read_awq(const json::Value& config, Rules& rules) {
  const auto format = TRY(integer_format(config, Scheme::awq));
  const auto number_of = rules.add(format);
  rules.linear = number_of;
  if (is_true(config, "lm_head")) rules.head = number_of;
  rules.part_mismatch = kSomeParts;
  TRY(add_list(config, {"modules_to_not_convert"}, How::within, 0, false, rules));
  rules.packed_tensors_decide = rules.patterns.empty();
  return {};
}

// vLLM 0.33, quantization/inc: AutoRound in the layout of GPTQ, or AWQ where the packing format names it.
Result<void> read_auto_round(const json::Value& config, Rules& rules) {
  const auto kind = word(config, "data_type");
  const auto packing = word(config, "packing_format"), backend = word(config, "backend");
  const bool awq = packing.find("awq") != std::string_view::npos || backend.find("awq") != std::string_view::npos;
  Format format;
  if (kind.starts_with("mx_fp")) {
    const auto bits = TRY(number(config, "bits", 4, 16));
    format.scheme = bits == 8 ? Scheme::mxfp8 : Scheme::mxfp4;
  } else if (kind == "fp" || kind == "fp8") {
    return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "AutoRound of the kind \"{}\" is not known here", text::shown(kind));
  } else {
    format = TRY(integer_format(config, awq ? Scheme::awq : Scheme::gptq));
  }
  format.order = format.scheme == Scheme::gptq;
  rules.linear = rules.add(format);
  rules.part_mismatch = kSomeParts;
  if (const auto* extra = object_in(config, "extra_config"))
    for (const auto& entry : extra->items) {
      if (!entry.is(json::Type::object)) continue;
      auto own = format;
      const auto bits = TRY(number(entry, "bits", format.bits, 16));
      own.bits = static_cast<std::uint32_t>(bits);
      own.group = TRY(group_of(entry, "group_size", format.group));
      const bool expression = entry.key.find_first_of("*+?^$()[]{}|\\") != std::string_view::npos;
      if (own.bits < 16 && own.bits != 2 && own.bits != 3 && own.bits != 4 && own.bits != 8)
        return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "extra_config: found {} bits, expected 2, 3, 4, 8 or 16", own.bits);
      TRY(add_pattern(entry.key, expression ? How::search : How::whole, own.bits >= 16 ? std::uint16_t{0} : rules.add(own), false,
                      rules));
    }
  return {};
}

// vLLM 0.19.1, quantization/bitsandbytes.py.
Result<void> read_bitsandbytes(const json::Value& config, Rules& rules) {
  rules.linear = rules.add({.scheme = is_true(config, "load_in_8bit") ? Scheme::bnb8 : Scheme::bnb4});
  return add_list(config, {"llm_int8_skip_modules"}, How::component, 0, true, rules);
}

// Experts only: vLLM 0.33, quantization/mxfp4.py leaves linear layers as they are.
Result<void> read_mxfp4(const json::Value&, Rules& rules) {
  rules.experts = rules.add({.scheme = Scheme::mxfp4, .kernel_sizes = true});
  return {};
}

Result<void> read_mxfp8(const json::Value& config, Rules& rules) {
  rules.linear = rules.add({.scheme = Scheme::mxfp8});
  return add_list(config, {"ignored_layers", "modules_to_not_convert", "ignore"}, How::within, 0, true, rules);
}

// torchao's own configurations: vLLM 0.33, quantization/torchao.py, and what torchao stores for them.
Result<void> read_torchao(const json::Value& config, Rules& rules) {
  const auto* type = object_in(config, "quant_type");
  const auto* inner = type ? object_in(*type, "default") : nullptr;
  const auto name = inner ? word(*inner, "_type") : std::string_view();
  if (name.starts_with("Float8"))
    rules.linear = rules.add({.scheme = Scheme::fp8, .scales = Scales::channel, .dynamic_input = true});
  else if (name.starts_with("Int8"))
    rules.linear = rules.add({.scheme = Scheme::int8, .scales = Scales::channel});
  else
    return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "torchao's \"{}\" is not known here", text::shown(name));
  return add_list(config, {"modules_to_not_convert"}, How::within, 0, true, rules);
}

// vLLM 0.19.1, quantization/gguf.py: embedding and head too, whatever has a type of blocks.
Result<void> read_gguf(const json::Value&, Rules& rules) {
  rules.types_are_stored = rules.head_by_rule = true;
  rules.part_mismatch = kSomeParts;
  return {};
}

Result<void> read_modelopt_here(const json::Value& config, Rules& rules) { return read_modelopt(config, nullptr, rules); }

struct Method {
  std::string_view name;
  Result<void> (*read)(const json::Value&, Rules&);
};
constexpr Method kMethods[] = {
    {"fp8", read_fp8},
    {"fbgemm_fp8", read_fbgemm},
    {"gptq", read_gptq},
    {"gptq_marlin", read_gptq},
    {"awq", read_awq},
    {"awq_marlin", read_awq},
    {"auto-round", read_auto_round},
    {"inc", read_auto_round},
    {"auto_round", read_auto_round},
    {"intel/auto-round", read_auto_round},
    {"bitsandbytes", read_bitsandbytes},
    {"compressed-tensors", read_compressed_tensors},
    {"compressed_tensors", read_compressed_tensors},
    {"modelopt", read_modelopt_here},
    {"modelopt_fp4", read_modelopt_here},
    {"modelopt_mixed", read_modelopt_here},
    {"modelopt_mxfp8", read_modelopt_here},
    {"quark", read_quark},
    {"mxfp4", read_mxfp4},
    {"mxfp8", read_mxfp8},
    {"torchao", read_torchao},
    {"gguf", read_gguf},
};

// Quantised while loading: vLLM 0.33, config/quantization.py, _ONLINE_SHORTHANDS; "fp8" up to 0.19.1, quantization/fp8.py.
struct Online {
  std::string_view name;
  Format format;
};
constexpr Online kOnline[] = {
    {"fp8", {.scheme = Scheme::fp8, .dynamic_input = true, .online = true}},
    {"fp8_per_tensor", {.scheme = Scheme::fp8, .dynamic_input = true, .online = true}},
    {"fp8_per_channel", {.scheme = Scheme::fp8, .scales = Scales::channel, .dynamic_input = true, .online = true}},
    {"fp8_per_block",
     {.scheme = Scheme::fp8, .scales = Scales::block, .block_n = 128, .block_k = 128, .dynamic_input = true, .online = true}},
    {"mxfp8", {.scheme = Scheme::mxfp8, .online = true}},
    {"mxfp4", {.scheme = Scheme::mxfp4, .online = true}},
    {"bitsandbytes", {.scheme = Scheme::bnb4, .online = true}},
};

Result<Rules> read_online(std::string_view asked) {
  Rules out;
  for (const auto& online : kOnline) {
    if (online.name != asked) continue;
    out.method = std::string(asked);
    out.linear = out.add(online.format);
    return out;
  }
  return fail(VRAMAUTO_E_UNSUPPORTED, "quantization",
              "found \"{}\", which the model's configuration does not describe: expected fp8, {}", text::shown(asked),
              "fp8_per_tensor, fp8_per_block, fp8_per_channel, mxfp8, mxfp4 or bitsandbytes");
}

// vLLM 0.33, config/model.py, _verify_quantization: names of one family stand for each other.
Result<void> check_asked(const Method& own, std::string_view asked) {
  if (asked.starts_with("auto_")) asked.remove_prefix(5);
  if (asked.empty() || asked == own.name) return {};
  for (const auto& method : kMethods)
    if (method.name == asked && method.read == own.read) return {};
  return fail(VRAMAUTO_E_UNSUPPORTED, "quantization",
              "Quantization method specified in the model config ({}) does not match the quantization method specified in the "
              "`quantization` argument ({}).",
              own.name, text::shown(asked));
}

// Sorted once, so that thousands of names cost little.
void sort_names(Rules& rules) {
  sort_stably(rules.named, [](const auto& a, const auto& b) { return a.first < b.first; });
}

}  // namespace

std::uint16_t Rules::add(const Format& format) {
  const auto same = std::find(formats.begin(), formats.end(), format);
  if (same != formats.end()) return static_cast<std::uint16_t>(same - formats.begin());
  if (formats.size() >= kMostFormats) return 0;
  formats.push_back(format);
  return static_cast<std::uint16_t>(formats.size() - 1);
}

const json::Value* configuration(const model::Model& model) {
  const auto& root = model.config.root();
  const auto usable = [](const json::Value* value) { return value && value->is(json::Type::object); };
  if (const auto* own = root.find("quantization_config"); usable(own)) return own;
  if (const auto* text = root.find("text_config"); usable(text))
    if (const auto* own = text->find("quantization_config"); usable(own)) return own;
  if (const auto* own = root.find("compression_config"); usable(own)) return own;
  const auto* separate = model.document("hf_quant_config.json");
  return separate && usable(&separate->root()) ? &separate->root() : nullptr;
}

Result<Rules> read_rules(const model::Model& model, std::string_view asked) {
  const auto* config = configuration(model);
  const auto* separate = model.document("hf_quant_config.json");
  const bool own_file = separate && config == &separate->root();
  Rules out;
  auto method = own_file ? std::string("modelopt") : config ? text::lower(word(*config, "quant_method")) : std::string();
  // Without a method the engine loads what is there as if it were not quantised.
  if (method.empty()) return asked.empty() ? Result<Rules>(std::move(out)) : read_online(asked);
  const auto found = std::find_if(std::begin(kMethods), std::end(kMethods), [&](const Method& one) { return one.name == method; });
  if (found == std::end(kMethods))
    return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "unknown quantization method: {}", text::shown(method));
  TRY(check_asked(*found, asked));
  out.method = std::string(method);
  if (found->read == read_modelopt_here)
    TRY(read_modelopt(*config, separate ? &separate->root() : nullptr, out));
  else
    TRY(found->read(*config, out));
  if (found->read == read_fp8) set_expert_dtype(model.config.root(), *config, out);
  sort_names(out);
  return out;
}

Result<std::uint64_t> number(const json::Value& object, std::string_view key, std::uint64_t otherwise, std::uint64_t most) {
  const auto* value = object.find(key);
  if (!value || value->is(json::Type::null)) return otherwise;
  if (!value->is(json::Type::integer) || value->integer <= 0 || static_cast<std::uint64_t>(value->integer) > most)
    return fail(VRAMAUTO_E_FORMAT, kWhere, "{} is {}, expected an integer from 1 to {}", key,
                value->is(json::Type::integer) ? std::to_string(value->integer) : std::string(json::type_name(value->type)), most);
  return static_cast<std::uint64_t>(value->integer);
}

bool is_true(const json::Value& object, std::string_view key, bool otherwise) {
  const auto* value = object.find(key);
  return value && value->is(json::Type::boolean) ? value->integer != 0 : otherwise;
}

std::string_view word(const json::Value& object, std::string_view key) {
  const auto* value = object.find(key);
  return value && value->is(json::Type::string) ? value->text : std::string_view();
}

const json::Value* object_in(const json::Value& object, std::string_view key) {
  const auto* value = object.find(key);
  return value && value->is(json::Type::object) ? value : nullptr;
}

Result<void> add_pattern(std::string_view text, How how, std::uint16_t format, bool fused_only, Rules& rules) {
  if (rules.patterns.size() + rules.named.size() >= kMostRules)
    return fail(VRAMAUTO_E_LIMIT, kWhere, "more than {} names of layers", kMostRules);
  if (how == How::whole)
    rules.named.emplace_back(text, format);
  else
    rules.patterns.push_back({TRY(Pattern::make(how, text)), format, fused_only});
  return {};
}

Result<void> add_list(const json::Value& object, std::initializer_list<std::string_view> keys, How how, std::uint16_t format,
                      bool fused_only, Rules& rules) {
  for (const auto key : keys) {
    const auto* list = object.find(key);
    if (!list || !list->is(json::Type::array) || list->items.empty()) continue;
    for (const auto& item : list->items)
      if (item.is(json::Type::string)) TRY(add_pattern(item.text, how, format, fused_only, rules));
    return {};
  }
  return {};
}

}  // namespace vramauto::engine::vllm::quantization
