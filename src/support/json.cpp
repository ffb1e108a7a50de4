// The one file that knows simdjson (3.0 and later, On-Demand): trees for documents, walks for tensor headers and indexes.
#include "support/json.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include <simdjson.h>

#include "support/json_store.hpp"

namespace vramauto::json {

namespace od = simdjson::ondemand;
using simdjson::error_code;

namespace {

constexpr std::size_t kMaxText = std::size_t{64} << 20;
constexpr std::size_t kMaxValues = 4'000'000;
constexpr std::size_t kMaxDepth = 64;

std::string_view words_of(error_code error) {
  switch (error) {
    case simdjson::EMPTY: return "is empty, expected JSON";
    case simdjson::UTF8_ERROR: return "is not UTF-8";
    case simdjson::UNESCAPED_CHARS: return "has a control character inside a string";
    case simdjson::UNCLOSED_STRING: return "ends inside a string";
    case simdjson::STRING_ERROR: return "has a string with an unknown escape";
    case simdjson::NUMBER_ERROR: return "has a malformed number";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return "ends before all brackets are closed";
    case simdjson::TRAILING_CONTENT: return "has more behind its end";
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY: return "needs more memory to be read than there is";
    default: return "is not well-formed JSON";
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
Unexpected broken(std::string_view where, std::string_view text, std::uint64_t base, error_code error, const char* at) {
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

const char* position(od::document& document) {
  const char* at = nullptr;
  return document.current_location().get(at) == simdjson::SUCCESS ? at : nullptr;
}

}  // namespace

// Builds the tree of one text. The text stands in brackets, so that a lone scalar is an element like any other.
struct TreeBuilder {
  od::document& document;
  Document::Store& store;
  char* text;                       // where the next string goes
  std::vector<Value> open = {};     // members of all unfinished objects and arrays, innermost last
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
      case od::json_type::object: return object(from, to, depth);
      case od::json_type::array: return array(from, to, depth);
      case od::json_type::string: return string(from, to);
      case od::json_type::number: return number(from, to);
      case od::json_type::boolean: return boolean(from, to);
      default: break;
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
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return std::tie(members[a].key, a) < std::tie(members[b].key, b); });
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
    while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t')) token.remove_suffix(1);
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    to.type = Type::real;
    if (token == "NaN") to.real = std::numeric_limits<double>::quiet_NaN();
    else if (token == "Infinity") to.real = infinity;
    else if (token == "-Infinity") to.real = -infinity;
    else if (is_number(token)) to.real = std::strtod(std::string(token).c_str(), nullptr);
    else return simdjson::NUMBER_ERROR;
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
  if (text.size() > kMaxText) return fail(VRAMAUTO_E_LIMIT, where, "has {} bytes of JSON, at most {} are read", text.size(), kMaxText);
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
    if (builder.too_much && builder.values > kMaxValues) return fail(VRAMAUTO_E_LIMIT, where, "has more than {} values", kMaxValues);
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

struct Scanner::State {
  Padded padded;
  od::parser parser;
};

Scanner::Scanner() : state_(std::make_unique<State>()) {}
Scanner::~Scanner() = default;
char* Scanner::buffer(std::size_t bytes) { return state_->padded.resize(bytes); }

namespace {

// One walk through one text.
struct Walk {
  std::string_view where, text;
  std::uint64_t base;
  od::document document = {};

  Walk(std::string_view where_, const Padded& padded, std::uint64_t base_) : where(where_), text(padded.text()), base(base_) {}

  Unexpected broken_at(error_code error) { return broken(where, text, base, error, position(document)); }
  std::uint64_t offset(const char* at) const { return at ? base + static_cast<std::uint64_t>(at - text.data()) : VRAMAUTO_UNKNOWN; }

  // What stands at the walk's place, where something else was expected.
  Unexpected unexpected(std::string_view what, std::string_view of, std::string_view expected) {
    const auto* at = position(document);
    const auto rest = at ? text.substr(static_cast<std::size_t>(at - text.data())) : std::string_view();
    const auto found = text::shown(rest.substr(0, std::min<std::size_t>(rest.find_first_of(",]}\n", 1), 40)));
    const auto name = text::shown(of, 120);
    return fail_at(VRAMAUTO_E_FORMAT, where, offset(at), "{}{}{} is {}, expected {}", what, name.empty() ? "" : " of ", name, found, expected);
  }

  Result<od::object> start(od::parser& parser, const Padded& padded) {
    if (const auto error = parser.iterate(padded.view()).get(document)) return broken(where, text, base, error, nullptr);
    od::object root;
    if (document.get_object().get(root)) return fail_at(VRAMAUTO_E_FORMAT, where, base, "is not a JSON object");
    return root;
  }

  Result<void> finish() {
    if (position(document)) return broken_at(simdjson::TRAILING_CONTENT);
    return {};
  }

  // A string without undoing escapes. Stage 1 has seen its closing quote and that it is UTF-8.
  std::string_view raw(const char* begin) const {
    const auto left = static_cast<std::size_t>(text.data() + text.size() - begin);
    const auto* end = static_cast<const char*>(std::memchr(begin, '"', left));
    return {begin, end ? static_cast<std::size_t>(end - begin) : left};
  }

  Result<std::string_view> key(od::field& field) {
    const auto plain = raw(field.key().raw());
    if (plain.find('\\') == std::string_view::npos) return plain;
    std::string_view undone;
    if (const auto error = field.unescaped_key().get(undone)) return broken_at(error);
    return undone;
  }

  Result<void> metadata(od::value value) {
    od::object members;
    if (value.get_object().get(members)) return unexpected("__metadata__", "", "an object");
    for (auto item : members) {
      od::field field;
      if (const auto error = std::move(item).get(field)) return broken_at(error);
      std::string_view ignored;
      if (field.value().get_string().get(ignored)) return unexpected("__metadata__", "", "strings only");
    }
    return {};
  }

  // At most `most` whole numbers into `to`; how many there were.
  Result<std::uint32_t> numbers(od::value value, std::string_view what, std::string_view of, std::uint64_t* to, std::uint32_t most) {
    od::array elements;
    if (value.get_array().get(elements)) return unexpected(what, of, "an array");
    std::uint32_t count = 0;
    for (auto item : elements) {
      if (item.error()) return broken_at(item.error());
      if (count == most) return fail_at(VRAMAUTO_E_LIMIT, where, offset(position(document)), "{} of {} has more than {} numbers", what, text::shown(of), most);
      if (item.get_uint64().get(to[count])) return unexpected(what, of, "whole numbers");
      ++count;
    }
    return count;
  }

  Result<void> entry(od::value value, HeaderTensor& tensor) {
    od::object members;
    if (value.get_object().get(members)) return unexpected("entry", tensor.name, "an object");
    unsigned seen = 0;
    for (auto item : members) {
      od::field field;
      if (const auto error = std::move(item).get(field)) return broken_at(error);
      const auto name = raw(field.key().raw());
      const unsigned bit = name == "dtype" ? 1 : name == "shape" ? 2 : name == "data_offsets" ? 4 : 0;
      if (seen & bit) return fail_at(VRAMAUTO_E_FORMAT, where, offset(name.data()), "{} of {} is given twice", name, text::shown(tensor.name));
      seen |= bit;
      if (bit == 1) {
        od::raw_json_string dtype;
        if (field.value().get_raw_json_string().get(dtype)) return unexpected("dtype", tensor.name, "a string");
        tensor.dtype = raw(dtype.raw());
      } else if (bit == 2) {
        tensor.rank = TRY(numbers(field.value(), "shape", tensor.name, tensor.shape, VRAMAUTO_MAX_RANK));
      } else if (bit == 4) {
        std::uint64_t both[2] = {};
        const auto count = TRY(numbers(field.value(), "data_offsets", tensor.name, both, 2));
        if (count != 2)
          return fail_at(VRAMAUTO_E_FORMAT, where, offset(name.data()), "data_offsets of {} are not two numbers", text::shown(tensor.name));
        tensor.begin = both[0];
        tensor.end = both[1];
      }
    }
    if (seen == 7) return {};
    const auto* missing = !(seen & 1) ? "dtype" : !(seen & 2) ? "shape" : "data_offsets";
    return fail_at(VRAMAUTO_E_FORMAT, where, tensor.offset, "{} has no {}", text::shown(tensor.name), missing);
  }

  Result<bool> pairs(od::value value, PairVisitor& visitor) {
    od::object members;
    if (value.get_object().get(members)) return unexpected("weight_map", "", "an object");
    for (auto item : members) {
      od::field field;
      if (const auto error = std::move(item).get(field)) return broken_at(error);
      const auto name = TRY(key(field));
      std::string_view file;
      if (field.value().get_string().get(file)) return unexpected("weight_map", name, "a file name");
      if (!visitor.pair(name, file)) return false;
    }
    return true;
  }

  Result<std::uint64_t> total_size(od::value value) {
    od::object members;
    if (value.get_object().get(members)) return VRAMAUTO_UNKNOWN;
    auto total = VRAMAUTO_UNKNOWN;
    for (auto item : members) {
      od::field field;
      if (const auto error = std::move(item).get(field)) return broken_at(error);
      if (raw(field.key().raw()) != "total_size") continue;
      double size = 0;  // some writers give 16060522496.0
      auto number = field.value();
      if (number.get_uint64().get(total) && !number.get_double().get(size) && size >= 0 && size < 0x1p63)
        total = static_cast<std::uint64_t>(size);
    }
    return total;
  }
};

}  // namespace

Result<void> Scanner::tensors(std::string_view where, std::uint64_t base, TensorVisitor& visitor) {
  Walk walk(where, state_->padded, base);
  auto root = TRY(walk.start(state_->parser, state_->padded));
  for (auto item : root) {
    od::field field;
    if (const auto error = std::move(item).get(field)) return walk.broken_at(error);
    HeaderTensor tensor;
    tensor.offset = walk.offset(field.key().raw() - 1);
    tensor.name = TRY(walk.key(field));
    if (tensor.name == "__metadata__") {
      TRY(walk.metadata(field.value()));
      continue;
    }
    TRY(walk.entry(field.value(), tensor));
    if (!visitor.tensor(tensor)) return {};
  }
  return walk.finish();
}

Result<std::uint64_t> Scanner::index(std::string_view where, PairVisitor& visitor) {
  Walk walk(where, state_->padded, 0);
  auto root = TRY(walk.start(state_->parser, state_->padded));
  auto total = VRAMAUTO_UNKNOWN;
  bool mapped = false;
  for (auto item : root) {
    od::field field;
    if (const auto error = std::move(item).get(field)) return walk.broken_at(error);
    const auto key = TRY(walk.key(field));
    if (key == "metadata") total = TRY(walk.total_size(field.value()));
    if (key != "weight_map") continue;
    mapped = true;
    const auto all = TRY(walk.pairs(field.value(), visitor));
    if (!all) return total;
  }
  TRY(walk.finish());
  if (!mapped) return fail(VRAMAUTO_E_FORMAT, where, "has no weight_map");
  return total;
}

}  // namespace vramauto::json
