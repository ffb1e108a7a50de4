#include "detect/cuda.hpp"

#include <algorithm>
#include <array>

#include "detect/cards.hpp"
#include "detect/driver.hpp"
#include "support/text.hpp"

namespace vramauto::detect {
namespace {

using cuda::Api;
using cuda::Ordinal;
using cuda::Status;

constexpr int kMostDevices = 1024;

template <class Function>
void take(const Library& library, Function& out, const char* symbol) {
  out = library.get<Function>(symbol);
}

Result<Api> resolve(const Library& library) {
  Api api{};
  take(library, api.init, cuda::kInit);
  take(library, api.count, cuda::kCount);
  take(library, api.get, cuda::kGet);
  take(library, api.total, cuda::kTotal);
  if (!api.init || !api.count || !api.get || !api.total)
    return fail(VRAMAUTO_E_DRIVER, library.path(), "the library lacks one of {}, {}, {}, {}", cuda::kInit, cuda::kCount, cuda::kGet,
                cuda::kTotal);
  take(library, api.name, cuda::kName);
  take(library, api.attribute, cuda::kAttribute);
  take(library, api.uuid, cuda::kUuid);
  if (api.uuid == nullptr) take(library, api.uuid, cuda::kUuidOfCard);
  take(library, api.pci, cuda::kPci);
  take(library, api.error_string, cuda::kErrorString);
  take(library, api.retain, cuda::kRetain);
  take(library, api.release, cuda::kRelease);
  take(library, api.push, cuda::kPush);
  take(library, api.pop, cuda::kPop);
  take(library, api.memory, cuda::kMemory);
  return api;
}

Unexpected driver_error(const Api& api, const Library& library, const char* call, Status status) {
  const char* words = nullptr;
  if (api.error_string != nullptr) api.error_string(status, &words);
  return fail(VRAMAUTO_E_DRIVER, library.path(), "{} answered {} ({})", call, status, words != nullptr ? words : "no words");
}

// 0 where the driver does not tell.
std::uint32_t attribute(const Api& api, Ordinal device, int which) {
  int value = 0;
  if (api.attribute == nullptr || api.attribute(&value, which, device) != cuda::kSuccess || value < 0) return 0;
  return static_cast<std::uint32_t>(value);
}

std::string uuid_of(const Api& api, Ordinal device, bool slice) {
  cuda::Uuid uuid{};
  if (api.uuid == nullptr || api.uuid(&uuid, device) != cuda::kSuccess) return {};
  std::string text = slice ? "MIG" : "GPU";
  for (std::size_t i = 0; i < sizeof uuid.bytes; ++i) {
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", uuid.bytes[i]);
  }
  return text;
}

// cuMemGetInfo needs a context. Its cost is inside the answer: what an engine finds free is what is left beside its own context
// too.
Bytes free_memory(const Api& api, Ordinal device) {
  if (!api.retain || !api.release || !api.push || !api.pop || !api.memory) return VRAMAUTO_UNKNOWN;
  cuda::Context context = nullptr;
  if (api.retain(&context, device) != cuda::kSuccess) return VRAMAUTO_UNKNOWN;
  Bytes answer = VRAMAUTO_UNKNOWN;
  if (api.push(context) == cuda::kSuccess) {
    std::size_t free = 0, total = 0;
    if (api.memory(&free, &total) == cuda::kSuccess) answer = free;
    api.pop(&context);
  }
  api.release(device);
  return answer;
}

Result<Part> describe(const Api& api, const Library& library, int ordinal, bool want_free) {
  Ordinal device = 0;
  if (const Status status = api.get(&device, ordinal); status != cuda::kSuccess)
    return driver_error(api, library, cuda::kGet, status);
  Part part;
  Device& out = part.device;
  out.source = "cuda";
  std::size_t total = 0;
  if (const Status status = api.total(&total, device); status != cuda::kSuccess)
    return driver_error(api, library, cuda::kTotal, status);
  if (total != 0) out.total_bytes = total;
  std::array<char, 256> buffer{};
  const int size = static_cast<int>(buffer.size()) - 1;
  if (api.name != nullptr && api.name(buffer.data(), size, device) == cuda::kSuccess) out.name = buffer.data();
  buffer.fill('\0');
  if (api.pci != nullptr && api.pci(buffer.data(), size, device) == cuda::kSuccess) out.pci_bus_id = text::lower(buffer.data());
  out.mig = out.name.find(" MIG ") != std::string::npos;
  out.uuid = uuid_of(api, device, out.mig);
  out.compute_major = attribute(api, device, cuda::kComputeMajor);
  out.compute_minor = attribute(api, device, cuda::kComputeMinor);
  out.multiprocessors = attribute(api, device, cuda::kMultiprocessors);
  out.unified_memory = attribute(api, device, cuda::kIntegrated) != 0;
  if (want_free && !out.unified_memory) out.free_bytes = free_memory(api, device);
  return part;
}

// Nothing: the toolkit's stub, which has every function and answers 34 to all.
Result<std::optional<std::vector<Part>>> read_from(const Library& library, bool want_free) {
  const Api api = TRY(resolve(library));
  std::vector<Part> parts;
  const Status started = api.init(0);
  if (started == cuda::kStubLibrary) return std::nullopt;
  if (started == cuda::kNoDevice) return parts;  // also when CUDA_VISIBLE_DEVICES hides all
  if (started != cuda::kSuccess) return driver_error(api, library, cuda::kInit, started);
  int count = 0;
  if (const Status status = api.count(&count); status != cuda::kSuccess) return driver_error(api, library, cuda::kCount, status);
  if (count > kMostDevices)
    return fail(VRAMAUTO_E_LIMIT, library.path(), "CUDA counts {} GPUs, expected at most {}", count, kMostDevices);
  for (int i = 0; i < count; ++i) parts.push_back(TRY(describe(api, library, i, want_free)));
  return parts;
}

}  // namespace

Result<std::optional<std::vector<Part>>> read_cuda(const std::string& path, const std::string& root, bool want_free) {
  if (!path.empty()) return read_from(TRY(load(path)), want_free);
  for (const std::string& place : places(Driver::cuda, root)) {
    const auto library = load(place);
    if (!library) continue;
    auto parts = read_from(*library, want_free);
    if (!parts || *parts) return parts;
  }
  return std::nullopt;
}

}  // namespace vramauto::detect
