#include "support/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace vramauto::text {

namespace {

constexpr char lower_of(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Length of the well-formed sequence that starts at `at` (Unicode 15, table 3-7), or 0.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
    return second >= low && second <= high && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

constexpr std::size_t kLongestWord = 64;

// Edits (insert, drop, replace, swap of neighbours) between two short words, ignoring ASCII case.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::uint8_t, kLongestWord + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = static_cast<std::uint8_t>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto &above = rows[(i + 2) % 3], &two_above = rows[(i + 1) % 3];
    row[0] = static_cast<std::uint8_t>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto same = lower_of(a[i - 1]) == lower_of(b[j - 1]);
      auto best = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const auto swapped = i > 1 && j > 1 && lower_of(a[i - 1]) == lower_of(b[j - 2]) && lower_of(a[i - 2]) == lower_of(b[j - 1]);
      if (swapped) best = std::min(best, two_above[j - 2] + 1);
      row[j] = static_cast<std::uint8_t>(best);
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower_of);
  return out;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  return std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) { return lower_of(a) == lower_of(b); });
}

std::string gib(std::uint64_t bytes, int decimals) {
  return fmt::format("{:.{}f} GiB", static_cast<double>(bytes) / static_cast<double>(1ull << 30), decimals);
}

std::string grouped(std::uint64_t number) {
  const auto digits = fmt::format("{}", number);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t first_non_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t eight = 0;
    if (text.size() - at >= sizeof eight)
      std::memcpy(&eight, text.data() + at, sizeof eight);
    else
      eight = ~0ull;
    if ((eight & 0x8080808080808080ull) == 0) {
      at += sizeof eight;
      continue;
    }
    const auto length = sequence_length(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

bool is_utf8(std::string_view text) { return first_non_utf8(text) == std::string_view::npos; }

std::string shown(std::string_view untrusted, std::size_t longest) {
  std::string out;
  std::size_t at = 0;
  while (at < untrusted.size() && out.size() < longest) {
    const auto length = sequence_length(untrusted, at);
    const auto printable = length > 1 || (length == 1 && untrusted[at] >= ' ' && untrusted[at] != 0x7F);
    if (printable)
      out += untrusted.substr(at, length);
    else
      out += '?';
    at += std::max<std::size_t>(length, 1);
  }
  if (at < untrusted.size()) out += "...";
  return out;
}

std::string_view nearest(std::string_view word, const std::string_view* candidates, std::size_t count) {
  if (word.size() > kLongestWord) return {};
  // A third of the letters may be wrong: "gpu-memory-utilisation" is meant, "foo" for "dtype" is not.
  auto closest = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::string_view best;
  for (std::size_t i = 0; i < count; ++i) {
    if (candidates[i].size() > kLongestWord) continue;
    const auto edits = distance(word, candidates[i]);
    if (edits >= closest) continue;
    closest = edits;
    best = candidates[i];
  }
  return best;
}

}  // namespace vramauto::text
