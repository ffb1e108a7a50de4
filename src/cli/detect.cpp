#include <cstdio>

#include "commands.hpp"
#include "terminal.hpp"

namespace cli {
namespace {

std::string gib(std::uint64_t bytes) {
  if (bytes == VRAMAUTO_UNKNOWN) return "not known";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f GiB", static_cast<double>(bytes) / (1024.0 * 1024 * 1024));
  return text;
}

std::string line(const vramauto_device_info& device) {
  std::string out = std::to_string(device.index) + "  " + device.name + "  " + gib(device.total_bytes);
  if (device.free_bytes != VRAMAUTO_UNKNOWN) out += ", " + gib(device.free_bytes) + " free";
  if (device.compute_major)
    out += ", compute capability " + std::to_string(device.compute_major) + "." + std::to_string(device.compute_minor);
  if (device.flags & 1) out += ", shared with the host";
  if (device.flags & 2) out += ", MIG slice";
  return out + " (" + device.source + ")\n";
}

}  // namespace

Exit run_detect(bool json) {
  vramauto_context_options options;
  VRAMAUTO_INIT(options);
  options.flags = VRAMAUTO_CONTEXT_NO_PLUGINS;
  const auto context = make<Context>(kError, [&](auto out, auto err) { return vramauto_context_new(&options, out, err); });
  const auto devices =
      make<Devices>(kError, [&](auto out, auto err) { return vramauto_devices_detect(context.get(), 0, out, err); });
  if (json) {
    print(text_of([&](char* buffer, std::size_t size) { return vramauto_devices_json(devices.get(), buffer, size); }));
    return kFits;
  }
  vramauto_device_info info;
  VRAMAUTO_INIT(info);
  for (std::size_t i = 0; i < vramauto_devices_count(devices.get()); ++i)
    if (!vramauto_devices_get(devices.get(), i, &info)) print(line(info));
  if (vramauto_devices_count(devices.get()) == 0) print("no GPU found\n");
  return kFits;
}

}  // namespace cli
