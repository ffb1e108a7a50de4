// One GPU's memory as a bar of characters.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace vramauto::report {

struct Segment {
  std::string_view name, glyph;  // glyph: one character, UTF-8
  Bytes bytes = 0;
};

// What fills the rank's GPU after the start, in the order it is taken; the last is what stays free.
std::vector<Segment> segments(const plan::Plan& plan, std::size_t rank);

// `width` characters for `total` bytes; every amount of at least half a character shows, and what does not fit is cut.
std::string bar(const std::vector<Segment>& segments, Bytes total, std::size_t width);

// "█ weights 15.27", "░ KV cache 4.03": in GiB, nothing for what is too small to see.
std::vector<std::string> legend(const std::vector<Segment>& segments);

}  // namespace vramauto::report
