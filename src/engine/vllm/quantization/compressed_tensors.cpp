// Sources: vLLM 0.33 and 0.19.1, quantization/compressed_tensors/compressed_tensors.py, utils.py and schemes.
#include <algorithm>

#include "engine/vllm/quantization/rules.hpp"
#include "support/text.hpp"

namespace vramauto::engine::vllm::quantization {
namespace {

constexpr std::string_view kWhere = "quantization_config";
constexpr std::uint64_t kMostGroup = 1 << 20;
constexpr std::uint32_t kScalesAndZeros = 24;  // of q, k and v, float32: CompressedTensorsKVCacheMethod
constexpr std::string_view kClasses[] = {"ColumnParallelLinear", "MergedColumnParallelLinear", "QKVParallelLinear",
                                         "RowParallelLinear", "ReplicatedLinear"};

// QuantizationArgs of one group, as compressed-tensors fills in what is missing.
struct Arguments {
  bool there = false, floating = false, symmetric = true, dynamic = false, order = false;
  std::uint32_t bits = 8, group = 0, block_n = 0, block_k = 0;
  std::string_view strategy;
};

Result<void> read_block(const json::Value& config, Arguments& out) {
  const auto* block = config.find("block_structure");
  if (out.strategy != "block") return {};
  const bool pair = block && block->is(json::Type::array) && block->items.size() == 2;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto edge = pair && block->items[i].is(json::Type::integer) ? block->items[i].integer : 0;
    if (edge <= 0 || edge > static_cast<std::int64_t>(kMostGroup))
      return fail(VRAMAUTO_E_FORMAT, kWhere, "block_structure: expected two integers from 1 to {}", kMostGroup);
    (i ? out.block_k : out.block_n) = static_cast<std::uint32_t>(edge);
  }
  return {};
}

Result<Arguments> read_arguments(const json::Value& group, std::string_view key) {
  Arguments out;
  const auto* config = object_in(group, key);
  if (!config) return out;
  out.there = true;
  out.floating = word(*config, "type") == "float";
  out.symmetric = is_true(*config, "symmetric", true);
  out.dynamic = is_true(*config, "dynamic") || word(*config, "dynamic") == "local";
  const auto order = word(*config, "actorder");
  out.order = order == "group" || order == "dynamic";
  const auto bits = TRY(number(*config, "num_bits", 8, 16));
  out.bits = static_cast<std::uint32_t>(bits);
  const auto* size = config->find("group_size");
  if (size && !(size->is(json::Type::integer) && size->integer == -1)) {
    const auto read = TRY(number(*config, "group_size", 0x7fffffff, 0x7fffffff));
    out.group = read > kMostGroup ? 0 : static_cast<std::uint32_t>(read);
  }
  out.strategy = word(*config, "strategy");
  if (out.strategy.empty()) out.strategy = out.group ? "group" : size && size->is(json::Type::integer) ? "channel" : "tensor";
  TRY(read_block(*config, out));
  return out;
}

bool quantises_inputs(std::string_view format) {
  return format == "naive-quantized" || format == "int-quantized" || format == "float-quantized" ||
         format == "nvfp4-pack-quantized";
}

Format eight_bits(const Arguments& weight, const Arguments& input) {
  Format out{.scheme = weight.floating ? Scheme::fp8 : Scheme::int8};
  out.scales = weight.strategy == "channel" ? Scales::channel : weight.strategy == "block" ? Scales::block : Scales::tensor;
  out.block_n = weight.block_n;
  out.block_k = weight.block_k;
  out.static_input = input.there && !input.dynamic;
  out.dynamic_input = input.there && input.dynamic;
  out.zero_points = !input.symmetric;
  return out;
}

// _get_scheme_from_parts, in its order.
Result<Format> scheme_of(const Arguments& weight, const Arguments& input, std::string_view format) {
  const bool four = weight.floating && weight.bits == 4 && weight.symmetric;
  if (four && weight.group == 16) return Format{.scheme = Scheme::nvfp4, .group = 16, .static_input = input.there};
  if (four && weight.group == 32 && weight.strategy == "group") return Format{.scheme = Scheme::mxfp4, .group = 32};
  if (weight.floating && weight.bits == 8 && weight.group == 32 && weight.strategy == "group")
    return Format{.scheme = Scheme::mxfp8, .group = 32};
  const bool rows = weight.strategy == "channel" || weight.strategy == "group";
  if (!weight.floating && rows && !weight.dynamic &&
      (format == "pack-quantized" || (weight.bits < 8 && input.there && input.floating))) {
    Format out{.scheme = Scheme::packed, .bits = weight.bits, .group = weight.strategy == "group" ? weight.group : 0};
    out.zero_points = !weight.symmetric;
    out.order = weight.order;
    return out;
  }
  if (quantises_inputs(format) && weight.bits == 8 && weight.strategy != "group" && weight.symmetric &&
      (weight.floating || input.there))
    return eight_bits(weight, input);
  if (quantises_inputs(format) && !weight.floating && weight.bits == 4 && rows && input.there)  // held as int8 until packed
    return Format{.scheme = Scheme::int8, .scales = Scales::channel, .dynamic_input = true};
  return fail(VRAMAUTO_E_UNSUPPORTED, kWhere,
              "no compressed-tensors compatible scheme was found for {} {} bits, strategy \"{}\", format \"{}\"",
              weight.floating ? "float" : "int", weight.bits, text::shown(weight.strategy), text::shown(format));
}

bool names_a_class(std::string_view target, std::string_view name) {
  return text::lower(name).find(text::lower(target)) != std::string::npos;
}

// A target names layers, or classes of layers ("Linear"). Names are asked first.
Result<void> add_target(std::string_view target, std::uint16_t format, Rules& rules) {
  if (target.starts_with("re:")) {
    TRY(add_pattern(target.substr(3), How::start, format, false, rules));
    const auto& pattern = rules.patterns.back().pattern;
    if (!rules.linear && std::any_of(std::begin(kClasses), std::end(kClasses), [&](auto name) { return pattern.matches(name); }))
      rules.linear = format;
    return {};
  }
  TRY(add_pattern(target, How::whole, format, false, rules));
  if (target.empty()) return {};
  if (!rules.linear &&
      std::any_of(std::begin(kClasses), std::end(kClasses), [&](auto name) { return names_a_class(target, name); }))
    rules.linear = format;
  if (!rules.head && names_a_class(target, "ParallelLMHead")) rules.head = format;
  if (!rules.embedding && names_a_class(target, "VocabParallelEmbedding")) rules.embedding = format;
  return {};
}

Result<void> add_ignored(const json::Value& config, Rules& rules) {
  const auto* list = config.find("ignore");
  if (!list || !list->is(json::Type::array)) return {};
  for (const auto& item : list->items) {
    if (!item.is(json::Type::string)) continue;
    const bool expression = item.text.starts_with("re:");
    TRY(add_pattern(expression ? item.text.substr(3) : item.text, expression ? How::start : How::whole, 0, false, rules));
  }
  return {};
}

Result<void> add_group(const json::Value& group, std::string_view format_of_all, Rules& rules) {
  const auto* targets = group.find("targets");
  if (!targets || !targets->is(json::Type::array)) return {};
  const bool attention_only =
      targets->items.size() == 1 && targets->items[0].is(json::Type::string) && targets->items[0].text.ends_with("Attention");
  const auto weight = TRY(read_arguments(group, "weights"));
  if (attention_only || !weight.there) return {};
  const auto input = TRY(read_arguments(group, "input_activations"));
  const auto own = word(group, "format");
  const auto format = TRY(scheme_of(weight, input, own.empty() ? format_of_all : own));
  const auto number_of = rules.add(format);
  for (const auto& target : targets->items)
    if (target.is(json::Type::string)) TRY(add_target(target.text, number_of, rules));
  return {};
}

}  // namespace

Result<void> read_compressed_tensors(const json::Value& config, Rules& rules) {
  rules.part_mismatch = "found different quantization schemes for its shards. vLLM requires all to use the same scheme";
  rules.attention_bytes = kScalesAndZeros;
  rules.head_by_rule = rules.ignored_first = rules.experts_by_part = true;
  TRY(add_ignored(config, rules));
  const auto* groups = object_in(config, "config_groups");
  if (!groups) return {};
  for (const auto& group : groups->items)
    if (group.is(json::Type::object)) TRY(add_group(group, word(config, "format"), rules));
  return {};
}

}  // namespace vramauto::engine::vllm::quantization
