// Compares cuda.hpp with the CUDA Toolkit's own header. Empty where CMake found no toolkit (check.cmake).
#ifdef VRAMAUTO_CUDA_TOOLKIT

#include <cuda.h>

#include <string_view>
#include <type_traits>

#include "detect/cuda.hpp"

// The name under which the toolkit's headers make programs link: cuda.h renames functions to their newest ABI by macros.
#define VRAMAUTO_TEXT(name) #name
#define VRAMAUTO_LINKED(name) std::string_view(VRAMAUTO_TEXT(name))

namespace vramauto::detect::cuda {
namespace {

// Equal for a caller of the C ABI: same size, and both pointers or both integers. An enum is an int there.
template <class A, class B>
constexpr bool same_value = sizeof(A) == sizeof(B) && std::is_pointer_v<A> == std::is_pointer_v<B> &&
                            (std::is_integral_v<A> || std::is_enum_v<A> || std::is_pointer_v<A>);

template <class A, class B>
constexpr bool same_call = false;
template <class R, class... A, class S, class... B>
constexpr bool same_call<R (*)(A...), S (*)(B...)> = [] {
  if constexpr (sizeof...(A) == sizeof...(B))
    return same_value<R, S> && (same_value<A, B> && ...);
  else
    return false;
}();

// Names one function three times: our member, our name for it, the toolkit's declaration.
#define VRAMAUTO_SAME(member, exported, theirs)                       \
  static_assert(same_call<decltype(Api::member), decltype(&theirs)>); \
  static_assert(exported == VRAMAUTO_LINKED(theirs))

VRAMAUTO_SAME(init, kInit, cuInit);
VRAMAUTO_SAME(count, kCount, cuDeviceGetCount);
VRAMAUTO_SAME(get, kGet, cuDeviceGet);
VRAMAUTO_SAME(name, kName, cuDeviceGetName);
VRAMAUTO_SAME(attribute, kAttribute, cuDeviceGetAttribute);
VRAMAUTO_SAME(total, kTotal, cuDeviceTotalMem);
VRAMAUTO_SAME(pci, kPci, cuDeviceGetPCIBusId);
VRAMAUTO_SAME(error_string, kErrorString, cuGetErrorString);
VRAMAUTO_SAME(retain, kRetain, cuDevicePrimaryCtxRetain);
VRAMAUTO_SAME(release, kRelease, cuDevicePrimaryCtxRelease);
VRAMAUTO_SAME(push, kPush, cuCtxPushCurrent);
VRAMAUTO_SAME(pop, kPop, cuCtxPopCurrent);
VRAMAUTO_SAME(memory, kMemory, cuMemGetInfo);

// The unsuffixed function is exported beside the newer one, which CUDA 13 made the default.
static_assert(same_call<decltype(Api::uuid), decltype(&cuDeviceGetUuid)>);
#if CUDA_VERSION >= 13000
static_assert(kUuid == VRAMAUTO_LINKED(cuDeviceGetUuid));
#endif

static_assert(same_value<Ordinal, CUdevice> && same_value<Status, CUresult> && same_value<Context, CUcontext>);
static_assert(sizeof(Uuid) == sizeof(CUuuid) && alignof(Uuid) == alignof(CUuuid));
static_assert(kSuccess == CUDA_SUCCESS && kStubLibrary == CUDA_ERROR_STUB_LIBRARY && kNoDevice == CUDA_ERROR_NO_DEVICE);
static_assert(kMultiprocessors == CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT && kIntegrated == CU_DEVICE_ATTRIBUTE_INTEGRATED);
static_assert(kComputeMajor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
static_assert(kComputeMinor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);

}  // namespace
}  // namespace vramauto::detect::cuda

#endif
