#include "serve/device_cache.hpp"

#include "client/devices.hpp"
#include "serve/limits.hpp"
#include "serve/refusal.hpp"

namespace serve {
namespace {

constexpr std::chrono::seconds kDetectedFresh{1};

std::shared_ptr<vramauto_devices> shared(client::Devices devices) { return {devices.release(), vramauto_devices_free}; }

}  // namespace

DeviceCache::DeviceCache(const client::Context& context, const std::string& instead)
    : context_(context), cache_(kCachedDevices, kCachedDeviceBytes) {
  if (instead.empty()) return;
  detected_ = shared(client::parsed_devices(context, client::kUsage, instead));
  detected_until_ = Clock::time_point::max();
}

SharedDevices DeviceCache::named(const std::string& text, const std::string& free, const std::string& where) {
  const auto key = free + '\n' + text;
  if (auto found = cache_.find(key)) return found;
  auto devices = made<client::Devices>(
      where, [&](auto out, auto err) { return vramauto_devices_parse(context_.get(), text.c_str(), out, err); });
  if (!free.empty()) {
    try {
      devices = client::with_free(context_, devices, client::bytes_of(context_, "free", free));
    } catch (const client::Failure& failure) {
      throw Refusal{400, "invalid_argument", "free", failure.message};
    }
  }
  const auto out = shared(std::move(devices));
  cache_.put(key, out, key.size() + vramauto_devices_json(out.get(), nullptr, 0));
  return out;
}

SharedDevices DeviceCache::here(const std::string& free) {
  SharedDevices found;
  {
    const std::lock_guard lock(mutex_);
    if (!detected_ || Clock::now() > detected_until_) {
      detected_ = shared(
          made<client::Devices>("", [&](auto out, auto err) { return vramauto_devices_detect(context_.get(), 0, out, err); }));
      detected_until_ = Clock::now() + kDetectedFresh;
    }
    found = detected_;
  }
  if (free.empty() || vramauto_devices_count(found.get()) == 0) return found;
  return named(client::text_of([&](char* buffer, std::size_t size) { return vramauto_devices_json(found.get(), buffer, size); }),
               free, "free");
}

}  // namespace serve
