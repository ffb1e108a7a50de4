// Regular expressions as checkpoints hold them: Python's `re`, as far as a yes or no needs it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "support/result.hpp"

namespace vramauto::engine::vllm::quantization {

// Ours and not std::regex, which reads ECMAScript, promises no bound of time, and was 4 % of the library.
class Regex {
 public:
  // Known: literals, . [] ^ $ | () (?:) (?P<name>) (?=) (?!) * + ? {m,n}, lazy ones too, and \d \w \s \b \A \Z with their opposites.
  // Not: what refers back or looks back, possessive and inline flags. Limits: 512 characters, 16 levels, 4 looks ahead, 2048 steps.
  // Errors: E_FORMAT, E_LIMIT.
  static Result<Regex> compile(std::string_view pattern);

  enum class From : std::uint8_t { start, anywhere };  // re.match, re.search
  // Time is bounded by steps x characters (squared with a look ahead); `text` may have any length.
  bool matches(std::string_view text, From from) const;

 private:
  friend class RegexCompiler;
  friend class RegexRun;

  enum class Op : std::uint8_t { byte, any, set, split, jump, start, end, end_or_newline, word, no_word, look, look_not, match };
  using Bytes = std::array<std::uint64_t, 4>;  // a bit for each byte
  // Targets are relative to the step, so that a piece can be moved and repeated.
  struct Step {
    Op op;
    std::int32_t value = 0;  // byte; index of the set; target
    std::int32_t other = 0;  // second target of a split
  };
  std::vector<Step> steps_;
  std::vector<Bytes> sets_;
};

}  // namespace vramauto::engine::vllm::quantization
