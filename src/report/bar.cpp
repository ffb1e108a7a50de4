#include "report/bar.hpp"

#include <algorithm>
#include <cmath>

namespace vramauto::report {

std::vector<Segment> segments(const plan::Plan& plan, std::size_t rank) {
  const auto& r = plan.estimate->ranks[rank];
  const auto free = std::min(r.free_at_start, r.total_bytes);
  const Bytes graphs = r.graphs_in_budget ? r.graphs.best : 0;
  std::vector<Segment> out = {
      {"taken before the start", "▄", r.total_bytes - free},
      {"weights", "█", r.weights.best},
      {"activations", "▓", r.activation.best},
      {"CUDA graphs", "▚", graphs},
      {"other", "▒", saturating_add(r.non_torch.best, r.other_in_budget.best)},
      {"KV cache", "░", rank < plan.cache_bytes.size() && plan.estimate->keeps_cache ? plan.cache_bytes[rank] : 0},
      {"outside the budget", "▞", r.outside.best},
  };
  Bytes used = 0;
  for (const auto& segment : out) used = saturating_add(used, segment.bytes);
  out.push_back({"free", "·", r.total_bytes > used ? r.total_bytes - used : 0});
  return out;
}

std::string bar(const std::vector<Segment>& segments, Bytes total, std::size_t width) {
  std::string out;
  Bytes before = 0;
  std::size_t drawn = 0;
  for (const auto& segment : segments) {
    before = saturating_add(before, segment.bytes);
    const auto end = std::lround(std::min(1.0, static_cast<double>(before) / static_cast<double>(std::max<Bytes>(total, 1))) *
                                 static_cast<double>(width));
    for (; drawn < static_cast<std::size_t>(end); ++drawn) out += segment.glyph;
  }
  return out;
}

std::vector<std::string> legend(const std::vector<Segment>& segments) {
  std::vector<std::string> out;
  for (const auto& segment : segments) {
    if (segment.bytes < 5 * kMiB) continue;
    const auto gib = static_cast<double>(segment.bytes) / static_cast<double>(kGiB);
    out.push_back(fmt::format("{} {} {:.2f}", segment.glyph, segment.name, gib));
  }
  return out;
}

}  // namespace vramauto::report
