#include "words.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "client/library.hpp"
#include "client/option_table.hpp"

namespace cli {
namespace {

std::string spelled(std::string word) {
  const auto equals = std::min(word.find('='), word.size());
  if (word.size() > 2 && word[0] == '-' && word[1] == '-') {
    std::replace(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals), '_', '-');
    return word;
  }
  if (word.size() < 2 || word[0] != '-') return word;
  if (const auto option = client::option_of_short_name(word.substr(1, equals - 1)))
    return std::string("--") + option.name + word.substr(equals);
  const auto digit = word.find_first_of("0123456789");  // a number may follow without a space: -O3, -tp2
  const auto option = digit == word.npos ? client::NamedOption() : client::option_of_short_name(word.substr(1, digit - 1));
  return option ? std::string("--") + option.name + "=" + word.substr(digit) : word;
}

std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string one_line(const std::string& option, const std::string& word) {
  if (word.find('\n') != word.npos) throw client::Failure{client::kUsage, option, "found a line break in a word, expected none"};
  return word;
}

bool takes_words(const std::string& word) {
  return word.rfind("--", 0) == 0 && client::option_named(word.substr(2, word.find('=') - 2)).type == client::kWords;
}

// The words from `first` on that follow an option, as the library takes them: a line each.
std::string joined(int& first, int argc, char** argv, const std::string& option) {
  std::string out;
  for (; first < argc && argv[first][0] != '-'; ++first) {
    if (!out.empty()) out += '\n';
    out += one_line(option, argv[first]);
  }
  return out;
}

}  // namespace

std::vector<std::string> normalised(int argc, char** argv) {
  std::vector<std::string> out;
  bool values_only = false;  // after "--"
  for (int i = 1; i < argc; ++i) {
    values_only = values_only || std::strcmp(argv[i], "--") == 0;
    const std::string word = values_only ? argv[i] : spelled(argv[i]);
    if (!values_only && takes_words(word)) {
      const auto equals = word.find('=');
      int next = i + 1;
      const auto value = equals == word.npos ? joined(next, argc, argv, word) : one_line(word.substr(0, equals), word.substr(equals + 1));
      out.push_back(value.empty() ? word : word.substr(0, equals) + "=" + value);
      i = next - 1;
      continue;
    }
    // A negative number is a value: --max-model-len -1.
    const bool negative = word.size() > 1 && word[0] == '-' && std::isdigit(static_cast<unsigned char>(word[1]));
    const bool after_name = !out.empty() && out.back().rfind("--", 0) == 0 && out.back().find('=') == std::string::npos;
    if (negative && after_name && !values_only)
      out.back() += "=" + word;
    else
      out.push_back(word);
  }
  return out;
}

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
  if (word.size() > 100) return "";
  std::string best;
  std::size_t least = word.size() / 3 + 1;
  for (const auto& one : known)
    if (const auto far = distance(word, one); far < least) least = far, best = one;
  return best;
}

}  // namespace cli
