#include <charconv>

#include "support/json_store.hpp"
#include "support/text.hpp"

namespace vramauto::json {

namespace {

// One step of a pointer with its escapes undone (RFC 6901, section 4); most have none.
std::string_view unescaped(std::string_view token, std::string& room) {
  if (token.find('~') == std::string_view::npos) return token;
  room.clear();
  for (std::size_t i = 0; i < token.size(); ++i) {
    const auto escape = token[i] == '~' && i + 1 < token.size() ? token[i + 1] : '\0';
    room += escape == '0' ? '~' : escape == '1' ? '/' : token[i];
    i += escape == '0' || escape == '1';
  }
  return room;
}

const Value* step(const Value& from, std::string_view token) {
  if (from.is(Type::object)) return from.find(token);
  if (!from.is(Type::array)) return nullptr;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc{} || end != token.data() + token.size() || index >= from.items.size()) return nullptr;
  return &from.items[index];
}

// The first step of a pointer, which is removed from it.
std::string_view take_step(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const auto token = pointer.substr(0, pointer.find('/'));
  pointer.remove_prefix(token.size());
  return token;
}

// `object` with the members of `defaults` that it lacks behind its own.
Value completed(const Value& object, const Value& defaults, Arena& arena) {
  std::vector<Value> members(object.items.begin(), object.items.end());
  for (const auto& member : defaults.items)
    if (!object.find(member.key)) members.push_back(member);
  auto out = object;
  out.items = arena.keep(members);
  return out;
}

// `from` with the object at `pointer` completed; only what is on the way there is new.
Value rebuilt(const Value& from, std::string_view pointer, const Value& defaults, Arena& arena) {
  if (pointer.empty()) return completed(from, defaults, arena);
  std::string room;
  const auto* below = step(from, unescaped(take_step(pointer), room));
  const auto items = arena.take(from.items.size());
  std::copy(from.items.begin(), from.items.end(), items.begin());
  items[static_cast<std::size_t>(below - from.items.data())] = rebuilt(*below, pointer, defaults, arena);
  auto out = from;
  out.items = items;
  return out;
}

}  // namespace

const Value* Value::find(std::string_view name) const {
  if (type != Type::object) return nullptr;
  for (const auto& member : items)
    if (member.key == name) return &member;
  return nullptr;
}

const Value* Value::at(std::string_view pointer) const {
  const auto* value = this;
  std::string room;
  while (value && !pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    value = step(*value, unescaped(take_step(pointer), room));
  }
  return value;
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::null:
      return "null";
    case Type::boolean:
      return "a boolean";
    case Type::integer:
      return "an integer";
    case Type::real:
      return "a number";
    case Type::string:
      return "a string";
    case Type::array:
      return "an array";
    case Type::object:
      return "an object";
  }
  return "a value";
}

Document::Document() = default;

const Value& Document::root() const {
  static const Value null;
  return store_ ? store_->root : null;
}

Document Document::with_defaults(std::string_view pointer, const Document& defaults) const {
  const auto* target = at(pointer);
  if (!target || !target->is(Type::object) || !defaults.root().is(Type::object)) return *this;
  auto store = std::make_shared<Store>();
  store->base = store_;
  store->defaults = defaults.store_;
  store->root = rebuilt(root(), pointer, defaults.root(), store->values);
  Document out;
  out.store_ = std::move(store);
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  const bool readable = text::is_utf8(text);  // a driver's text may be anything
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += byte < 0x80 || readable ? c : '?';
    }
  }
  return out + '"';
}

}  // namespace vramauto::json
