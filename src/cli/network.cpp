#include "network.hpp"

#include <unistd.h>
#include <CLI/Option.hpp>
#include <algorithm>
#include <cstdio>

namespace cli {
namespace {

constexpr std::chrono::milliseconds kBetween{100};

std::int32_t on_progress(void* line, std::uint64_t done, std::uint64_t total) {
  static_cast<ProgressLine*>(line)->show(done, total);
  return 0;
}

bool by_rule(const PlanOptions& options) {
  if (std::find(options.read.begin(), options.read.end(), std::pair<std::string, std::string>("method", "rule")) !=
      options.read.end())
    return true;
  return std::any_of(options.workload.begin(), options.workload.end(), [](const auto& one) {
    return one.first == "method" && one.second->count() && one.second->results().back() == "rule";
  });
}

}  // namespace

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO)), next_(std::chrono::steady_clock::now() + kBetween) {}

void ProgressLine::show(std::uint64_t done, std::uint64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now < next_) return;
  next_ = now + kBetween;
  shown_ = true;
  const auto mib = [](std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
  if (total == VRAMAUTO_UNKNOWN)
    std::fprintf(stderr, "\r\033[Kreading from the hub: %.1f MiB", mib(done));
  else
    std::fprintf(stderr, "\r\033[Kreading from the hub: %.1f of %.1f MiB", mib(done), mib(total));
}

void ProgressLine::clear() {
  if (shown_) std::fprintf(stderr, "\r\033[K");
  shown_ = false;
}

void declare_network(CLI::App& app, PlanOptions& options) {
  auto* offline = app.add_flag("--offline", options.offline, "ask nothing of the hub, as with HF_HUB_OFFLINE=1");
  app.add_flag("--refresh", options.refresh, "ask the hub first, not what is cached or built in")->excludes(offline);
}

Context open_context(const PlanOptions& options, ProgressLine* line) {
  vramauto_context_options asked;
  VRAMAUTO_INIT(asked);
  if (options.refresh || !(options.offline || by_rule(options))) asked.flags |= VRAMAUTO_CONTEXT_NETWORK;
  if (options.refresh) asked.flags |= VRAMAUTO_CONTEXT_REFRESH;
  asked.progress = line ? on_progress : nullptr;
  asked.user = line;
  return make<Context>(kError, [&](auto out, auto err) { return vramauto_context_new(&asked, out, err); });
}

}  // namespace cli
