#include "capi/guard.hpp"
#include "capi/handles.hpp"

using namespace vramauto;
using namespace vramauto::capi;

namespace {

vramauto_devices* handle(Devices list) {
  auto shared = std::make_shared<const Devices>(std::move(list));
  return new vramauto_devices{std::move(shared)};
}

std::uint32_t flags_of(const detect::Device& device) {
  return (device.unified_memory ? 1u : 0u) | (device.mig ? 2u : 0u) | (device.total_from_catalogue ? 4u : 0u);
}

}  // namespace

vramauto_status vramauto_devices_detect(const vramauto_context* ctx, uint32_t flags, vramauto_devices** out, vramauto_error* err) {
  return guard(err, [&]() -> Result<void> {
    TRY(require(ctx && out, "ctx and out must not be NULL"));
    TRY(require(!(flags & ~std::uint32_t{VRAMAUTO_DETECT_CUDA}), "flags must be VRAMAUTO_DETECT_CUDA or 0"));
    detect::Sources sources;
    sources.use_environment = ctx->core->opening.use_environment;
    sources.ask_cuda = flags & VRAMAUTO_DETECT_CUDA;
    *out = handle(TRY(detect::detect(sources)));
    return {};
  });
}

vramauto_status vramauto_devices_parse(const vramauto_context* ctx, const char* text, vramauto_devices** out, vramauto_error* err) {
  return guard(err, [&]() -> Result<void> {
    TRY(require(ctx && text && out, "ctx, text and out must not be NULL"));
    *out = handle(TRY(detect::parse(text)));
    return {};
  });
}

size_t vramauto_devices_count(const vramauto_devices* devices) { return devices ? devices->list->size() : 0; }

vramauto_status vramauto_devices_get(const vramauto_devices* devices, size_t i, vramauto_device_info* out) {
  if (!devices || i >= devices->list->size()) return VRAMAUTO_E_ARGUMENT;
  const auto& device = (*devices->list)[i];
  vramauto_device_info info{};
  info.index = device.index;
  info.total_bytes = device.total_bytes;
  info.free_bytes = device.free_bytes;
  info.compute_major = device.compute_major;
  info.compute_minor = device.compute_minor;
  info.flags = flags_of(device);
  info.name = device.name.c_str();
  info.uuid = device.uuid.c_str();
  info.pci_bus_id = device.pci_bus_id.c_str();
  info.source = device.source.c_str();
  return write_struct(out, info);
}

size_t vramauto_devices_json(const vramauto_devices* devices, char* buf, size_t cap) {
  return guard_value<size_t>(0, [&] { return devices ? write_text(detect::to_json(*devices->list), buf, cap) : 0; });
}

void vramauto_devices_free(vramauto_devices* devices) { delete devices; }
