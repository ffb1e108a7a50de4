// Walks through large texts that leave no tree behind: tensor headers and indexes.
#include <algorithm>
#include <cstring>
#include <string>

#include "support/json_parser.hpp"

namespace vramauto::json {

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
    return fail_at(VRAMAUTO_E_FORMAT, where, offset(at), "{}{}{} is {}, expected {}", what, name.empty() ? "" : " of ", name, found,
                   expected);
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
  Result<std::uint32_t> numbers(od::value value, std::string_view what, std::string_view of, std::uint64_t* to,
                                std::uint32_t most) {
    od::array elements;
    if (value.get_array().get(elements)) return unexpected(what, of, "an array");
    std::uint32_t count = 0;
    for (auto item : elements) {
      if (item.error()) return broken_at(item.error());
      if (count == most)
        return fail_at(VRAMAUTO_E_LIMIT, where, offset(position(document)), "{} of {} has more than {} numbers", what,
                       text::shown(of), most);
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
      if (seen & bit)
        return fail_at(VRAMAUTO_E_FORMAT, where, offset(name.data()), "{} of {} is given twice", name, text::shown(tensor.name));
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
          return fail_at(VRAMAUTO_E_FORMAT, where, offset(name.data()), "data_offsets of {} are not two numbers",
                         text::shown(tensor.name));
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
