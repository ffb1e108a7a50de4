#include "client/format_gpus.hpp"

#include <algorithm>

#include "client/library.hpp"

namespace client {
namespace {

constexpr const char* kVisible = "CUDA_VISIBLE_DEVICES";

std::vector<std::size_t> sorted(std::vector<std::size_t> list) {
  std::sort(list.begin(), list.end());
  return list;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out.append(out.empty() ? "" : ",").append(word);
  return out;
}

// Where each rank's GPU stands among those that the container gets.
std::string order_inside(const PlanView& plan) {
  const auto given = sorted(plan.ranks);
  std::vector<std::string> out;
  for (const auto rank : plan.ranks)
    out.push_back(std::to_string(std::lower_bound(given.begin(), given.end(), rank) - given.begin()));
  return joined(out);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> environment_inside(const PlanView& plan, bool these_gpus) {
  const auto named = [&](std::size_t at) {
    return plan.gpus[at].mig && !plan.gpus[at].uuid.empty();
  };  // a slice's name stays its own
  auto out = plan.command.environment;
  if (plan.ranks.empty() || (these_gpus && std::all_of(plan.ranks.begin(), plan.ranks.end(), named))) return out;
  out.erase(std::remove_if(out.begin(), out.end(), [](const auto& one) { return one.first == kVisible; }), out.end());
  if (!std::is_sorted(plan.ranks.begin(), plan.ranks.end())) out.emplace_back(kVisible, order_inside(plan));
  return out;
}

std::string used_gpus(const PlanView& plan) {
  std::vector<std::string> out;
  for (const auto at : sorted(plan.ranks)) {
    const auto& gpu = plan.gpus[at];
    out.push_back(gpu.uuid.empty() ? std::to_string(gpu.index) : gpu.uuid);
  }
  return joined(out);
}

bool any_will_do(const PlanView& plan) {
  const auto like_the_first = [&](const Gpu& gpu) {
    const auto& first = plan.gpus.front();
    return gpu.name == first.name && gpu.total_bytes == first.total_bytes && gpu.free_bytes == first.free_bytes;
  };
  const bool all_used = plan.ranks.size() == plan.gpus.size();
  return all_used || std::all_of(plan.gpus.begin(), plan.gpus.end(), like_the_first);
}

std::string gpu_names(const PlanView& plan) {
  std::vector<std::pair<std::string, std::size_t>> counted;
  for (const auto at : sorted(plan.ranks)) {
    const auto& gpu = plan.gpus[at];
    const auto name = gpu.name.empty() ? "GPU of " + std::to_string(gpu.total_bytes >> 20) + " MiB" : gpu.name;
    if (counted.empty() || counted.back().first != name) counted.emplace_back(name, 0);
    ++counted.back().second;
  }
  std::string out;
  for (const auto& [name, count] : counted) out.append(out.empty() ? "" : ", ").append(std::to_string(count) + "x " + name);
  return out;
}

void must_be_one_node(const PlanView& plan, const std::string& what) {
  if (!plan.one_node())
    throw Failure{kError, "--format",
                  "found ranks on more than one node, expected one: " + what + "; --format ray schedules over nodes"};
}

std::string image(const PlanView& plan) {
  // What stands behind the number ("+cu129") is no part of a tag.
  const auto version =
      plan.engine_version.substr(0, plan.engine_version.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz."));
  return "vllm/vllm-openai:" + (version.empty() ? "latest" : "v" + version);
}

}  // namespace client
