// Counters of the service, as Prometheus reads them (text format 0.0.4).
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace serve {

struct Gauges {  // read when they are asked for
  std::size_t models_cached, model_bytes_cached, connections;
  std::uint64_t connections_refused;
  std::string_view engine_state;
  std::uint64_t engine_starts, engine_failures;
};

class Metrics {
 public:
  static constexpr const char* kType = "text/plain; version=0.0.4; charset=utf-8";

  // The last of the routes counts what was for none of them.
  explicit Metrics(std::vector<std::string> routes) : routes_(std::move(routes)), counts_(routes_.size()) {}

  void answered(std::size_t route, int status, std::chrono::nanoseconds took);
  void planned(bool fits) { (fits ? plans_fit_ : plans_do_not_fit_).fetch_add(1, std::memory_order_relaxed); }

  std::string text(const Gauges& gauges) const;

 private:
  using Counter = std::atomic<std::uint64_t>;
  static constexpr std::array<double, 12> kBounds = {.0001, .00025, .0005, .001, .0025, .005, .01, .025, .1, .5, 2, 10};  // seconds
  static constexpr std::array<int, 18> kStatuses = {200, 202, 304, 400, 401, 403, 404, 405, 408,
                                                    409, 413, 414, 415, 422, 431, 500, 503, 504};

  struct Route {
    std::array<Counter, kStatuses.size() + 1> by_status{};  // the last: any other
    std::array<Counter, kBounds.size() + 1> by_time{};
    Counter nanoseconds{};
  };
  void write(std::string& out, std::size_t route) const;
  void write_times(std::string& out, std::size_t route) const;

  std::vector<std::string> routes_;
  std::vector<Route> counts_;
  Counter plans_fit_{}, plans_do_not_fit_{};
};

}  // namespace serve
