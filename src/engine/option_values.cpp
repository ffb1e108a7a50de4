#include "engine/option_values.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace vramauto::engine {
namespace {

struct Split {
  std::string_view digits, suffix;
};

Split split(std::string_view value) {
  const auto at = value.find_first_not_of("0123456789.");
  if (at == std::string_view::npos) return {value, {}};
  return {value.substr(0, at), text::trim(value.substr(at))};
}

std::optional<std::uint64_t> whole(std::string_view digits) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

std::optional<double> decimal(std::string_view digits) {
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return std::nullopt;  // no sign, no "nan"
  double out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, std::chars_format::fixed);
  if (error != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(out)) return std::nullopt;
  return out;
}

std::optional<std::uint64_t> scaled(std::string_view digits, std::uint64_t unit, bool decimals) {
  if (const auto n = whole(digits)) return checked_mul(*n, unit);
  const auto d = decimal(digits);
  if (!decimals || !d || *d * static_cast<double>(unit) >= 9.2e18) return std::nullopt;
  return static_cast<std::uint64_t>(*d * static_cast<double>(unit));
}

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
  bool decimals;
};
constexpr std::array kCounts = {
    Unit{"k", 1000, true},        Unit{"m", 1000'000, true},    Unit{"g", 1000'000'000, true}, Unit{"t", 1000'000'000'000, true},
    Unit{"K", 1ull << 10, false}, Unit{"M", 1ull << 20, false}, Unit{"G", 1ull << 30, false},  Unit{"T", 1ull << 40, false}};
constexpr std::array kSizes = {Unit{"b", 1, false},
                               Unit{"kb", 1000, true},
                               Unit{"mb", 1000'000, true},
                               Unit{"gb", 1000'000'000, true},
                               Unit{"tb", 1000'000'000'000, true},
                               Unit{"kib", 1ull << 10, true},
                               Unit{"mib", 1ull << 20, true},
                               Unit{"gib", 1ull << 30, true},
                               Unit{"tib", 1ull << 40, true}};

std::optional<std::uint64_t> count_of(const Split& parts) {
  if (parts.suffix.empty()) return whole(parts.digits);
  for (const auto& unit : kCounts)
    if (parts.suffix == unit.name) return scaled(parts.digits, unit.bytes, unit.decimals);
  return std::nullopt;
}

}  // namespace

Result<std::uint64_t> parse_count(std::string_view option, std::string_view value) {
  if (const auto n = count_of(split(text::trim(value)))) return *n;
  return fail(VRAMAUTO_E_ARGUMENT, option, "found \"{}\", expected a whole number such as 4096, 32k (32,000) or 32K (32,768)",
              value);
}

Result<Bytes> parse_bytes(std::string_view option, std::string_view value) {
  const auto parts = split(text::trim(value));
  if (const auto n = count_of(parts)) return *n;
  const auto suffix = text::lower(parts.suffix);
  for (const auto& unit : kSizes)
    if (suffix == unit.name)
      if (const auto n = scaled(parts.digits, unit.bytes, unit.decimals)) return *n;
  return fail(VRAMAUTO_E_ARGUMENT, option, "found \"{}\", expected a size such as 24GiB, 512MiB or a number of bytes", value);
}

Result<double> parse_number(std::string_view option, std::string_view value) {
  if (const auto d = decimal(text::trim(value))) return *d;
  return fail(VRAMAUTO_E_ARGUMENT, option, "found \"{}\", expected a number such as 0.9", value);
}

Result<bool> parse_switch(std::string_view option, std::string_view value) {
  const auto word = text::lower(text::trim(value));
  for (const std::string_view yes : {"", "true", "yes", "on", "1"})
    if (word == yes) return true;
  for (const std::string_view no : {"false", "no", "off", "0"})
    if (word == no) return false;
  return fail(VRAMAUTO_E_ARGUMENT, option, "found \"{}\", expected true or false", value);
}

}  // namespace vramauto::engine
