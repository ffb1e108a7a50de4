// A libcuda that reads its answers from a scenario. FAKE_OLD leaves out what old drivers lack, FAKE_BROKEN a function that none
// lacks.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>

#include "scenario.hpp"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

fake::Scenario scenario;
std::vector<const fake::Unit*> devices;
int inits = 0, retained = 0;
[[maybe_unused]] int current = -1;

const fake::Unit* unit(int device) { return devices.at(static_cast<std::size_t>(device)); }

void list_devices() {
  devices.clear();
  if (!scenario.global.has("cuda.devices")) {
    for (const auto& card : scenario.cards) devices.push_back(&card);
    return;
  }
  std::istringstream list(scenario.global.text("cuda.devices"));
  for (std::string word; list >> word;) {
    const auto& card = scenario.cards.at(static_cast<std::size_t>(std::atoi(word.c_str())));
    const std::size_t dot = word.find('.');
    devices.push_back(dot == std::string::npos ? &card : &card.slices.at(static_cast<unsigned>(std::atoi(word.c_str() + dot + 1))));
  }
}

std::uint64_t total_of(const fake::Unit& u) {
  return u.has("cuda_total") ? u.mib("cuda_total") : u.mib("total") - u.mib("reserved");
}

int copy(const std::string& text, char* out, int size) {
  if (text.empty() || static_cast<int>(text.size()) + 1 > size) return 1;
  std::memcpy(out, text.c_str(), text.size() + 1);
  return 0;
}

}  // namespace

EXPORT int fake_cuda_inits() { return inits; }
EXPORT int fake_cuda_retained() { return retained; }

EXPORT int cuInit(unsigned) {
  scenario = fake::read_scenario();
  const int status = scenario.global.number("cuda.init");
  ++inits;
  if (status == 0) list_devices();
  return status;
}
EXPORT int cuDeviceGetCount(int* count) {
  *count = static_cast<int>(devices.size());
  return scenario.global.number("cuda.count");
}
EXPORT int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return 0;
}
EXPORT int cuDeviceGetName(char* out, int size, int device) { return copy(unit(device)->text("name"), out, size); }
EXPORT int cuDeviceGetAttribute(int* out, int which, int device) {
  const fake::Unit& u = *unit(device);
  int major = 0, minor = 0;
  if (std::sscanf(u.text("capability").c_str(), "%d.%d", &major, &minor) != 2) major = minor = 0;
  *out = which == 16   ? u.number("multiprocessors")
         : which == 18 ? u.number("integrated")
         : which == 75 ? major
         : which == 76 ? minor
                       : 0;
  return 0;
}
#ifndef FAKE_BROKEN
EXPORT int cuDeviceTotalMem_v2(std::size_t* out, int device) {
  *out = total_of(*unit(device));
  return 0;
}
#endif
// The oldest ABI: 32 bits, and a trap for who takes it.
EXPORT int cuDeviceTotalMem(unsigned* out, int) {
  *out = 1;
  return 0;
}
static int uuid(unsigned char* out, int device) {
  std::string digits;
  const std::string text = unit(device)->text("uuid");
  for (const char c : text.substr(std::min<std::size_t>(4, text.size())))
    if (std::isxdigit(static_cast<unsigned char>(c))) digits += c;
  if (digits.size() != 32) return 1;
  for (std::size_t i = 0; i < 16; ++i) out[i] = static_cast<unsigned char>(std::stoul(digits.substr(2 * i, 2), nullptr, 16));
  return 0;
}
EXPORT int cuDeviceGetUuid(unsigned char* out, int device) { return uuid(out, device); }
EXPORT int cuDeviceGetPCIBusId(char* out, int size, int device) {
  const std::string pci = unit(device)->text("pci");
  return copy(pci.empty() ? "" : pci + ".0", out, size);
}
#ifndef FAKE_OLD
EXPORT int cuDeviceGetUuid_v2(unsigned char* out, int device) { return uuid(out, device); }
EXPORT int cuGetErrorString(int status, const char** out) {
  *out = status == 802 ? "system not yet initialized" : "words of CUDA";
  return 0;
}
EXPORT int cuDevicePrimaryCtxRetain(void** context, int device) {
  ++retained;
  *context = reinterpret_cast<void*>(static_cast<std::intptr_t>(device) + 1);
  return 0;
}
EXPORT int cuDevicePrimaryCtxRelease_v2(int) {
  --retained;
  return 0;
}
EXPORT int cuCtxPushCurrent_v2(void* context) {
  current = static_cast<int>(reinterpret_cast<std::intptr_t>(context)) - 1;
  return 0;
}
EXPORT int cuCtxPopCurrent_v2(void**) {
  current = -1;
  return 0;
}
EXPORT int cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
  if (current < 0) return 201;
  const fake::Unit& u = *unit(current);
  if (u.number("integrated") != 0) std::abort();  // fails on some parts, tells MemFree on others: never to be asked
  *total = total_of(u);
  *free = *total - u.mib("used") - (std::size_t{500} << 20);  // less the context itself
  return 0;
}
#endif
