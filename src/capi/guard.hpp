// The wall between C callers and C++: no exception leaves, every error becomes a status and a struct of the caller's.
#pragma once

#include <algorithm>
#include <cstring>
#include <new>

#include "support/result.hpp"
#include "vramauto/vramauto.h"

namespace vramauto::capi {

// Writes what fits into the caller's struct, by the caller's struct_size; of a long `where` the end is kept.
vramauto_status report(vramauto_error* err, const Error& error) noexcept;
vramauto_status report(vramauto_error* err, vramauto_status status, const char* message) noexcept;

template <class Work>
vramauto_status guard(vramauto_error* err, Work&& work) noexcept {
  try {
    Result<void> done = work();
    return done ? VRAMAUTO_OK : report(err, done.error());
  } catch (const std::bad_alloc&) {
    return report(err, VRAMAUTO_E_MEMORY, "out of memory");
  } catch (...) {
    return report(err, VRAMAUTO_E_INTERNAL, "an unexpected failure inside vramauto");
  }
}

// For calls that have no status: what they give when something is thrown.
template <class Value, class Work>
Value guard_value(Value otherwise, Work&& work) noexcept {
  try {
    return work();
  } catch (...) {
    return otherwise;
  }
}

inline Result<void> require(bool condition, std::string_view sentence) {
  if (!condition) return fail(VRAMAUTO_E_ARGUMENT, "", "{}", sentence);
  return {};
}

// An input struct of any size: absent members are zero; members that this library does not know must be zero.
template <class T>
Result<T> read_struct(const T* from, std::string_view name) {
  T out{};
  out.struct_size = sizeof(T);
  if (!from) return out;
  if (from->struct_size < sizeof(std::uint32_t))
    return fail(VRAMAUTO_E_ARGUMENT, name, "struct_size is {}, expected {} (see VRAMAUTO_INIT)", from->struct_size, sizeof(T));
  if (from->struct_size > 65536)
    return fail(VRAMAUTO_E_ARGUMENT, name, "struct_size is {}, expected at most 65536", from->struct_size);
  const auto* bytes = reinterpret_cast<const unsigned char*>(from);
  for (std::size_t i = sizeof(T); i < from->struct_size; ++i)
    if (bytes[i]) return fail(VRAMAUTO_E_UNSUPPORTED, name, "byte {} is set, this library knows the first {} only", i, sizeof(T));
  std::memcpy(static_cast<void*>(&out), from, std::min<std::size_t>(from->struct_size, sizeof(T)));
  out.struct_size = sizeof(T);
  return out;
}

// An output struct of any size: no more than its struct_size is written, and struct_size itself stays the caller's.
template <class T>
vramauto_status write_struct(T* out, T value) noexcept {
  if (!out || out->struct_size < sizeof(std::uint32_t)) return VRAMAUTO_E_ARGUMENT;
  value.struct_size = out->struct_size;
  std::memcpy(static_cast<void*>(out), &value, std::min<std::size_t>(out->struct_size, sizeof(T)));
  return VRAMAUTO_OK;
}

// Texts of tables and components are literals: a view of one ends where its NUL is.
inline const char* c_text(std::string_view text) noexcept { return text.empty() ? "" : text.data(); }

// As snprintf: what fits, a NUL where there is room for one, and the length that was needed.
std::size_t write_text(std::string_view text, char* buf, std::size_t cap) noexcept;

}  // namespace vramauto::capi
