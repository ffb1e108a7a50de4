// From what the sources found to one list.
#include <algorithm>
#include <cstdlib>

#include "detect/cards.hpp"
#include "detect/catalogue.hpp"
#include "detect/host.hpp"
#include "detect/visibility.hpp"
#include "support/text.hpp"

namespace vramauto::detect {
namespace {

// Sources after the environment has been asked, which answers where the caller says nothing.
struct Settings {
  Sources sources;
  std::optional<std::string> visible_devices;
  bool by_pci = false;
};

Settings settings(const Sources& sources) {
  Settings out{sources, std::nullopt, true};
  if (!sources.use_environment) return out;
  const auto ask = [](const char* name, std::string& value, std::string_view unset) {
    const char* text = secure_getenv(name);  // no say for the environment in a program with raised rights
    if (text != nullptr && *text != '\0' && value == unset) value = text;
  };
  ask("VRAMAUTO_NVML_LIBRARY", out.sources.nvml, "");
  ask("VRAMAUTO_CUDA_LIBRARY", out.sources.cuda, "");
  ask("VRAMAUTO_SYSROOT", out.sources.root, "/");
  if (const char* list = std::getenv("CUDA_VISIBLE_DEVICES")) out.visible_devices = list;
  const char* order = std::getenv("CUDA_DEVICE_ORDER");
  out.by_pci = order != nullptr && std::string_view(order) == "PCI_BUS_ID";
  return out;
}

constexpr std::string_view kNone = "none";

// Hexadecimal digits after "GPU-" or "MIG-".
std::string_view identity(const Device& device) {
  return std::string_view(device.uuid).substr(std::min<std::size_t>(4, device.uuid.size()));
}

bool is_same(const Device& a, const Device& b) {
  if (!a.uuid.empty() && !b.uuid.empty()) return identity(a) == identity(b);
  return !a.mig && !b.mig && !a.pci_bus_id.empty() && a.pci_bus_id == b.pci_bus_id;
}

// The order and the total are CUDA's; free memory and what nvidia-smi calls total are NVML's, which needs no context for them.
void add_nvml(Part& cuda, const Part& nvml) {
  Device& device = cuda.device;
  if (device.name.empty()) device.name = nvml.device.name;
  device.uuid = nvml.device.uuid.empty() ? device.uuid : nvml.device.uuid;
  device.mig = nvml.device.mig;
  device.driver_total_bytes = nvml.device.driver_total_bytes;
  if (nvml.device.free_bytes != VRAMAUTO_UNKNOWN) device.free_bytes = nvml.device.free_bytes;
  cuda.reserved = nvml.reserved;
}

std::vector<Part> all_parts(const std::vector<Card>& cards) { return visible(cards, std::nullopt); }

const Part* counterpart(const std::vector<Part>& parts, const Part& wanted) {
  const auto same = std::find_if(parts.begin(), parts.end(), [&](const Part& part) { return is_same(part.device, wanted.device); });
  return same == parts.end() ? nullptr : &*same;
}

std::vector<Part> merge(std::vector<Part> cuda, const std::vector<Card>& cards) {
  const std::vector<Part> known = all_parts(cards);
  for (Part& part : cuda)
    if (const Part* nvml = counterpart(known, part)) add_nvml(part, *nvml);
  return cuda;
}

// All that NVML knows, with CUDA's word for those that CUDA shows.
std::vector<Part> everything(const std::vector<Card>& cards, const std::vector<Part>& cuda) {
  std::vector<Part> parts = all_parts(cards);
  for (Part& part : parts) {
    const Part* seen = counterpart(cuda, part);
    if (seen == nullptr) continue;
    Part better = *seen;
    add_nvml(better, part);
    part = better;
  }
  return parts;
}

bool is_integrated(const Device& device) {
  if (device.unified_memory) return true;
  const std::string words = fmt::format(" {} ", text::lower(device.name));
  for (const char* part :
       {" orin ", "(nvgpu)", " thor ", " gb10 ", " n1x "})  // NVIDIA/go-nvlib, pkg/nvlib/info; N1X shows 8128 MiB
    if (words.find(part) != std::string::npos) return true;
  return device.source == "nvml" && device.driver_total_bytes == VRAMAUTO_UNKNOWN;
}

// Memory that the host shares: the system's word counts, not the driver's. cudaMemGetInfo gives MemFree there, which takes file
// pages for used; engines went over to MemAvailable (vllm-project/vllm pull 48140).
void take_host_memory(Device& device, const std::string& root) {
  device.unified_memory = true;
  if (device.source == "nvml") device.driver_total_bytes = VRAMAUTO_UNKNOWN;
  device.free_bytes = VRAMAUTO_UNKNOWN;
  const auto host = host_memory(root);
  if (!host) return;
  if (device.total_bytes == VRAMAUTO_UNKNOWN) device.total_bytes = host->total;
  device.free_bytes = std::min(device.total_bytes, host->available);
}

// cudaMemGetInfo's total without CUDA. It is NVML's total less what NVML version 2 calls reserved (on H100, total 81559 MiB,
// drivers reserve 328 to 551 MiB and engines saw 79.32 to 79.11 GiB); where the driver does not tell, the catalogue knows the
// model.
void settle(Part& part, const std::string& root) {
  Device& device = part.device;
  if (is_integrated(device)) take_host_memory(device, root);
  const Bytes total = device.driver_total_bytes;
  const bool told = part.reserved != VRAMAUTO_UNKNOWN && part.reserved != 0 && part.reserved < total / 8;
  if (device.total_bytes == VRAMAUTO_UNKNOWN && total != VRAMAUTO_UNKNOWN && told) device.total_bytes = total - part.reserved;
  complete(device);
  if (device.total_bytes != VRAMAUTO_UNKNOWN && device.free_bytes != VRAMAUTO_UNKNOWN)
    device.free_bytes = std::min(device.free_bytes, device.total_bytes);
}

std::vector<Device> finish(std::vector<Part> parts, const std::string& root) {
  std::vector<Device> devices;
  for (Part& part : parts) {
    settle(part, root);
    devices.push_back(std::move(part.device));
  }
  return devices;
}

using Cards = std::optional<std::vector<Card>>;
using Parts = std::optional<std::vector<Part>>;

// NVIDIA's GPUs. Nothing: this machine has none.
Result<Parts> nvidia(const Settings& set) {
  const Sources& from = set.sources;
  Result<Cards> nvml = from.nvml == kNone ? Result<Cards>(std::nullopt) : read_nvml(from.nvml, from.root);
  Parts cuda;
  if (from.ask_cuda && from.cuda != kNone) {
    const bool need_free = !nvml || !*nvml;
    cuda = TRY(read_cuda(from.cuda, from.root, need_free));
  }
  if (!nvml && !cuda) return std::move(nvml).failure();
  if (!nvml || !*nvml) return cuda && !cuda->empty() ? std::move(cuda) : std::nullopt;
  std::vector<Card>& cards = **nvml;
  for (Card& card : cards) {
    Device& device = card.whole.device;
    const Gpu* gpu = find_gpu(device.name, device.driver_total_bytes == VRAMAUTO_UNKNOWN ? 0 : device.driver_total_bytes);
    if (gpu != nullptr) device.multiprocessors = gpu->multiprocessors;
  }
  sort_as_cuda(cards, set.by_pci);
  if (cuda) return set.sources.use_environment ? merge(std::move(*cuda), cards) : everything(cards, *cuda);
  return visible(cards, set.visible_devices);
}

}  // namespace

Result<std::vector<Device>> detect(const Sources& sources) {
  const Settings set = settings(sources);
  std::string root = set.sources.root;
  while (!root.empty() && root.back() == '/') root.pop_back();
  auto parts = TRY(nvidia(set));
  std::vector<Device> devices = parts ? finish(std::move(*parts), root) : read_sysfs(root);
  for (std::size_t i = 0; i < devices.size(); ++i) devices[i].index = static_cast<std::uint32_t>(i);
  return devices;
}

}  // namespace vramauto::detect
