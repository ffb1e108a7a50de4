// The CUDA Driver API as this library calls it. Own declarations; cuda_check.cpp compares them with the toolkit's cuda.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vramauto::detect::cuda {

using Status = int;
using Ordinal = int;  // CUdevice
using Context = struct Opaque*;
struct Uuid {
  unsigned char bytes[16];
};

inline constexpr Status kSuccess = 0, kStubLibrary = 34, kNoDevice = 100;
inline constexpr int kMultiprocessors = 16, kIntegrated = 18, kComputeMajor = 75, kComputeMinor = 76;

// With the names that the driver exports. Unsuffixed names of functions that have a _v2 are an older ABI: never resolved.
inline constexpr const char* kInit = "cuInit";
inline constexpr const char* kCount = "cuDeviceGetCount";
inline constexpr const char* kGet = "cuDeviceGet";
inline constexpr const char* kName = "cuDeviceGetName";
inline constexpr const char* kAttribute = "cuDeviceGetAttribute";
inline constexpr const char* kTotal = "cuDeviceTotalMem_v2";
inline constexpr const char* kUuid = "cuDeviceGetUuid_v2";
inline constexpr const char* kUuidOfCard = "cuDeviceGetUuid";  // of the card also where the device is a MIG slice
inline constexpr const char* kPci = "cuDeviceGetPCIBusId";
inline constexpr const char* kErrorString = "cuGetErrorString";
inline constexpr const char* kRetain = "cuDevicePrimaryCtxRetain";
inline constexpr const char* kRelease = "cuDevicePrimaryCtxRelease_v2";
inline constexpr const char* kPush = "cuCtxPushCurrent_v2";
inline constexpr const char* kPop = "cuCtxPopCurrent_v2";
inline constexpr const char* kMemory = "cuMemGetInfo_v2";

// Those after `total` are optional: nullptr where the driver has none.
struct Api {
  Status (*init)(unsigned);
  Status (*count)(int*);
  Status (*get)(Ordinal*, int);
  Status (*total)(std::size_t*, Ordinal);

  Status (*name)(char*, int, Ordinal);
  Status (*attribute)(int*, int, Ordinal);
  Status (*uuid)(Uuid*, Ordinal);
  Status (*pci)(char*, int, Ordinal);
  Status (*error_string)(Status, const char**);
  Status (*retain)(Context*, Ordinal);
  Status (*release)(Ordinal);
  Status (*push)(Context);
  Status (*pop)(Context*);
  Status (*memory)(std::size_t*, std::size_t*);
};

}  // namespace vramauto::detect::cuda
