#include "serve/metrics.hpp"

#include <algorithm>

#include "support/text.hpp"

namespace serve {
namespace {

void describe(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void one(std::string& out, std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
  describe(out, name, type, help);
  out += fmt::format("{} {}\n", name, value);
}

}  // namespace

void Metrics::answered(std::size_t route, int status, std::chrono::nanoseconds took) {
  auto& counts = counts_[route];
  const auto at = std::find(kStatuses.begin(), kStatuses.end(), status) - kStatuses.begin();
  counts.by_status[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  const auto bound =
      std::lower_bound(kBounds.begin(), kBounds.end(), std::chrono::duration<double>(took).count()) - kBounds.begin();
  counts.by_time[static_cast<std::size_t>(bound)].fetch_add(1, std::memory_order_relaxed);
  counts.nanoseconds.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
}

void Metrics::write(std::string& out, std::size_t route) const {
  for (std::size_t i = 0; i <= kStatuses.size(); ++i) {
    const auto count = counts_[route].by_status[i].load(std::memory_order_relaxed);
    const auto status = i < kStatuses.size() ? std::to_string(kStatuses[i]) : "other";
    if (count) out += fmt::format("vramauto_http_requests_total{{route=\"{}\",status=\"{}\"}} {}\n", routes_[route], status, count);
  }
}

void Metrics::write_times(std::string& out, std::size_t route) const {
  std::uint64_t sum = 0;
  std::string lines;
  for (std::size_t i = 0; i <= kBounds.size(); ++i) {
    sum += counts_[route].by_time[i].load(std::memory_order_relaxed);
    const auto bound = i < kBounds.size() ? fmt::format("{}", kBounds[i]) : "+Inf";
    lines += fmt::format("vramauto_http_request_seconds_bucket{{route=\"{}\",le=\"{}\"}} {}\n", routes_[route], bound, sum);
  }
  if (sum == 0) return;
  const auto seconds = static_cast<double>(counts_[route].nanoseconds.load(std::memory_order_relaxed)) / 1e9;
  out += lines + fmt::format("vramauto_http_request_seconds_sum{{route=\"{}\"}} {}\n", routes_[route], seconds) +
         fmt::format("vramauto_http_request_seconds_count{{route=\"{}\"}} {}\n", routes_[route], sum);
}

std::string Metrics::text(const Gauges& gauges) const {
  std::string out;
  describe(out, "vramauto_http_requests_total", "counter", "Requests answered, by route and status.");
  for (std::size_t route = 0; route < routes_.size(); ++route) write(out, route);
  describe(out, "vramauto_http_request_seconds", "histogram", "From the first byte of a request to its answer.");
  for (std::size_t route = 0; route < routes_.size(); ++route) write_times(out, route);
  describe(out, "vramauto_plans_total", "counter", "Plans calculated, by whether they fit (what is not known counts as fitting).");
  out += fmt::format("vramauto_plans_total{{fits=\"yes\"}} {}\nvramauto_plans_total{{fits=\"no\"}} {}\n", plans_fit_.load(),
                     plans_do_not_fit_.load());
  one(out, "vramauto_models_cached", "gauge", "Models that are kept open.", gauges.models_cached);
  one(out, "vramauto_model_bytes_cached", "gauge", "Memory of their tensors' descriptions.", gauges.model_bytes_cached);
  one(out, "vramauto_connections", "gauge", "Open connections.", gauges.connections);
  one(out, "vramauto_connections_refused_total", "counter", "Connections closed at once because all others were busy.",
      gauges.connections_refused);
  describe(out, "vramauto_engine_state", "gauge", "1 for the engine's state.");
  for (const std::string_view state : {"idle", "loading", "ready", "failed", "stopping"})
    out += fmt::format("vramauto_engine_state{{state=\"{}\"}} {}\n", state, state == gauges.engine_state ? 1 : 0);
  one(out, "vramauto_engine_starts_total", "counter", "Engines started.", gauges.engine_starts);
  one(out, "vramauto_engine_failures_total", "counter", "Engines that could not be started, or ended without being told to.",
      gauges.engine_failures);
  return out;
}

}  // namespace serve
