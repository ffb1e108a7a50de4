#include "model/name_size.hpp"

#include <charconv>

#include "support/text.hpp"

namespace vramauto::model {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// \d+(\.\d+)? at the start of `text`, which it shortens.
std::optional<double> take_number(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  if (length == 0) return std::nullopt;
  if (length + 1 < text.size() && text[length] == '.' && is_digit(text[length + 1])) {
    ++length;
    while (length < text.size() && is_digit(text[length])) ++length;
  }
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + length, number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// "7B", "1.1b", "8x7B" at the start of `text`; "4bit" is a width, not a size.
std::optional<double> size_at_start(std::string_view text) {
  auto size = take_number(text);
  if (size && !text.empty() && (text.front() == 'x' || text.front() == 'X')) {
    text.remove_prefix(1);
    const auto each = take_number(text);
    size = each ? std::optional(*size * *each) : std::nullopt;
  }
  if (!size || text.empty() || (text.front() != 'B' && text.front() != 'b')) return std::nullopt;
  return text.substr(1, 2) == "it" ? std::nullopt : size;
}

}  // namespace

std::optional<double> billions_in_name(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto starts = i == 0 || name[i - 1] == '-' || name[i - 1] == '_' || name[i - 1] == '/';
    if (!starts) continue;
    if (const auto size = size_at_start(name.substr(i))) return size;
  }
  return std::nullopt;
}

}  // namespace vramauto::model
