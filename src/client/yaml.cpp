#include "client/yaml.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "client/library.hpp"
#include "client/shell.hpp"

namespace client {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kDigits = "0123456789";

// What is no string in YAML 1.1 (yaml.org/type) or 1.2, whatever its case.
bool means_something(std::string text) {
  constexpr std::array kWords = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"};
  for (auto& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

// A narrow class that needs no quotes: words, paths, options, "image:tag".
bool plain(std::string_view text) {
  const auto word = text.substr(0, 2) == "--" ? text.substr(2) : text;
  const auto is_letter = [](char c) { return kLetters.find(c) != kLetters.npos || c == '_'; };
  const auto allowed = [&](char c) {
    return is_letter(c) || kDigits.find(c) != kDigits.npos || c == '.' || c == '/' || c == '-' || c == ':';
  };
  if (word.empty() || !(is_letter(word[0]) || text[0] == '/') || word.back() == ':') return false;
  return std::all_of(word.begin(), word.end(), allowed) && !means_something(std::string(text));
}

[[noreturn]] void refuse(std::string_view text) {
  throw Failure{kError, "--format",
                "found \"" + printable(text) + "\", which is not UTF-8 as YAML has to be; --format args has no such limit"};
}

// One character of UTF-8, checked: no overlong form, no surrogate, nothing above U+10FFFF.
char32_t next(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const std::size_t more = lead >= 0xf0 && lead < 0xf8 ? 3 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xc2 && lead < 0xe0 ? 1 : 0;
  if (more == 0 || at + more > text.size()) refuse(text);
  char32_t out = lead & (0x3fu >> more);
  for (std::size_t i = 0; i < more; ++i) {
    const auto byte = static_cast<unsigned char>(text[at++]);
    if ((byte & 0xc0) != 0x80) refuse(text);
    out = out << 6 | (byte & 0x3fu);
  }
  constexpr std::array<char32_t, 4> kLeast = {0, 0x80, 0x800, 0x10000};
  if (out < kLeast[more] || out > 0x10ffff || (out >= 0xd800 && out < 0xe000)) refuse(text);
  return out;
}

// Shown as it is: neither a line break nor invisible, nor able to turn the direction of what follows.
bool visible(char32_t c) {
  const auto among = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  return !(c < 0x20 || among(0x7f, 0xa0) || c == 0xad || among(0x200b, 0x200f) || among(0x2028, 0x202f) || among(0x2060, 0x206f) ||
           among(0xe000, 0xf8ff) || c == 0xfeff || among(0xfff0, 0xffff) || among(0xe0000, 0x10ffff));
}

bool all_visible(std::string_view text) {
  for (std::size_t at = 0; at < text.size();)
    if (!visible(next(text, at))) return false;
  return true;
}

std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const auto start = at;
    const auto c = next(text, at);
    char escape[12];
    if (c == '"' || c == '\\')
      out.append("\\").append(1, static_cast<char>(c));
    else if (visible(c))
      out.append(text.substr(start, at - start));
    else
      out.append(escape, static_cast<std::size_t>(
                             std::snprintf(escape, sizeof escape, c > 0xffff ? "\\U%08x" : "\\u%04x", static_cast<unsigned>(c))));
  }
  return out + '"';
}

// Readers of YAML 1.1 take an exponent for a number only behind a point.
std::string number(const Document& value) {
  auto out = value.dump();
  const auto exponent = out.find('e');
  if (exponent != out.npos && out.find('.') == out.npos) out.insert(exponent, ".0");
  return out;
}

std::string scalar(const Document& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const bool json = text.find('"') != text.npos && all_visible(text);  // easier to read without backslashes
    return plain(text) ? text : json ? single_quoted(text) : double_quoted(text);
  }
  if (value.is_number()) return number(value);
  return value.dump();  // null, true, false, {} and []
}

bool is_block(const Document& value) { return value.is_structured() && !value.empty(); }

void write(std::string& out, const Document& value, std::size_t indent);

// What follows "key:" (deeper) or "-" (on the same line).
void write_entry(std::string& out, const Document& value, std::size_t indent, bool in_list) {
  if (!is_block(value)) {
    out.append(" ").append(scalar(value)).append("\n");
  } else if (in_list) {
    out.append(" ");
    write(out, value, indent + 2);
  } else {
    out.append("\n").append(indent + 2, ' ');
    write(out, value, indent + 2);
  }
}

// The first entry stands where `out` ends, the others on lines of their own.
void write(std::string& out, const Document& value, std::size_t indent) {
  bool first = true;
  for (const auto& [key, entry] : value.items()) {
    if (!first) out.append(indent, ' ');
    first = false;
    out.append(value.is_array() ? "-" : scalar(Document(key)) + ":");
    write_entry(out, entry, indent, value.is_array());
  }
}

}  // namespace

std::string yaml(const Document& document) {
  std::string out;
  if (is_block(document))
    write(out, document, 0);
  else
    out.append(scalar(document)).append("\n");
  return out;
}

std::string yaml_comment(const std::string& text) {
  std::string out = "# ";
  for (std::size_t at = 0; at < text.size();) {
    const auto start = at;
    if (visible(next(text, at)))
      out.append(text, start, at - start);
    else
      out += ' ';
  }
  return out + "\n";
}

Document number_or_text(const std::string& text) {
  constexpr std::size_t kExactDigits = 15;  // of a double
  if (text.empty() || text.size() > kExactDigits + 1 || text.find_first_not_of("0123456789.") != text.npos) return text;
  const auto value = read_json(text);
  return value && value->is_number() && value->dump() == text ? *value : Document(text);
}

}  // namespace client
