// All formatted text. The only header that includes fmt; format.cpp compiles it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/core.h>

namespace vramauto::text {

std::string lower(std::string_view text);  // ASCII
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
std::string gib(std::uint64_t bytes, int decimals = 2);  // "79.19 GiB"
std::string grouped(std::uint64_t number);               // "131,072"
std::string_view trim(std::string_view text);
bool is_utf8(std::string_view text);
std::size_t first_non_utf8(std::string_view text);  // byte at which UTF-8 breaks, or npos
// Text of a stranger for a message: at most `longest` bytes, control characters and broken UTF-8 as '?'.
std::string shown(std::string_view untrusted, std::size_t longest = 80);
// The candidate nearest to `word` by edit distance, or "" if none is near enough to be meant.
std::string_view nearest(std::string_view word, const std::string_view* candidates, std::size_t count);

}  // namespace vramauto::text
