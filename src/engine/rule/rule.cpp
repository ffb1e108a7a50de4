#include "engine/rule/rule.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "support/checked.hpp"
#include "support/file.hpp"
#include "support/json.hpp"

namespace vramauto::engine::rule {
namespace {

constexpr double kDefaultGib = 7.0;
constexpr double kBytesPerParameter = 2;
constexpr double kGibBytes = static_cast<double>(kGiB);
constexpr std::uint64_t kConfigCap = 64 * kMiB;

bool digit(char c) { return c >= '0' && c <= '9'; }

// Reads "7", "1.1" at the start of `text` and removes it; nothing when there is no digit.
std::optional<double> take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && digit(text[end])) ++end;
  if (end == 0 || end > 12) return std::nullopt;
  if (end + 1 < text.size() && text[end] == '.' && digit(text[end + 1])) {
    ++end;
    while (end < text.size() && digit(text[end])) ++end;
  }
  double out = 0;
  const auto [next, error] = std::from_chars(text.data(), text.data() + end, out);
  if (error != std::errc{} || next != text.data() + end) return std::nullopt;
  text.remove_prefix(end);
  return out;
}

// Billions stated at the start of `text`: "7B", "8x7B"; not "4bit".
std::optional<double> billions_at(std::string_view text) {
  auto count = take_number(text);
  if (count && text.starts_with('x')) {
    text.remove_prefix(1);
    const auto each = take_number(text);
    count = each ? std::optional(*count * *each) : std::nullopt;
  }
  if (!count || text.empty() || (text[0] != 'B' && text[0] != 'b') || text.substr(1).starts_with("it")) return std::nullopt;
  return count;
}

double number(const json::Document& config, std::string_view key, double otherwise) {
  const auto* value = config.root().find(key);
  return value && value->is(json::Type::integer) && value->integer > 0 ? static_cast<double>(value->integer) : otherwise;
}

double config_gib(const json::Document& config) {
  const double vocab = number(config, "vocab_size", 32000), hidden = number(config, "hidden_size", 4096),
               layers = number(config, "num_hidden_layers", 32);
  return (vocab * hidden + layers * 8 * hidden * hidden) * kBytesPerParameter / kGibBytes;
}

bool is_weight_file(std::string_view name) { return name.ends_with(".safetensors") || name.ends_with(".bin"); }

Size directory_size(const std::string& path) {
  Bytes sum = 0;
  if (const auto entries = file::list(path))
    for (const auto& entry : *entries)
      if (is_weight_file(entry.name)) sum = saturating_add(sum, entry.bytes);
  if (sum > 0) return {static_cast<double>(sum) / kGibBytes, "weight files", {}};
  const auto config_path = path + "/config.json";
  if (file::kind(config_path) == file::Kind::missing) return {};
  const auto text = file::read(config_path, kConfigCap);
  if (!text) return {kDefaultGib, "default", fmt::format("{}: {}; counted as not there", config_path, text.error().message)};
  const auto config = json::parse(config_path, *text);
  if (!config) return {kDefaultGib, "default", fmt::format("{}: {}; counted as not there", config_path, config.error().message)};
  if (!config->root().is(json::Type::object))
    return {
        kDefaultGib, "default",
        fmt::format("{} holds {}, expected an object; counted as not there", config_path, json::type_name(config->root().type))};
  return {config_gib(*config), "config", {}};
}

Size name_size(std::string_view name) {
  const double billions = billions_in_name(name);
  if (billions <= 0) return {};
  return {billions * kBytesPerParameter, "name", {}};
}

}  // namespace

double billions_in_name(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool begins = i == 0 || name[i - 1] == '-' || name[i - 1] == '_' || name[i - 1] == '/';
    if (!begins || !digit(name[i])) continue;
    if (const auto billions = billions_at(name.substr(i))) return *billions;
  }
  return 0;
}

Size model_size(std::string_view path_or_name) {
  const std::string path(path_or_name);
  return file::kind(path) == file::Kind::directory ? directory_size(path) : name_size(path_or_name);
}

// A file is measured by its directory. Of a model found by its id the name comes first, as when it had been given by name alone.
Size model_size(const model::Model& model) {
  if (!model.id.empty())
    if (auto size = name_size(model.id); size.from == "name") return size;
  if (model.path.empty()) return {};
  if (file::kind(model.path) != file::Kind::regular) return model_size(model.path);
  const auto slash = model.path.rfind('/');
  return directory_size(slash == std::string::npos ? "." : model.path.substr(0, std::max<std::size_t>(slash, 1)));
}

Answer apply(double size_gib, double gpu_gib, std::uint64_t max_model_len, std::uint32_t tensor_parallel_size) {
  Answer out;
  out.size_gib = size_gib;
  out.gpu_gib = gpu_gib;
  out.max_model_len = max_model_len ? max_model_len : kDefaultLength;
  out.kv_gib = size_gib / 7.0 * (static_cast<double>(out.max_model_len) / 1000.0) * 0.4;
  out.need_gib = (size_gib / std::max(1u, tensor_parallel_size) + out.kv_gib) * 1.20;
  if (!(gpu_gib > 0)) return out;
  if (out.need_gib < 0.70 * gpu_gib) {
    out.strategy = VRAMAUTO_STRATEGY_CONSERVATIVE;
    out.utilization = std::clamp(out.need_gib / gpu_gib + 0.20, 0.50, 0.75);
  } else if (out.need_gib < gpu_gib) {
    out.strategy = VRAMAUTO_STRATEGY_STANDARD;
    out.utilization = 0.88;
  } else {
    out.strategy = VRAMAUTO_STRATEGY_AGGRESSIVE;
    out.utilization = 0.95;
  }
  out.utilization = std::nearbyint(out.utilization * 100) / 100;
  return out;
}

}  // namespace vramauto::engine::rule
