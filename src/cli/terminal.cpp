#include "terminal.hpp"

#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace cli {
namespace {

// The first of these that is set decides, as for setlocale(3).
std::string_view character_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (const char* value = std::getenv(name); value && *value) return value;
  return "";
}

constexpr std::pair<std::string_view, std::string_view> kPlain[] = {
    {"█", "#"}, {"▓", "="}, {"▒", "+"}, {"░", "-"}, {"▚", "%"},        {"▞", "~"}, {"▄", "_"},
    {"·", "."}, {"🔧 ", ""}, {"💾 ", ""}, {"📊 ", ""}, {"🗄️  ", ""}, {"✓ ", ""}, {"⚠ ", ""},
};

}  // namespace

bool shows_symbols(int file) {
  const auto locale = character_locale();
  const bool utf8 = locale.find("UTF-8") != locale.npos || locale.find("utf8") != locale.npos ||
                    locale.find("utf-8") != locale.npos || locale.find("UTF8") != locale.npos;
  return utf8 && isatty(file);
}

std::string without_symbols(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    const auto* known = static_cast<const std::pair<std::string_view, std::string_view>*>(nullptr);
    if (static_cast<unsigned char>(rest.front()) >= 0x80)
      for (const auto& one : kPlain)
        if (rest.substr(0, one.first.size()) == one.first) known = &one;
    if (known)
      out.append(known->second);
    else
      out.push_back(text[at]);
    at += known ? known->first.size() : 1;
  }
  return out;
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void complain(const std::string& where, const std::string& message) {
  std::fprintf(stderr, where.empty() ? "vramauto: %s%s\n" : "vramauto: %s: %s\n", where.c_str(), message.c_str());
}

}  // namespace cli
