// What each source of facts found, before it is one list of devices.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "detect/devices.hpp"

namespace vramauto::detect {

// A GPU, or one MIG slice of it, as NVML or CUDA knows it.
struct Part {
  Device device;
  Bytes reserved = VRAMAUTO_UNKNOWN;                                       // by driver and firmware, within driver_total_bytes
  std::uint32_t gpu_instance = UINT32_MAX, compute_instance = UINT32_MAX;  // of a slice
};

struct Card {
  Part whole;
  std::vector<Part> slices;  // not empty: the card is used by its slices only
};

// All cards in the driver's order, slices in slot order. Cards that the process may not open or that fell off the bus are left out,
// so are cards in MIG mode without a slice. Nothing: there is no NVML, no driver or no card. `library`: a path; "" searches.
Result<std::optional<std::vector<Card>>> read_nvml(const std::string& library, const std::string& root);

// What CUDA shows this process, in CUDA's order. Nothing: there is no CUDA driver. It initialises CUDA in this process. Free memory
// needs a context, hundreds of MiB for an instant, and is asked only where `want_free`.
Result<std::optional<std::vector<Part>>> read_cuda(const std::string& library, const std::string& root, bool want_free);

// AMD and Intel GPUs with memory of their own, from the kernel's files; AMD's APUs with what they may take of the host's.
std::vector<Device> read_sysfs(const std::string& root);

// What has no value yet from the catalogue, by name; idempotent. Slices take what does not depend on the share.
void complete(Device& device);

}  // namespace vramauto::detect
