// GPUs as facts: found on this machine, described by the caller, or taken from the catalogue.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/checked.hpp"
#include "support/result.hpp"

namespace vramauto::detect {

enum class Link : std::uint8_t { unknown, none, nvlink };  // to the other GPUs of the node

struct Device {
  std::uint32_t index = 0;                      // in the order the engine will see them; on its node
  std::uint32_t node = 0;                       // the machine it is in, where several are described
  std::string name;                             // as the driver reports it; "" when only a size is known
  std::string uuid, pci_bus_id;                 // "" when not known
  std::string source;                           // "nvml", "cuda", "sysfs", "catalogue", "given"
  Bytes total_bytes = VRAMAUTO_UNKNOWN;         // what cudaMemGetInfo calls total
  Bytes free_bytes = VRAMAUTO_UNKNOWN;          // now; UNKNOWN for a device that is only described: an empty one
  Bytes driver_total_bytes = VRAMAUTO_UNKNOWN;  // what NVML / nvidia-smi calls total (engines pick default batch sizes by it)
  std::uint32_t compute_major = 0, compute_minor = 0;  // 0.0: not known or not NVIDIA
  std::uint32_t multiprocessors = 0;                   // 0: not known
  bool unified_memory = false;                         // shares memory with the host
  bool mig = false;                                    // a MIG slice
  bool total_from_catalogue = false;
  bool total_estimated = false;  // no total is on record: the driver's less an upper bound of what drivers keep
  Link nvlink = Link::unknown;
  bool order_uncertain = false;  // unequal cards, and CUDA, which alone knows its order, was not asked
};

// Where detection looks. Tests point it at fakes; the default is this machine.
struct Sources {
  std::string nvml;        // path of the library; "" searches the usual places, "none" does without
  std::string cuda;        // likewise
  std::string root = "/";  // for /sys and /proc
  // CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER; and VRAMAUTO_NVML_LIBRARY, VRAMAUTO_CUDA_LIBRARY and VRAMAUTO_SYSROOT for the
  // three above where they have their default (not in programs with raised rights)
  bool use_environment = true;
  bool ask_cuda = false;  // VRAMAUTO_DETECT_CUDA: initialises CUDA in this process
};

// Every usable GPU of this machine in the engine's order. No GPU or no driver is an empty list; a driver that is there but fails,
// or a library named by path that cannot be loaded, is an error (VRAMAUTO_E_DRIVER, with the driver's words). NVIDIA's cards come
// first; only without any are AMD's, then Intel's looked for. Without CUDA_VISIBLE_DEVICES each MIG slice is a device of its own.
// total_bytes is CUDA's where CUDA was asked; else NVML's less what the driver reserves, if it tells; else the catalogue's.
// Threads: any.
Result<std::vector<Device>> detect(const Sources& sources);

// "2x RTX 4090", "24GiB", "RTX 4090, L40S", "2 nodes of 8x H100", or {"devices": [{"name", "total_bytes", "free_bytes", …}]}.
// In a list of sizes and names "GiB" is 2^30 and "GB" 10^9 bytes; as a part of a card's name ("A100 40GB") a size only says which
// card. A name fills what is missing from the catalogue; an unknown name without a size keeps VRAMAUTO_UNKNOWN. At most 1024
// devices. Fails with VRAMAUTO_E_ARGUMENT (text), VRAMAUTO_E_FORMAT (JSON) or VRAMAUTO_E_LIMIT.
Result<std::vector<Device>> parse(std::string_view text);

// The JSON that parse() reads, one device a line.
std::string to_json(const std::vector<Device>& devices);

}  // namespace vramauto::detect
