// NVML as this library calls it. Own declarations after nvml.h 13.3 (NVIDIA); the sizes are the ABI's and checked below.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vramauto::detect::nvml {

using Status = int;
using Handle = struct Opaque*;

inline constexpr Status kSuccess = 0, kInvalidArgument = 2, kNotSupported = 3, kNoPermission = 4, kNotFound = 6,
                        kDriverNotLoaded = 9, kLibraryNotFound = 12, kFunctionNotFound = 13, kVersionMismatch = 18,
                        kArgumentVersionMismatch = 25, kGpuNotFound = 28;

struct Memory {
  std::uint64_t total, free, used;
};
struct MemoryV2 {
  std::uint32_t version;
  std::uint64_t total, reserved, free, used;
};
struct PciInfo {
  char bus_id_legacy[16];
  std::uint32_t domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
};
struct Attributes {  // of MIG slices only
  std::uint32_t multiprocessors, copy_engines, decoders, encoders, jpeg, ofa, gpu_slices, compute_slices;
  std::uint64_t memory_mib;
};

static_assert(sizeof(Memory) == 24 && offsetof(Memory, free) == 8);
static_assert(sizeof(MemoryV2) == 40 && offsetof(MemoryV2, total) == 8 && offsetof(MemoryV2, free) == 24);
static_assert(sizeof(PciInfo) == 68 && offsetof(PciInfo, device_id) == 28 && offsetof(PciInfo, bus_id) == 36);
static_assert(sizeof(Attributes) == 40 && offsetof(Attributes, memory_mib) == 32);

// sizeof | version << 24, as the header's macro has it; the header's comment ("must be 2") is wrong, and obeyed by nvtop.
inline constexpr std::uint32_t kMemoryV2 = sizeof(MemoryV2) | (2u << 24);

// Every function that is used. Those after `pci_info` are optional: nullptr where the driver has none.
struct Api {
  Status (*init)();
  Status (*shutdown)();
  Status (*count)(unsigned*);
  Status (*by_index)(unsigned, Handle*);
  Status (*name)(Handle, char*, unsigned);
  Status (*uuid)(Handle, char*, unsigned);
  Status (*memory)(Handle, Memory*);
  Status (*pci_info)(Handle, PciInfo*);

  Status (*memory_v2)(Handle, MemoryV2*);
  const char* (*error_string)(Status);
  Status (*compute_capability)(Handle, int*, int*);
  Status (*mig_mode)(Handle, unsigned*, unsigned*);
  Status (*mig_slots)(Handle, unsigned*);
  Status (*mig_by_index)(Handle, unsigned, Handle*);
  Status (*gpu_instance)(Handle, unsigned*);
  Status (*compute_instance)(Handle, unsigned*);
  Status (*attributes)(Handle, Attributes*);
};

}  // namespace vramauto::detect::nvml
