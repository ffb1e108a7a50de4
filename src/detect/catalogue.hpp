// GPU models: what their drivers report, by the names people write.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace vramauto::detect {

struct Gpu {
  std::string_view name;                      // "NVIDIA H100 80GB HBM3"
  std::string_view aliases;                   // "H100 SXM|H100 80GB|H100", most usual first
  std::uint16_t compute_capability;           // 90 is 9.0; 0 for other vendors
  std::uint16_t multiprocessors;              // 0: not known
  std::uint32_t cuda_total_mib;               // lowest total seen from cudaMemGetInfo; 0: not known
  std::uint32_t driver_total_mib;             // nvidia-smi's; 0: not known
  bool unified;                               // shares memory with the host: no fixed total
};

std::span<const Gpu> gpus();
// By driver name or alias, ignoring case, spaces, dashes and vendor words. nullptr if nothing matches.
const Gpu* find_gpu(std::string_view name);

}  // namespace vramauto::detect
