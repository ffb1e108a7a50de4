#include "support/json.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "support/json_parser.hpp"
#include "support/json_store.hpp"

namespace vramauto::json {

namespace {

constexpr std::size_t kMaxText = std::size_t{64} << 20;
constexpr std::size_t kMaxValues = 4'000'000;
constexpr std::size_t kMaxDepth = 64;

}  // namespace

// Builds the tree of one text. The text stands in brackets, so that a lone scalar is an element like any other.
struct TreeBuilder {
  od::document& document;
  Document::Store& store;
  char* text;                    // where the next string goes
  std::vector<Value> open = {};  // members of all unfinished objects and arrays, innermost last
  std::size_t values = 0;
  bool too_much = false;

  std::string_view keep(std::string_view string) {
    std::copy(string.begin(), string.end(), text);
    const std::string_view kept(text, string.size());
    text += string.size();
    return kept;
  }

  error_code build(od::value from, Value& to, std::size_t depth) {
    if (depth > kMaxDepth || ++values > kMaxValues) {
      too_much = true;
      return simdjson::DEPTH_ERROR;
    }
    od::json_type type{};
    if (from.type().get(type) != simdjson::SUCCESS) return not_a_number(from.raw_json_token(), to);
    switch (type) {
      case od::json_type::object:
        return object(from, to, depth);
      case od::json_type::array:
        return array(from, to, depth);
      case od::json_type::string:
        return string(from, to);
      case od::json_type::number:
        return number(from, to);
      case od::json_type::boolean:
        return boolean(from, to);
      default:
        break;
    }
    to.type = Type::null;
    return std::string_view(from.raw_json_token()).substr(0, 4) == "null" ? consume_null(from) : simdjson::N_ATOM_ERROR;
  }

  static error_code consume_null(od::value& from) {
    bool null = false;
    const auto error = simdjson::simdjson_result<bool>(from.is_null()).get(null);
    return error != simdjson::SUCCESS ? error : null ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
  }

  error_code object(od::value& from, Value& to, std::size_t depth) {
    const auto first = open.size();
    od::object members;
    if (const auto error = from.get_object().get(members)) return error;
    for (auto item : members) {
      od::field field;
      if (const auto error = std::move(item).get(field)) return error;
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return error;
      Value value;
      value.key = keep(key);
      if (const auto error = build(field.value(), value, depth + 1)) return error;
      open.push_back(value);
    }
    drop_repeated(first);
    close(first, Type::object, to);
    return simdjson::SUCCESS;
  }

  error_code array(od::value& from, Value& to, std::size_t depth) {
    const auto first = open.size();
    od::array elements;
    if (const auto error = from.get_array().get(elements)) return error;
    for (auto item : elements) {
      od::value element;
      if (const auto error = std::move(item).get(element)) return error;
      Value value;
      if (const auto error = build(element, value, depth + 1)) return error;
      open.push_back(value);
    }
    close(first, Type::array, to);
    return simdjson::SUCCESS;
  }

  void close(std::size_t first, Type type, Value& to) {
    to.type = type;
    to.items = store.values.keep(std::span(open).subspan(first));
    open.resize(first);
  }

  // Of members with one name Python keeps the first one's place and the last one's value.
  void drop_repeated(std::size_t first) {
    const auto members = std::span(open).subspan(first);
    std::vector<std::uint32_t> order(members.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](auto a, auto b) { return std::tie(members[a].key, a) < std::tie(members[b].key, b); });
    std::vector<bool> dropped(members.size());
    bool any = false;
    for (std::size_t i = 1, kept = 0; i < order.size(); ++i) {
      if (members[order[i]].key != members[order[kept]].key) {
        kept = i;
        continue;
      }
      members[order[kept]] = members[order[i]];
      dropped[order[i]] = any = true;
    }
    if (!any) return;
    auto out = first;
    for (std::size_t i = 0; i < dropped.size(); ++i)
      if (!dropped[i]) open[out++] = open[first + i];
    open.resize(out);
  }

  error_code string(od::value& from, Value& to) {
    std::string_view string;
    if (const auto error = from.get_string().get(string)) return error;
    to.type = Type::string;
    to.text = keep(string);
    return simdjson::SUCCESS;
  }

  static error_code boolean(od::value& from, Value& to) {
    bool yes = false;
    if (const auto error = from.get_bool().get(yes)) return error;
    to.type = Type::boolean;
    to.integer = yes;
    return simdjson::SUCCESS;
  }

  static error_code number(od::value& from, Value& to) {
    const auto token = from.raw_json_token();
    od::number number;
    if (from.get_number().get(number) != simdjson::SUCCESS) return not_a_number(token, to);
    const auto whole = number.get_number_type() == od::number_type::signed_integer;
    to.type = whole ? Type::integer : Type::real;
    if (whole) to.integer = number.get_int64();
    to.real = whole ? static_cast<double>(to.integer) : number.as_double();
    return simdjson::SUCCESS;
  }

  // What simdjson takes for no number: Python's three words, and numbers beyond 64 bits or beyond a double's range.
  static error_code not_a_number(std::string_view token, Value& to) {
    while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
      token.remove_suffix(1);
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    to.type = Type::real;
    if (token == "NaN")
      to.real = std::numeric_limits<double>::quiet_NaN();
    else if (token == "Infinity")
      to.real = infinity;
    else if (token == "-Infinity")
      to.real = -infinity;
    else if (is_number(token))
      to.real = std::strtod(std::string(token).c_str(), nullptr);
    else
      return simdjson::NUMBER_ERROR;
    return simdjson::SUCCESS;
  }

  // RFC 8259, section 6.
  static bool is_number(std::string_view token) {
    const auto digits = [&] {
      const auto count = std::min(token.find_first_not_of("0123456789"), token.size());
      token.remove_prefix(count);
      return count;
    };
    const auto skip = [&](std::string_view any) {
      const auto there = !token.empty() && any.find(token.front()) != std::string_view::npos;
      token.remove_prefix(there);
      return there;
    };
    skip("-");
    const auto zero = !token.empty() && token.front() == '0';
    const auto whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (skip(".") && digits() == 0) return false;
    if (skip("eE") && (skip("+-"), digits() == 0)) return false;
    return token.empty();
  }

  static Result<Document> parse(std::string_view where, std::string_view text);
};

Result<Document> TreeBuilder::parse(std::string_view where, std::string_view text) {
  if (text.size() > kMaxText)
    return fail(VRAMAUTO_E_LIMIT, where, "has {} bytes of JSON, at most {} are read", text.size(), kMaxText);
  Padded padded;
  char* to = padded.resize(text.size() + 2);
  *to = '[';
  std::copy(text.begin(), text.end(), to + 1);
  to[text.size() + 1] = ']';
  const auto inside = padded.text().substr(1, text.size());
  if (text::trim(text).empty()) return broken(where, inside, 0, simdjson::EMPTY, nullptr);

  od::parser parser;
  od::document document;
  if (const auto error = parser.iterate(padded.view()).get(document)) return broken(where, inside, 0, error, nullptr);
  auto store = std::make_shared<Document::Store>();
  store->text = std::make_unique<char[]>(text.size() + 1);
  TreeBuilder builder{document, *store, store->text.get()};
  Value outer;
  const auto walk = [&]() -> error_code {
    od::array elements;
    if (const auto error = document.get_array().get(elements)) return error;
    for (auto item : elements) {
      od::value element;
      if (const auto error = std::move(item).get(element)) return error;
      if (outer.integer++ == 1) return simdjson::TRAILING_CONTENT;
      if (const auto error = builder.build(element, store->root, 1)) return error;
    }
    return position(document) ? simdjson::TRAILING_CONTENT : simdjson::SUCCESS;
  };
  if (const auto error = walk()) {
    if (builder.too_much && builder.values > kMaxValues)
      return fail(VRAMAUTO_E_LIMIT, where, "has more than {} values", kMaxValues);
    if (builder.too_much) {
      const auto* at = position(document);
      const auto offset = at ? static_cast<std::uint64_t>(at - inside.data()) : VRAMAUTO_UNKNOWN;
      return fail_at(VRAMAUTO_E_LIMIT, where, offset, "is nested deeper than {} levels", kMaxDepth);
    }
    return broken(where, inside, 0, error, position(document));
  }
  Document out;
  out.store_ = std::move(store);
  return out;
}

Result<Document> parse(std::string_view where, std::string_view text) { return TreeBuilder::parse(where, text); }

}  // namespace vramauto::json
