// GGUF files: a header, key-value pairs, tensor infos, then the data, which is never read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/safetensors.hpp"

namespace vramauto::model {

// One key-value pair. Arrays that are long or not of numbers are walked over; `length` tells how long they are.
struct GgufValue {
  std::string key;
  std::uint32_t type = 0;  // as the file numbers types; of an array: of its elements
  bool is_array = false;
  std::int64_t integer = 0;  // numbers and booleans; of an array: the largest
  double real = 0;           // floats
  std::string text;          // strings
  std::uint64_t length = 0;  // of an array

  bool is_text() const { return type == 8 && !is_array; }
  bool is_real() const { return (type == 6 || type == 12) && !is_array; }
  bool is_integer() const { return type < 12 && type != 6 && type != 8 && type != 9; }
};

struct Gguf {
  std::vector<GgufValue> values;
  Shard shard;  // tensors as the file names them, shapes outermost first
  std::uint64_t header_bytes = 0;  // all that was read of the file

  const GgufValue* find(std::string_view key) const;
  std::string_view text(std::string_view key) const;  // "" where it is missing or no text
  std::uint64_t number(std::string_view key) const;   // 0 where it is missing or no positive integer
};

// E_FORMAT with the byte of the file for whatever ggml's own reader refuses too: lengths beyond the file, keys and names given
// twice, unknown types, data that is not where the sizes before it end. Sources: ggml, gguf.cpp; gguf 0.19, constants.py.
Result<Gguf> read_gguf(const file::Reader& file);

}  // namespace vramauto::model
