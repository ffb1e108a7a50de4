// Errors as values. A function that can fail returns Result<T>; an Error says what was found, what was expected and where.
#pragma once

#include <cstdint>
#include <memory>
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

// An error where a result is handed on: one pointer, since every TRY moves one and few ever hold anything.
struct ErrorDeleter {
  void operator()(Error* error) const noexcept;
};
using ErrorPointer = std::unique_ptr<Error, ErrorDeleter>;

struct Unexpected : tl::unexpected<ErrorPointer> {
  explicit Unexpected(Error error);
  explicit Unexpected(ErrorPointer error) : tl::unexpected<ErrorPointer>(std::move(error)) {}
};

template <class T = void>
class Result : public tl::expected<T, ErrorPointer> {
  using Base = tl::expected<T, ErrorPointer>;

 public:
  using Base::Base;
  Error& error() & { return *Base::error(); }
  const Error& error() const& { return *Base::error(); }
  Unexpected failure() && { return Unexpected(std::move(Base::error())); }
};

namespace detail {
Unexpected failure(vramauto_status status, std::string_view where, std::uint64_t offset, fmt::string_view text,
                   fmt::format_args args);
}

// return fail(VRAMAUTO_E_FORMAT, path, "{} is {}, expected a positive integer", key, found);
template <class... Args>
Unexpected fail(vramauto_status status, std::string_view where, fmt::format_string<Args...> text, Args&&... args) {
  return detail::failure(status, where, VRAMAUTO_UNKNOWN, text, fmt::make_format_args(args...));
}

// The same with the byte of the file at which it went wrong.
template <class... Args>
Unexpected fail_at(vramauto_status status, std::string_view where, std::uint64_t offset, fmt::format_string<Args...> text,
                   Args&&... args) {
  return detail::failure(status, where, offset, text, fmt::make_format_args(args...));
}

}  // namespace vramauto

// TRY(f()) is f()'s value, or returns its error. Only as a whole statement or initialiser: inside a larger expression an early
// return would leave the rest of that expression half built.
#define TRY(...)                                                                  \
  ({                                                                              \
    auto vramauto_try_result = (__VA_ARGS__);                                     \
    if (!vramauto_try_result) return std::move(vramauto_try_result).failure();    \
    ::vramauto::detail::take(std::move(vramauto_try_result));                     \
  })

namespace vramauto::detail {
template <class T>
T take(Result<T>&& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
}  // namespace vramauto::detail
