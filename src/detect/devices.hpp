// GPUs as facts: found on this machine, described by the caller, or taken from the catalogue.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/checked.hpp"
#include "support/result.hpp"

namespace vramauto::detect {

struct Device {
  std::uint32_t index = 0;                    // in the order the engine will see them
  std::string name;                           // as the driver reports it; "" when only a size is known
  std::string uuid, pci_bus_id;               // "" when not known
  std::string source;                         // "nvml", "cuda", "sysfs", "catalogue", "given"
  Bytes total_bytes = VRAMAUTO_UNKNOWN;       // what cudaMemGetInfo calls total
  Bytes free_bytes = VRAMAUTO_UNKNOWN;        // now; UNKNOWN for a device that is only described: an empty one
  Bytes driver_total_bytes = VRAMAUTO_UNKNOWN;  // what NVML / nvidia-smi calls total (engines pick default batch sizes by it)
  std::uint32_t compute_major = 0, compute_minor = 0;  // 0.0: not known or not NVIDIA
  std::uint32_t multiprocessors = 0;          // 0: not known
  bool unified_memory = false;                // shares memory with the host
  bool mig = false;                           // a MIG slice
  bool total_from_catalogue = false;
};

// Where detection looks. Tests point it at fakes; the default is this machine.
struct Sources {
  std::string nvml;                           // path of the library; "" searches the usual names
  std::string cuda;
  std::string root = "/";                     // for /sys and /proc
  bool use_environment = true;                // CUDA_VISIBLE_DEVICES, CUDA_DEVICE_ORDER
  bool ask_cuda = false;                      // VRAMAUTO_DETECT_CUDA
};

// Every usable GPU of this machine in the engine's order. No GPU is an empty list; a driver that is there but fails is an error
// (VRAMAUTO_E_DRIVER). Threads: any.
Result<std::vector<Device>> detect(const Sources& sources);

// "2x RTX 4090", "H100 80GB", "24GiB", "RTX 4090, L40S", or {"devices": [{"name", "total_bytes", "free_bytes", …}]}.
// A name fills what is missing from the catalogue; an unknown name without a size keeps VRAMAUTO_UNKNOWN.
Result<std::vector<Device>> parse(std::string_view text);

// The JSON that parse() reads, one device a line.
std::string to_json(const std::vector<Device>& devices);

}  // namespace vramauto::detect
