// What both readers of JSON share. The only file of the library that includes simdjson (3.0 and later, On-Demand); json.cpp and
// json_scan.cpp use it.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include <simdjson.h>

#include "support/json.hpp"

namespace vramauto::json {

namespace od = simdjson::ondemand;
using simdjson::error_code;

inline std::string_view words_of(error_code error) {
  switch (error) {
    case simdjson::EMPTY:
      return "is empty, expected JSON";
    case simdjson::UTF8_ERROR:
      return "is not UTF-8";
    case simdjson::UNESCAPED_CHARS:
      return "has a control character inside a string";
    case simdjson::UNCLOSED_STRING:
      return "ends inside a string";
    case simdjson::STRING_ERROR:
      return "has a string with an unknown escape";
    case simdjson::NUMBER_ERROR:
      return "has a malformed number";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "ends before all brackets are closed";
    case simdjson::TRAILING_CONTENT:
      return "has more behind its end";
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
      return "needs more memory to be read than there is";
    default:
      return "is not well-formed JSON";
  }
}

// A text with the bytes behind it that simdjson may touch.
class Padded {
 public:
  char* resize(std::size_t bytes) {
    if (bytes + simdjson::SIMDJSON_PADDING > room_) {
      room_ = bytes + simdjson::SIMDJSON_PADDING;
      data_ = std::make_unique<char[]>(room_);
    }
    size_ = bytes;
    std::memset(data_.get() + bytes, 0, simdjson::SIMDJSON_PADDING);
    return data_.get();
  }
  std::string_view text() const { return {data_.get(), size_}; }
  simdjson::padded_string_view view() const { return simdjson::padded_string_view(data_.get(), size_, room_); }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t room_ = 0, size_ = 0;
};

// The error of a walk through `text`, which begins at byte `base` of the file; `at` is where the walk stood.
inline Unexpected broken(std::string_view where, std::string_view text, std::uint64_t base, error_code error, const char* at) {
  if (error == simdjson::EMPTY) return fail_at(VRAMAUTO_E_FORMAT, where, base, "{}", words_of(error));
  auto offset = VRAMAUTO_UNKNOWN;
  if (error == simdjson::UTF8_ERROR) {
    offset = base + text::first_non_utf8(text);
  } else if (error == simdjson::UNCLOSED_STRING || error == simdjson::INCOMPLETE_ARRAY_OR_OBJECT) {
    offset = base + text.size();
  } else if (at >= text.data() && at <= text.data() + text.size() && at != nullptr) {
    offset = base + static_cast<std::uint64_t>(at - text.data());
  }
  return fail_at(VRAMAUTO_E_FORMAT, where, offset, "{}", words_of(error));
}

inline const char* position(od::document& document) {
  const char* at = nullptr;
  return document.current_location().get(at) == simdjson::SUCCESS ? at : nullptr;
}

}  // namespace vramauto::json
