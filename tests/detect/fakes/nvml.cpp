// A libnvidia-ml that reads its answers from a scenario. FAKE_OLD leaves out what old drivers lack, FAKE_BROKEN a function that no
// driver lacks.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "scenario.hpp"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

fake::Scenario scenario;
int running = 0;  // inits less shutdowns

using fake::Unit;
Unit* unit(void* handle) { return static_cast<Unit*>(handle); }

int copy(const std::string& text, char* out, unsigned size) {
  if (text.size() + 1 > size) return 7;
  std::memcpy(out, text.c_str(), text.size() + 1);
  return 0;
}

struct Memory {
  unsigned long long total, free, used;
};
struct MemoryV2 {
  unsigned version;
  unsigned long long total, reserved, free, used;
};
struct Pci {
  char legacy[16];
  unsigned domain, bus, device, id, subsystem;
  char bus_id[32];
};

}  // namespace

EXPORT int fake_nvml_running() { return running; }

EXPORT int nvmlInit_v2() {
  scenario = fake::read_scenario();
  const int status = scenario.global.number("nvml.init");
  if (status == 0) ++running;
  return status;
}
EXPORT int nvmlShutdown() {
  --running;
  return 0;
}
#ifndef FAKE_BROKEN
EXPORT int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = static_cast<unsigned>(scenario.global.number("nvml.claimed", static_cast<int>(scenario.cards.size())));
  return scenario.global.number("nvml.count");
}
#endif
EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** handle) {
  if (index >= scenario.cards.size()) return 2;
  *handle = &scenario.cards[index];
  return scenario.cards[index].number("handle");
}
EXPORT int nvmlDeviceGetName(void* handle, char* out, unsigned size) { return copy(unit(handle)->text("name"), out, size); }
EXPORT int nvmlDeviceGetUUID(void* handle, char* out, unsigned size) { return copy(unit(handle)->text("uuid"), out, size); }
EXPORT int nvmlDeviceGetPciInfo_v3(void* handle, Pci* out) {
  *out = {};
  return std::sscanf(unit(handle)->text("pci").c_str(), "%x:%x:%x", &out->domain, &out->bus, &out->device) == 3 ? 0 : 3;
}
// Version 1 counts what is reserved as used.
EXPORT int nvmlDeviceGetMemoryInfo(void* handle, Memory* out) {
  const Unit& u = *unit(handle);
  if (u.has("memory")) return u.number("memory");
  *out = {u.mib("total"), u.free(), u.mib("used") + u.mib("reserved")};
  return 0;
}

#ifndef FAKE_OLD
EXPORT int nvmlDeviceGetMemoryInfo_v2(void* handle, MemoryV2* out) {
  const Unit& u = *unit(handle);
  if (out->version != 0x02000028) return 25;
  if (u.has("memory_v2")) return u.number("memory_v2");
  if (u.has("memory")) return u.number("memory");
  *out = {out->version, u.mib("total"), u.mib("reserved"), u.free(), u.mib("used")};
  return 0;
}
EXPORT const char* nvmlErrorString(int status) { return status == 999 ? "Unknown Error" : "Words of the driver"; }
EXPORT int nvmlDeviceGetCudaComputeCapability(void* handle, int* major, int* minor) {
  return std::sscanf(unit(handle)->text("capability").c_str(), "%d.%d", major, minor) == 2 ? 0 : 3;
}
EXPORT int nvmlDeviceGetMigMode(void* handle, unsigned* current, unsigned* pending) {
  *current = *pending = unit(handle)->has("mig_slots") ? 1 : 0;
  return 0;
}
EXPORT int nvmlDeviceGetMaxMigDeviceCount(void* handle, unsigned* count) {
  *count = static_cast<unsigned>(unit(handle)->number("mig_slots"));
  return 0;
}
EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(void* handle, unsigned slot, void** out) {
  const auto at = unit(handle)->slices.find(slot);
  if (at == unit(handle)->slices.end()) return 6;
  *out = &at->second;
  return 0;
}
EXPORT int nvmlDeviceGetGpuInstanceId(void* handle, unsigned* out) {
  *out = static_cast<unsigned>(unit(handle)->number("gi"));
  return 0;
}
EXPORT int nvmlDeviceGetComputeInstanceId(void* handle, unsigned* out) {
  *out = static_cast<unsigned>(unit(handle)->number("ci"));
  return 0;
}
EXPORT int nvmlDeviceGetAttributes_v2(void* handle, unsigned* out) {
  std::fill(out, out + 10, 0u);
  out[0] = static_cast<unsigned>(unit(handle)->number("multiprocessors"));
  return 0;
}
#endif
