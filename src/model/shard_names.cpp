#include "model/shard_names.hpp"

#include <algorithm>
#include <charconv>

namespace vramauto::model {

namespace {

constexpr std::string_view kSuffixes[] = {".safetensors", ".gguf"}, kOf = "-of-";
constexpr std::size_t kDigits = 5;

bool is_consolidated(std::string_view file) { return file.substr(0, 12) == "consolidated"; }

std::optional<std::uint32_t> number_in(std::string_view digits) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.size() != kDigits) return std::nullopt;
  return number;
}

}  // namespace

std::optional<ShardName> shard_name(std::string_view file) {
  constexpr auto tail = 1 + kDigits + kOf.size() + kDigits;
  const auto suffix = file.ends_with(kSuffixes[1]) ? kSuffixes[1] : kSuffixes[0];
  if (file.size() <= tail + suffix.size() || !file.ends_with(suffix)) return std::nullopt;
  const auto prefix = file.substr(0, file.size() - tail - suffix.size());
  const auto number = number_in(file.substr(prefix.size() + 1, kDigits));
  const auto of = number_in(file.substr(file.size() - suffix.size() - kDigits, kDigits));
  const auto joined = file[prefix.size()] == '-' && file.substr(prefix.size() + 1 + kDigits, kOf.size()) == kOf;
  if (!number || !of || !joined) return std::nullopt;
  return ShardName{prefix, *number, *of};
}

ShardSet choose_shards(const std::vector<std::string>& safetensors) {
  ShardSet set;
  std::copy_if(safetensors.begin(), safetensors.end(), std::back_inserter(set.files),
               [](const auto& file) { return !is_consolidated(file); });
  if (set.files.empty()) set.files = safetensors;
  if (set.files.empty()) return set;
  const auto first = shard_name(set.files.front());
  set.consistent = set.files.size() == 1;
  if (!first) return set;
  set.consistent = std::all_of(set.files.begin(), set.files.end(), [&](const auto& file) {
    const auto name = shard_name(file);
    return name && name->prefix == first->prefix && name->of == first->of;
  });
  if (set.consistent) set.expected = first->of;
  return set;
}

}  // namespace vramauto::model
