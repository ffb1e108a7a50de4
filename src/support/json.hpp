// Reading JSON. simdjson is included by json.cpp only; everything else sees this immutable tree.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "support/result.hpp"

namespace vramauto::json {

enum class Type : std::uint8_t { null, boolean, integer, real, string, array, object };

// One value. Lives in its Document; reading it from many threads is safe.
class Value {
 public:
  Type type = Type::null;
  std::string_view key;                 // its name in the object that holds it
  std::string_view text;                // string
  std::int64_t integer = 0;             // integer; boolean as 0 or 1
  double real = 0;                      // real, and integer as double
  std::span<const Value> items;         // array elements or object members, in file order

  bool is(Type t) const { return type == t; }
  const Value* find(std::string_view name) const;      // member of an object, or nullptr
  const Value* at(std::string_view pointer) const;     // RFC 6901 ("/text_config/hidden_size"), or nullptr
};

std::string_view type_name(Type type);  // "an integer", for messages

class Document {
 public:
  Document();                           // null
  const Value& root() const;
  const Value* at(std::string_view pointer) const { return root().at(pointer); }

  // A copy in which members of `defaults`, an object, stand where the object at `pointer` has none of that name.
  Document with_defaults(std::string_view pointer, const Document& defaults) const;

 private:
  struct Store;
  std::shared_ptr<const Store> store_;
  friend Result<Document> parse(std::string_view where, std::string_view text);
};

// Limits: 64 MiB of text, 64 levels, 4,000,000 values. Python's NaN and Infinity are read as reals.
// Fails with VRAMAUTO_E_FORMAT (byte offset where known) or VRAMAUTO_E_LIMIT; `where` names the file.
Result<Document> parse(std::string_view where, std::string_view text);

}  // namespace vramauto::json
