// Reading JSON. simdjson is included by json_parser.hpp only; everything else sees this immutable tree.
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
  std::string_view key;          // its name in the object that holds it
  std::string_view text;         // string
  std::int64_t integer = 0;      // integer; boolean as 0 or 1
  double real = 0;               // real, and integer as double
  std::span<const Value> items;  // array elements or object members, in file order

  bool is(Type t) const { return type == t; }
  const Value* find(std::string_view name) const;   // member of an object, or nullptr
  const Value* at(std::string_view pointer) const;  // RFC 6901 ("/text_config/hidden_size"), or nullptr
};

std::string_view type_name(Type type);  // "an integer", for messages

struct TreeBuilder;

class Document {
 public:
  Document();  // null
  const Value& root() const;
  const Value* at(std::string_view pointer) const { return root().at(pointer); }

  // A copy in which members of `defaults`, an object, stand where the object at `pointer` has none of that name.
  Document with_defaults(std::string_view pointer, const Document& defaults) const;

 private:
  struct Store;
  std::shared_ptr<const Store> store_;
  friend struct TreeBuilder;
};

// Limits: 64 MiB of text, 64 levels, 4,000,000 values. As Python's json reads it: NaN, Infinity and -Infinity are reals, so are
// integers beyond 64 bits, and of members with the same name the last one counts.
// Fails with VRAMAUTO_E_FORMAT (byte offset where known) or VRAMAUTO_E_LIMIT; `where` names the file.
Result<Document> parse(std::string_view where, std::string_view text);

// A string as JSON writes it. Of text that is no UTF-8 what is not ASCII becomes '?'.
std::string quoted(std::string_view text);

// One entry of a safetensors header, as written there.
struct HeaderTensor {
  std::string_view name, dtype;  // valid during the visit only
  std::uint32_t rank = 0;
  std::uint64_t shape[VRAMAUTO_MAX_RANK] = {};
  std::uint64_t begin = 0, end = 0;  // data_offsets
  std::uint64_t offset = 0;          // byte of its name in the file
};

struct TensorVisitor {
  virtual bool tensor(const HeaderTensor& tensor) = 0;  // false ends the visit
 protected:
  ~TensorVisitor() = default;
};

struct PairVisitor {
  virtual bool pair(std::string_view name, std::string_view value) = 0;

 protected:
  ~PairVisitor() = default;
};

// Walks large texts without building a tree; its memory is used again for the next one. For one thread at a time.
class Scanner {
 public:
  Scanner();
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  // Room for a text of that many bytes, to be filled before a walk. Its former content is lost.
  char* buffer(std::size_t bytes);

  // Visits the tensors of the safetensors header in the buffer; `base` is where in the file it begins. A visitor that ends the
  // visit is no error here.
  Result<void> tensors(std::string_view where, std::uint64_t base, TensorVisitor& visitor);
  // Visits the pairs of "weight_map" of the index in the buffer. Gives metadata.total_size, VRAMAUTO_UNKNOWN where it is absent.
  Result<std::uint64_t> index(std::string_view where, PairVisitor& visitor);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vramauto::json
