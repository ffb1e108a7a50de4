// The words of a GPU's name, and the sizes people write.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "support/checked.hpp"

namespace vramauto::detect {

// Iterates over the words of a name in lower case: letters, digits and dots. "80 GB" and "80GB" are one word, "80gb".
// The views live until the next call of next().
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}
  std::string_view next();                                    // "" at the end
  bool in_remark() const { return remark_; }                  // the last word stood in parentheses
  std::optional<Bytes> size_of(std::string_view word) const;  // "80gb": 80 GiB, as names of cards mean it

 private:
  std::string take();
  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool remark_ = false;
  std::string word_;
};

// "24GiB", "24.5 GB", "24576MiB". G and M with an i count in 1024s, without it in 1000s, as the standards have it. Nothing when the
// text is no number with a unit; the value may be 0 or beyond any GPU, which is the caller's to judge.
std::optional<double> written_size(std::string_view text);

// The text as a non-negative decimal number, all of it; nothing otherwise.
std::optional<double> decimal(std::string_view text);

}  // namespace vramauto::detect
