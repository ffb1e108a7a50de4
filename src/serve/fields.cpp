#include "serve/fields.hpp"

#include <algorithm>

#include "serve/refusal.hpp"
#include "support/text.hpp"

namespace serve {
namespace {

using vramauto::json::Type;
using vramauto::json::Value;
namespace text = vramauto::text;

constexpr int kDeepest = 16;

[[noreturn]] void wrong_type(const std::string& where, const Value& found, const char* expected) {
  throw Refusal{400, "wrong_type", where, fmt::format("found {}, expected {}", vramauto::json::type_name(found.type), expected)};
}

bool deeper_than(const Value& value, int levels) {
  if (levels < 0) return true;
  return std::any_of(value.items.begin(), value.items.end(), [&](const Value& item) { return deeper_than(item, levels - 1); });
}

}  // namespace

Fields::Fields(const Value& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is(Type::object)) wrong_type(where_, object, "an object");
}

std::string Fields::name_of(std::string_view member) const {
  const auto shown = text::shown(member);
  return where_.empty() ? shown : where_ + "." + shown;
}

const Value* Fields::find(std::string_view name) {
  asked_.push_back(name);
  const auto* found = object_.find(name);
  return found && !found->is(Type::null) ? found : nullptr;
}

std::optional<std::string> Fields::text(std::string_view name) {
  const auto* found = find(name);
  if (!found) return std::nullopt;
  return plain_text(*found, name_of(name));
}

std::optional<double> Fields::number(std::string_view name) {
  const auto* found = find(name);
  if (!found) return std::nullopt;
  if (!found->is(Type::integer) && !found->is(Type::real)) wrong_type(name_of(name), *found, "a number");
  return found->real;
}

std::optional<std::uint64_t> Fields::count(std::string_view name) {
  const auto* found = find(name);
  if (!found) return std::nullopt;
  if (!found->is(Type::integer)) wrong_type(name_of(name), *found, "an integer");
  if (found->integer < 0)
    throw Refusal{400, "out_of_range", name_of(name), fmt::format("found {}, expected 0 or more", found->integer)};
  return static_cast<std::uint64_t>(found->integer);
}

bool Fields::flag(std::string_view name) {
  const auto* found = find(name);
  if (found && !found->is(Type::boolean)) wrong_type(name_of(name), *found, "true or false");
  return found && found->integer;
}

void Fields::nothing_else() const {
  for (const auto& member : object_.items) {
    if (std::find(asked_.begin(), asked_.end(), member.key) != asked_.end()) continue;
    std::string known;
    for (const auto name : asked_) known += (known.empty() ? "" : ", ") + std::string(name);
    throw Refusal{400, "unknown_field", name_of(member.key), "found a field of this name, expected some of " + known};
  }
}

std::string plain_text(const Value& value, const std::string& where) {
  if (!value.is(Type::string)) wrong_type(where, value, "a string");
  if (value.text.find('\0') != value.text.npos)
    throw Refusal{400, "invalid_text", where, "found a NUL character, expected text without one"};
  return std::string(value.text);
}

vramauto::json::Document read_body(const std::string& body) {
  auto read = vramauto::json::parse("body", body);
  if (!read) {
    const auto& error = read.error();
    auto message = "the body " + error.message;
    if (error.offset != VRAMAUTO_UNKNOWN) message += fmt::format(" (byte {})", error.offset);
    throw Refusal{400, error.status == VRAMAUTO_E_LIMIT ? "beyond_limit" : "invalid_json", "",
                  message + ", expected a JSON object"};
  }
  if (deeper_than(read->root(), kDeepest))
    throw Refusal{400, "beyond_limit", "", fmt::format("found more than {} levels in the body, expected fewer", kDeepest)};
  return std::move(*read);
}

}  // namespace serve
