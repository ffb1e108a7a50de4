// How quantisation configurations name layers: whole names, parts of names, wildcards, regular expressions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/vllm/quantization/regex.hpp"
#include "support/result.hpp"

namespace vramauto::engine::vllm::quantization {

enum class How : std::uint8_t {
  whole,      // the name itself
  within,     // a part of the name
  component,  // one of its words between dots, or a prefix that ends at one
  wildcard,   // as Python's fnmatch
  start,      // a regular expression that matches from the start on
  search,     // a regular expression that matches anywhere
  contains,   // the name is a part of the pattern
};

class Pattern {
 public:
  // Errors: those of Regex::compile.
  static Result<Pattern> make(How how, std::string_view text);
  bool matches(std::string_view name) const;
  How how() const { return how_; }
  std::string_view text() const { return text_; }

 private:
  How how_ = How::whole;
  std::string_view text_;
  std::shared_ptr<const Regex> regex_;
};

bool matches_wildcard(std::string_view pattern, std::string_view name);

}  // namespace vramauto::engine::vllm::quantization
