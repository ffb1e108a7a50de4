// GPU models: what their drivers report, by the names people write.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "support/checked.hpp"

namespace vramauto::detect {

struct Gpu {
  std::string_view name;             // "NVIDIA H100 80GB HBM3"; a NUL follows it
  std::string_view aliases;          // "H100|H100 80GB|H100 SXM", most usual first
  std::uint16_t compute_capability;  // 90 is 9.0; 0 for other vendors
  std::uint16_t multiprocessors;     // 0: not known
  std::uint32_t cuda_total_mib;      // lowest total seen from cudaMemGetInfo; 0: not known
  std::uint32_t driver_total_mib;    // nvidia-smi's; 0: not known
  bool unified;                      // shares memory with the host: no fixed total
};

// What an engine can be promised of a GPU.
struct Capacity {
  Bytes bytes = 0;         // 0: not known
  bool estimated = false;  // the driver's total less an upper bound of what the driver keeps
};

std::span<const Gpu> gpus();

// By driver name or alias, ignoring case, spaces, dashes, remarks in parentheses and vendor words. A size in the name, or
// `driver_total` where it is known, decides between cards that share a name ("A100 40GB", "RTX 4060 Ti"). nullptr if nothing
// matches, or if no card of that name has that size.
const Gpu* find_gpu(std::string_view name, Bytes driver_total = 0);

// Whether anything is left of the name without its sizes and vendor words: "24G" and "NVIDIA GPU" name none.
bool names_a_card(std::string_view name);

Capacity capacity(const Gpu& gpu);

// At least what drivers keep of `driver_total` for themselves: 340 MiB and 12 MiB more for each GiB, at most 890 MiB. It bounds
// every pair of totals in the catalogue from above (the largest seen is 882 MiB, of an A100 80GB).
Bytes driver_reserve(Bytes driver_total);

}  // namespace vramauto::detect
