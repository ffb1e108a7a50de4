#include "support/text.hpp"

#include <array>

#include <doctest/doctest.h>

using namespace vramauto;

TEST_CASE("text: numbers are grouped by thousands") {
  CHECK(text::grouped(0) == "0");
  CHECK(text::grouped(999) == "999");
  CHECK(text::grouped(131072) == "131,072");
  CHECK(text::grouped(1234567) == "1,234,567");
}

TEST_CASE("text: bytes are shown in GiB") {
  CHECK(text::gib(85'027'979'264) == "79.19 GiB");
  CHECK(text::gib(1ull << 30, 0) == "1 GiB");
}

TEST_CASE("text: the first byte that is not UTF-8 is found") {
  CHECK(text::is_utf8("plain and \xC3\xBC and \xE2\x82\xAC and \xF0\x9F\x94\xA7, long enough for eight at a time"));
  CHECK(text::first_non_utf8("ab\xff") == 2);
  CHECK(text::first_non_utf8("\xC0\x80") == 0);          // overlong
  CHECK(text::first_non_utf8("\xED\xA0\x80") == 0);      // surrogate
  CHECK(text::first_non_utf8("\xF4\x90\x80\x80") == 0);  // beyond U+10FFFF
  CHECK(text::first_non_utf8("\xE2\x82") == 0);          // cut short
}

TEST_CASE("text: what a stranger wrote is shown without control characters and not at length") {
  CHECK(text::shown("a\nb\xff"
                    "c") == "a?b?c");
  CHECK(text::shown("abcdef", 3) == "abc...");
}

TEST_CASE("text: the nearest word is the one that was meant, or none") {
  constexpr std::array<std::string_view, 3> words = {"max-model-len", "max-num-seqs", "dtype"};
  CHECK(text::nearest("max-model-length", words.data(), words.size()) == "max-model-len");
  CHECK(text::nearest("MAX-NUM-SEQ", words.data(), words.size()) == "max-num-seqs");
  CHECK(text::nearest("dytpe", words.data(), words.size()) == "dtype");
  CHECK(text::nearest("colour", words.data(), words.size()).empty());
}
