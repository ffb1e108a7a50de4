#include "client/devices.hpp"

namespace client {

Devices parsed_devices(const Context& context, Exit exit, const std::string& text) {
  return make<Devices>(exit, [&](auto out, auto err) { return vramauto_devices_parse(context.get(), text.c_str(), out, err); });
}

std::string json_of(const Devices& devices) {
  return text_of([&](char* buffer, std::size_t size) { return vramauto_devices_json(devices.get(), buffer, size); });
}

std::uint64_t bytes_of(const Context& context, const std::string& option, const std::string& size) {
  vramauto_device_info info;
  VRAMAUTO_INIT(info);
  const auto one = parsed_devices(context, kUsage, size);
  if (vramauto_devices_count(one.get()) != 1 || vramauto_devices_get(one.get(), 0, &info) || *info.name ||
      info.total_bytes == VRAMAUTO_UNKNOWN)
    throw Failure{kUsage, option, "found \"" + size + "\", expected a size such as 20GiB"};
  return info.total_bytes;
}

// Every device is one line of the library's JSON.
Devices with_free(const Context& context, const Devices& devices, std::uint64_t bytes) {
  const std::string key = "\"free_bytes\": ";
  auto text = json_of(devices);
  for (auto at = text.find(key); at != text.npos; at = text.find(key, at + key.size()))
    text.replace(at + key.size(), text.find(',', at) - at - key.size(), std::to_string(bytes));
  return parsed_devices(context, kUsage, text);
}

}  // namespace client
