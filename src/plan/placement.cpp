// Where the engine puts its ranks: rank i on the i-th GPU that it sees.
#include "plan/plan.hpp"

#include "support/text.hpp"

namespace vramauto::plan {
namespace {

constexpr std::string_view kVisible = "CUDA_VISIBLE_DEVICES";

// The ranks are on the first GPUs, in their order: where the engine puts them without being told.
bool in_order(const engine::Estimate& estimate) {
  for (std::size_t i = 0; i < estimate.ranks.size(); ++i)
    if (estimate.ranks[i].device != i) return false;
  return true;
}

// A slice has no index of its own.
std::string name_for_cuda(const detect::Device& device) {
  return device.mig && !device.uuid.empty() ? device.uuid : std::to_string(device.index);
}

std::string visible_devices(const Plan& plan) {
  std::string out;
  for (const auto& rank : plan.estimate->ranks)
    if (rank.device < plan.devices.size())
      out.append(out.empty() ? "" : ",").append(name_for_cuda(plan.devices[rank.device]));
  return fmt::format("{}={}", kVisible, out);
}

}  // namespace

std::vector<std::string> environment(const Plan& plan) {
  auto out = plan.asked().env;
  if (!plan.estimate || in_order(*plan.estimate)) return out;
  std::erase_if(out, [](const std::string& entry) { return entry.starts_with(kVisible) && entry[kVisible.size()] == '='; });
  out.push_back(visible_devices(plan));
  return out;
}

}  // namespace vramauto::plan
