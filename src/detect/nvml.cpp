#include "detect/nvml.hpp"

#include <algorithm>
#include <array>

#include "detect/cards.hpp"
#include "detect/driver.hpp"

namespace vramauto::detect {
namespace {

using nvml::Api;
using nvml::Handle;
using nvml::Status;

constexpr unsigned kMostCards = 1024, kMostSlots = 64;

template <class Function>
bool take(const Library& library, Function& out, const char* symbol) {
  out = library.get<Function>(symbol);
  return out != nullptr;
}

// Only what no answer can do without may be missing in vain. The oldest names are never used where a newer ABI has a suffix.
Result<Api> resolve(const Library& library) {
  Api api{};
  const char* missing = nullptr;
  const auto need = [&](auto& out, const char* symbol) {
    if (!take(library, out, symbol)) missing = symbol;
  };
  need(api.init, "nvmlInit_v2");
  need(api.shutdown, "nvmlShutdown");
  need(api.count, "nvmlDeviceGetCount_v2");
  need(api.by_index, "nvmlDeviceGetHandleByIndex_v2");
  need(api.name, "nvmlDeviceGetName");
  need(api.uuid, "nvmlDeviceGetUUID");
  need(api.memory, "nvmlDeviceGetMemoryInfo");
  need(api.pci_info, "nvmlDeviceGetPciInfo_v3");
  if (missing != nullptr) return fail(VRAMAUTO_E_DRIVER, library.path(), "the library has no function {}", missing);
  take(library, api.memory_v2, "nvmlDeviceGetMemoryInfo_v2");
  take(library, api.error_string, "nvmlErrorString");
  take(library, api.compute_capability, "nvmlDeviceGetCudaComputeCapability");
  take(library, api.mig_mode, "nvmlDeviceGetMigMode");
  take(library, api.mig_slots, "nvmlDeviceGetMaxMigDeviceCount");
  take(library, api.mig_by_index, "nvmlDeviceGetMigDeviceHandleByIndex");
  take(library, api.gpu_instance, "nvmlDeviceGetGpuInstanceId");
  take(library, api.compute_instance, "nvmlDeviceGetComputeInstanceId");
  take(library, api.attributes, "nvmlDeviceGetAttributes_v2");
  return api;
}

Unexpected driver_error(const Api& api, const Library& library, const char* call, Status status) {
  const char* words = api.error_string != nullptr ? api.error_string(status) : nullptr;
  const char* remedy =
      status == nvml::kVersionMismatch ? "; the driver was updated while running, a restart of the machine mends it" : "";
  return fail(VRAMAUTO_E_DRIVER, library.path(), "{} answered {} ({}){}", call, status, words != nullptr ? words : "no words",
              remedy);
}

// A function of NVML that fills a text.
template <class Function>
std::string text_of(Function function, Handle handle) {
  std::array<char, 96> buffer{};
  if (function(handle, buffer.data(), static_cast<unsigned>(buffer.size())) != nvml::kSuccess) return {};
  buffer.back() = '\0';
  return buffer.data();
}

// Version 2 tells what driver and firmware keep; version 1 counts that as used and is all that older drivers have. Both agree on
// total and free. A card that shares the host's memory answers "not supported" or a total of 0: its sizes stay unknown here.
Status read_memory(const Api& api, Handle handle, Part& part) {
  const auto store = [&](std::uint64_t total, std::uint64_t free) {
    if (total == 0 || total == VRAMAUTO_UNKNOWN) return;
    part.device.driver_total_bytes = total;
    if (free <= total) part.device.free_bytes = free;
  };
  if (api.memory_v2 != nullptr) {
    nvml::MemoryV2 memory{};
    memory.version = nvml::kMemoryV2;
    const Status status = api.memory_v2(handle, &memory);
    if (status == nvml::kSuccess) {
      store(memory.total, memory.free);
      if (memory.reserved < memory.total) part.reserved = memory.reserved;
      return status;
    }
    const bool not_known_to_driver = status == nvml::kArgumentVersionMismatch || status == nvml::kInvalidArgument ||
                                     status == nvml::kFunctionNotFound || status == nvml::kNotSupported;
    if (!not_known_to_driver) return status;
  }
  nvml::Memory memory{};
  const Status status = api.memory(handle, &memory);
  if (status == nvml::kSuccess) store(memory.total, memory.free);
  return status;
}

Part describe(const Api& api, Handle handle) {
  Part part;
  part.device.source = "nvml";
  part.device.name = text_of(api.name, handle);
  part.device.uuid = text_of(api.uuid, handle);
  nvml::PciInfo pci{};
  if (api.pci_info(handle, &pci) == nvml::kSuccess)
    part.device.pci_bus_id = fmt::format("{:04x}:{:02x}:{:02x}.0", pci.domain, pci.bus, pci.device);
  int major = 0, minor = 0;
  if (api.compute_capability != nullptr && api.compute_capability(handle, &major, &minor) == nvml::kSuccess && major > 0 &&
      minor >= 0) {
    part.device.compute_major = static_cast<std::uint32_t>(major);
    part.device.compute_minor = static_cast<std::uint32_t>(minor);
  }
  return part;
}

bool in_mig_mode(const Api& api, Handle handle) {
  unsigned current = 0, pending = 0;
  return api.mig_mode != nullptr && api.mig_mode(handle, &current, &pending) == nvml::kSuccess && current == 1;
}

// Slots are sparse: an empty one is not the end.
std::vector<Part> read_slices(const Api& api, Handle handle, const Part& whole) {
  std::vector<Part> slices;
  unsigned slots = 0;
  if (api.mig_slots == nullptr || api.mig_by_index == nullptr || api.mig_slots(handle, &slots) != nvml::kSuccess) return slices;
  for (unsigned i = 0; i < std::min(slots, kMostSlots); ++i) {
    Handle slice = nullptr;
    if (api.mig_by_index(handle, i, &slice) != nvml::kSuccess) continue;
    Part part = describe(api, slice);
    part.device.mig = true;
    part.device.pci_bus_id = whole.device.pci_bus_id;
    if (part.device.compute_major == 0) {
      part.device.compute_major = whole.device.compute_major;
      part.device.compute_minor = whole.device.compute_minor;
    }
    if (api.gpu_instance != nullptr) api.gpu_instance(slice, &part.gpu_instance);
    if (api.compute_instance != nullptr) api.compute_instance(slice, &part.compute_instance);
    nvml::Attributes attributes{};
    if (api.attributes != nullptr && api.attributes(slice, &attributes) == nvml::kSuccess)
      part.device.multiprocessors = attributes.multiprocessors;
    if (read_memory(api, slice, part) == nvml::kSuccess) slices.push_back(std::move(part));
  }
  return slices;
}

// The first failure of a card, for the case that none is left.
struct Trouble {
  const char* call = nullptr;
  Status status = nvml::kSuccess;
};

std::optional<Card> read_card(const Api& api, unsigned index, Trouble& trouble) {
  Handle handle = nullptr;
  Status status = api.by_index(index, &handle);
  const auto give_up = [&](const char* call) {
    if (trouble.call == nullptr) trouble = {call, status};
    return std::nullopt;
  };
  if (status != nvml::kSuccess) return give_up("nvmlDeviceGetHandleByIndex_v2");
  Card card{describe(api, handle), {}};
  if (in_mig_mode(api, handle)) {
    card.slices = read_slices(api, handle, card.whole);
    if (card.slices.empty()) return std::nullopt;
    return card;
  }
  status = read_memory(api, handle, card.whole);
  if (status != nvml::kSuccess && status != nvml::kNotSupported) return give_up("nvmlDeviceGetMemoryInfo");
  return card;
}

Result<std::optional<std::vector<Card>>> enumerate(const Api& api, const Library& library) {
  unsigned count = 0;
  if (const Status status = api.count(&count); status != nvml::kSuccess)
    return driver_error(api, library, "nvmlDeviceGetCount_v2", status);
  if (count > kMostCards)
    return fail(VRAMAUTO_E_LIMIT, library.path(), "NVML counts {} GPUs, expected at most {}", count, kMostCards);
  std::vector<Card> cards;
  Trouble trouble;
  for (unsigned i = 0; i < count; ++i)
    if (auto card = read_card(api, i, trouble)) cards.push_back(std::move(*card));
  if (cards.empty() && trouble.call != nullptr) return driver_error(api, library, trouble.call, trouble.status);
  if (count == 0) return std::nullopt;
  return cards;
}

Result<std::optional<std::vector<Card>>> read_from(const Library& library) {
  const Api api = TRY(resolve(library));
  const Status status = api.init();
  if (status == nvml::kDriverNotLoaded || status == nvml::kLibraryNotFound || status == nvml::kGpuNotFound) return std::nullopt;
  if (status != nvml::kSuccess) return driver_error(api, library, "nvmlInit_v2", status);
  auto cards = enumerate(api, library);
  api.shutdown();  // each call starts anew, so a fork between two calls finds no state
  return cards;
}

}  // namespace

Result<std::optional<std::vector<Card>>> read_nvml(const std::string& path, const std::string& root) {
  if (!path.empty()) return read_from(TRY(load(path)));
  for (const std::string& place : places(Driver::nvml, root))
    if (const auto library = load(place)) return read_from(*library);
  return std::nullopt;
}

}  // namespace vramauto::detect
