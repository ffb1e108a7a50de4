// GPUs that requests named, read once; and those of this machine, detected at most once a second.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "client/library.hpp"
#include "serve/lru_cache.hpp"

namespace serve {

using SharedDevices = std::shared_ptr<const vramauto_devices>;

class DeviceCache {
 public:
  // `instead`: GPUs that stand for this machine's, in words; "" for none. Throws client::Failure when they are none.
  DeviceCache(const client::Context& context, const std::string& instead);

  // Throw Refusal that names `where`. `free`: memory that is free on each, "" as it is.
  SharedDevices named(const std::string& text, const std::string& free, const std::string& where);
  SharedDevices here(const std::string& free);

 private:
  using Clock = std::chrono::steady_clock;

  const client::Context& context_;
  LruCache<vramauto_devices> cache_;
  std::mutex mutex_;
  SharedDevices detected_;
  Clock::time_point detected_until_;
};

}  // namespace serve
