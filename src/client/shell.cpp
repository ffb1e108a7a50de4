#include "client/shell.hpp"

#include <algorithm>

#include "client/library.hpp"

namespace client {
namespace {

// '=' and '~' mean something to a shell at the start of a word only; "{a,b}" and "!" to bash anywhere.
bool plain(std::string_view word) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:,+@%=";
  return !word.empty() && word.front() != '=' && word.find_first_not_of(kPlain) == word.npos;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::string shell_word(std::string_view word) {
  if (plain(word)) return std::string(word);
  // systemd.service(5), "Command lines": a backslash escapes inside single quotes too, so it stands outside of them.
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'' || c == '\\')
      out.append("'\\").append(1, c).append("'");
    else
      out += c;
  }
  return out + "'";
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out.append(out.empty() ? "" : " ").append(shell_word(word));
  return out;
}

std::string environment_value(std::string_view value) {
  if (value.empty() || plain(value)) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    if (std::string_view("\"\\$`").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out + '"';
}

void must_be_one_line(const std::string& where, std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_control))
    throw Failure{kError, where,
                  "found a line break or another control character, which no line can hold; --format yaml, kubernetes and ray can"};
}

void must_be_one_line(const std::vector<std::string>& words) {
  std::string option = "MODEL";
  for (const auto& word : words) {
    if (word.rfind("--", 0) == 0) option = word.substr(0, word.find('='));
    must_be_one_line(printable(option), word);
  }
}

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 100;
  std::string out(text.substr(0, kLongest));
  for (auto& c : out)
    if (is_control(c) || static_cast<unsigned char>(c) >= 0x80) c = '?';
  return out;
}

}  // namespace client
