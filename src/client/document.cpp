#include "client/document.hpp"

#include <simdjson.h>

namespace client {
namespace {

namespace dom = simdjson::dom;

// As deep as simdjson goes: 1024 levels.
Document copied(const dom::element& value) {
  switch (value.type()) {
    case dom::element_type::ARRAY: {
      auto out = Document::array();
      for (const auto item : dom::array(value)) out.push_back(copied(item));
      return out;
    }
    case dom::element_type::OBJECT: {
      auto out = Document::object();
      for (const auto& [key, item] : dom::object(value)) out[std::string(key)] = copied(item);
      return out;
    }
    case dom::element_type::INT64:  // what is not negative counts as unsigned, as nlohmann's own reader has it
      if (const std::int64_t number = value; number < 0) return number;
      return std::uint64_t(value);
    case dom::element_type::UINT64:
      return std::uint64_t(value);
    case dom::element_type::DOUBLE:
      return double(value);
    case dom::element_type::STRING:
      return std::string(std::string_view(value));
    case dom::element_type::BOOL:
      return bool(value);
    default:
      return nullptr;
  }
}

}  // namespace

std::optional<Document> read_json(std::string_view text) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(text.data(), text.size()).get(root)) return std::nullopt;
  return copied(root);
}

}  // namespace client
