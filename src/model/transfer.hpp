// Files read from an HTTP server, many at a time, each with its bounds.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/curl.hpp"

namespace vramauto::model {

// "https://host:port" of a plain address, in lower case; "" of everything else: other schemes, names and passwords in it.
std::string origin_of(std::string_view url);

// What is wanted of one file, and what of it is here.
struct Transfer {
  std::string url;
  bool whole = true;                      // false: a part, asked for by its range
  std::uint64_t until = 0;                // where the part ends, if the file is that long; of a whole file: how long it may be
  std::uint64_t size = VRAMAUTO_UNKNOWN;  // of the file; where it is known the server must agree
  std::string body;                       // the file's first bytes; new ones are added
  std::size_t tag = 0;                    // the caller's
};

struct Access {
  std::string origin, token;  // the token goes to this origin only
  std::string certificates;   // a file of authorities, "": the system's
  bool proxies = true;        // those of the environment
  long patience_s = 10;       // to connect, and for a transfer that has come to a halt
  vramauto_progress_fn progress = nullptr;
  void* user = nullptr;
};

struct Flight;  // a transfer on its way

// One conversation with a server: connections stay open from one call to the next. For one thread.
class Session {
 public:
  static Result<std::unique_ptr<Session>> open(Access access);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // All of them, or the first thing that went wrong. Redirects are followed, not many and never from https to http; what may pass
  // is tried again. E_NOT_FOUND, E_IO (the server refuses; no connection), E_TIMEOUT, E_LIMIT, E_CANCELLED.
  Result<void> run(std::span<Transfer> transfers);

 private:
  using Clock = std::chrono::steady_clock;
  Session(Access access, const curl::Api& api);

  Result<void> fly(std::span<Flight> flights);
  Result<void> start(Flight& flight);
  void drop(Flight& flight);
  Result<bool> receive(std::span<Flight> flights);
  Result<void> judge(Flight& flight, int code);
  Result<void> redirect(Flight& flight);
  Result<void> retry(Flight& flight, Error why);
  Result<void> report(std::span<const Flight> flights);

  const Access access_;
  const curl::Api& curl_;
  void* multi_;
  void* headers_ = nullptr;  // with the token
  Clock::time_point deadline_;
  std::uint64_t done_ = 0;  // bytes of former runs
  std::string next_url_;    // where the answer that was just received leads
};

}  // namespace vramauto::model
