// One transfer on its way: the answer as it comes in, and what it means.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "model/transfer.hpp"

namespace vramauto::model {

// A transfer, and the answer that is just being read.
struct Flight {
  enum class State { waiting, running, done };

  Transfer* wanted = nullptr;
  void* easy = nullptr;
  State state = State::waiting;
  std::string url;
  std::uint64_t begin = 0;  // what was here before
  std::uint32_t redirects = 0, tries = 0;
  std::chrono::steady_clock::time_point not_before{};
  char words[curl::kErrorSize] = {};

  std::uint64_t dropped = 0;  // bytes of the answer before `begin`
  std::size_t header_bytes = 0, ignored = 0;
  bool enough = false, too_much = false;
  long status = 0;
  std::uint64_t from = 0, total = VRAMAUTO_UNKNOWN, retry_after = VRAMAUTO_UNKNOWN;
  std::string code, message;  // X-Error-Code, X-Error-Message

  void forget_answer();
  void header(std::string_view line);
  std::size_t take(std::string_view bytes);  // bytes taken; fewer than came end the transfer
  // Whether the sizes that were expected, stated and received agree; that of the file is then known.
  Result<void> check_sizes();
};

// libcurl's callbacks, for a Flight.
std::size_t on_header(char* line, std::size_t one, std::size_t bytes, void* flight) noexcept;
std::size_t on_body(char* data, std::size_t one, std::size_t bytes, void* flight) noexcept;

// What may be shown of an address: signed ones carry their secret in the query, others a password before the host.
std::string shown_url(std::string_view url);

// About the address that the flight has come to.
template <class... Args>
Error error_of(const Flight& flight, vramauto_status status, fmt::format_string<Args...> text, Args&&... args) {
  return {status, shown_url(flight.url), fmt::format(text, std::forward<Args>(args)...), VRAMAUTO_UNKNOWN};
}

// What a status that was not wanted means, and why there is no answer at all.
Error refusal(const Flight& flight, bool with_token);
Error broken(const Flight& flight, int code, const char* meaning, long patience_s);

}  // namespace vramauto::model
