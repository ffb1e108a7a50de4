#include "detect/words.hpp"

#include <charconv>
#include <cmath>

#include "support/text.hpp"

namespace vramauto::detect {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.'; }

// Where the number at the start of the text ends.
std::size_t number_end(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  return end;
}

bool is_memory_unit(std::string_view word) { return word == "gb" || word == "gib" || word == "mb" || word == "mib" || word == "g"; }

}  // namespace

std::string Words::take() {
  std::string word;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (is_word(c)) {
      if (word.empty()) remark_ = depth_ > 0;
      word += c;
      continue;
    }
    if (!word.empty()) break;
    if (c == '(') ++depth_;
    if (c == ')' && depth_ > 0) --depth_;
  }
  return text::lower(word);
}

std::string_view Words::next() {
  word_ = take();
  if (word_.empty() || number_end(word_) != word_.size()) return word_;
  const std::size_t before = at_;
  const int depth = depth_;
  const bool remark = remark_;
  if (const std::string unit = take(); is_memory_unit(unit)) {
    word_ += unit;
  } else {
    at_ = before;
    depth_ = depth;
  }
  remark_ = remark;
  return word_;
}

std::optional<Bytes> Words::size_of(std::string_view word) const {
  const std::size_t end = number_end(word);
  const auto number = decimal(word.substr(0, end));
  if (!number || !is_memory_unit(word.substr(end)) || *number > 1e6) return std::nullopt;
  const Bytes unit = word[end] == 'g' ? kGiB : kMiB;
  return static_cast<Bytes>(std::llround(*number * static_cast<double>(unit)));
}

std::optional<double> decimal(std::string_view text) {
  if (text.empty() || !is_digit(text.front()) || text.size() > 32) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> written_size(std::string_view text) {
  struct Unit {
    std::string_view name;
    double bytes;
  };
  constexpr Unit kUnits[] = {{"b", 1},        {"kib", 0x1p10}, {"mib", 0x1p20}, {"gib", 0x1p30}, {"tib", 0x1p40},
                             {"pib", 0x1p50}, {"eib", 0x1p60}, {"kb", 1e3},     {"mb", 1e6},     {"gb", 1e9},
                             {"tb", 1e12},    {"pb", 1e15},    {"eb", 1e18}};
  text = text::trim(text);
  const std::size_t end = number_end(text);
  const auto number = decimal(text.substr(0, end));
  if (!number) return std::nullopt;
  const std::string name = text::lower(text::trim(text.substr(end)));
  for (const Unit& unit : kUnits)
    if (unit.name == name) return *number * unit.bytes;
  return std::nullopt;
}

}  // namespace vramauto::detect
