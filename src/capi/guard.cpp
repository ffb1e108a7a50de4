#include "capi/guard.hpp"

#include <cstddef>

namespace vramauto::capi {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Cuts at a whole UTF-8 character, and never writes a control character: a message is one line.
void copy(char* out, std::size_t cap, std::string_view text) {
  auto size = std::min(text.size(), cap - 1);
  while (size > 0 && size < text.size() && continues(text[size])) --size;
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(text[i]) < 0x20 ? ' ' : text[i];
  out[size] = '\0';
}

std::string_view ending(std::string_view text, std::size_t cap) {
  if (text.size() < cap) return text;
  text.remove_prefix(text.size() - (cap - 1));
  while (!text.empty() && continues(text.front())) text.remove_prefix(1);
  return text;
}

vramauto_status fill(vramauto_error* err, vramauto_status status, std::uint64_t offset, std::string_view where,
                     std::string_view message) {
  if (!err || err->struct_size < offsetof(vramauto_error, offset)) return status;
  vramauto_error full{};
  full.struct_size = err->struct_size;
  full.status = status;
  full.offset = offset;
  copy(full.where, sizeof full.where, ending(where, sizeof full.where));
  copy(full.message, sizeof full.message, message);
  auto* bytes = reinterpret_cast<char*>(err);
  const auto size = std::min<std::size_t>(err->struct_size, sizeof full);
  std::memcpy(bytes, &full, size);
  if (size > offsetof(vramauto_error, where)) bytes[size - 1] = '\0';  // a shorter struct still ends its last text
  return status;
}

}  // namespace

vramauto_status report(vramauto_error* err, const Error& error) noexcept {
  return fill(err, error.status, error.offset, error.where, error.message);
}

vramauto_status report(vramauto_error* err, vramauto_status status, const char* message) noexcept {
  return fill(err, status, VRAMAUTO_UNKNOWN, "", message);
}

std::size_t write_text(std::string_view text, char* buf, std::size_t cap) noexcept {
  if (buf && cap > 0) {
    const auto size = std::min(text.size(), cap - 1);
    std::memcpy(buf, text.data(), size);
    buf[size] = '\0';
  }
  return text.size();
}

}  // namespace vramauto::capi
