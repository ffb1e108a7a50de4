// Errors as values. A function that can fail returns Result<T>; an Error says what was found, what was expected and where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "support/text.hpp"
#include "vramauto/vramauto.h"

namespace vramauto {

struct Error {
  vramauto_status status = VRAMAUTO_E_INTERNAL;
  std::string where;                        // file, option, environment variable or plugin id
  std::string message;                      // one sentence, no newline
  std::uint64_t offset = VRAMAUTO_UNKNOWN;  // byte in the file that `where` names
};

template <class T = void>
using Result = tl::expected<T, Error>;

using Unexpected = tl::unexpected<Error>;

// return fail(VRAMAUTO_E_FORMAT, path, "{} is {}, expected a positive integer", key, found);
template <class... Args>
Unexpected fail(vramauto_status status, std::string_view where, fmt::format_string<Args...> text, Args&&... args) {
  return Unexpected{Error{status, std::string(where), fmt::format(text, std::forward<Args>(args)...), VRAMAUTO_UNKNOWN}};
}

// The same with the byte of the file at which it went wrong.
template <class... Args>
Unexpected fail_at(vramauto_status status, std::string_view where, std::uint64_t offset, fmt::format_string<Args...> text,
                   Args&&... args) {
  return Unexpected{Error{status, std::string(where), fmt::format(text, std::forward<Args>(args)...), offset}};
}

}  // namespace vramauto

// TRY(f()) is f()'s value, or returns its error. Only as a whole statement or initialiser: inside a larger expression an early
// return would leave the rest of that expression half built.
#define TRY(...)                                                                                    \
  ({                                                                                                \
    auto vramauto_try_result = (__VA_ARGS__);                                                       \
    if (!vramauto_try_result) return ::tl::make_unexpected(std::move(vramauto_try_result.error())); \
    ::vramauto::detail::take(std::move(vramauto_try_result));                                       \
  })

namespace vramauto::detail {
template <class T>
T take(tl::expected<T, Error>&& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
}  // namespace vramauto::detail
