#include "support/result.hpp"

namespace vramauto {

void ErrorDeleter::operator()(Error* error) const noexcept { delete error; }

Unexpected::Unexpected(Error error) : Unexpected(ErrorPointer(new Error(std::move(error)))) {}

Unexpected detail::failure(vramauto_status status, std::string_view where, std::uint64_t offset, fmt::string_view text,
                           fmt::format_args args) {
  return Unexpected(Error{status, std::string(where), fmt::vformat(text, args), offset});
}

}  // namespace vramauto
