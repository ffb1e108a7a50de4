#include "engine/vllm/quantization/names.hpp"

#include <algorithm>

namespace vramauto::engine::vllm::quantization {
namespace {

constexpr std::size_t kMostCharacters = 512;  // of names and wildcards, as of regular expressions

// A set such as [0-9] or [!ab] at `at`, which is behind its bracket. Moves behind it; nothing where it does not end.
struct Set {
  bool closed = false, holds = false;
  std::size_t end = 0;
};
Set read_set(std::string_view pattern, std::size_t at, char letter) {
  Set out;
  const bool negated = at < pattern.size() && pattern[at] == '!';
  if (negated) ++at;
  for (std::size_t i = at; i < pattern.size(); ++i) {
    if (pattern[i] == ']' && i > at) {
      out.closed = true;
      out.end = i + 1;
      out.holds ^= negated;
      return out;
    }
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      out.holds |= pattern[i] <= letter && letter <= pattern[i + 2];
      i += 2;
    } else {
      out.holds |= pattern[i] == letter;
    }
  }
  return out;
}

// Whether the pattern's next element takes the letter; `end` is where the element after it begins.
bool takes(std::string_view pattern, std::size_t at, char letter, std::size_t& end) {
  end = at + 1;
  if (pattern[at] == '?') return true;
  if (pattern[at] != '[') return pattern[at] == letter;
  const auto set = read_set(pattern, at + 1, letter);
  if (!set.closed) return letter == '[';
  end = set.end;
  return set.holds;
}

bool has_component(std::string_view name, std::string_view text) {
  if (name.starts_with(text) && (name.size() == text.size() || name[text.size()] == '.')) return true;
  for (auto at = name.find(text); at != std::string_view::npos; at = name.find(text, at + 1)) {
    const auto end = at + text.size();
    if (text.find('.') == std::string_view::npos && (at == 0 || name[at - 1] == '.') && (end == name.size() || name[end] == '.'))
      return true;
  }
  return false;
}

}  // namespace

bool matches_wildcard(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, from = 0, end = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = n;
    } else if (p < pattern.size() && takes(pattern, p, name[n], end)) {
      p = end;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<Pattern> Pattern::make(How how, std::string_view text) {
  Pattern out;
  out.how_ = how;
  out.text_ = text;
  if (how == How::start || how == How::search) out.regex_ = std::make_shared<const Regex>(TRY(Regex::compile(text)));
  return out;
}

bool Pattern::matches(std::string_view name) const {
  if (name.size() > kMostCharacters) return false;
  switch (how_) {
    case How::whole:
      return name == text_;
    case How::within:
      return name.find(text_) != std::string_view::npos;
    case How::component:
      return !text_.empty() && has_component(name, text_);
    case How::wildcard:
      return text_.size() <= kMostCharacters && matches_wildcard(text_, name);
    case How::start:
    case How::search:
      return regex_->matches(name, how_ == How::start ? Regex::From::start : Regex::From::anywhere);
    case How::contains:
      return text_.find(name) != std::string_view::npos;
  }
  return false;
}

}  // namespace vramauto::engine::vllm::quantization
