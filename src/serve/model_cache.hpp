// Models that were opened, kept open: reading one costs a hundred times what a plan does. Files that changed are read again.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>

#include "client/library.hpp"
#include "serve/lru_cache.hpp"
#include "serve/model_roots.hpp"

namespace serve {

using SharedModel = std::shared_ptr<const vramauto_model>;

class ModelCache {
 public:
  ModelCache(const vramauto_context* context, ModelRoots roots);

  // Throws Refusal. `where`: the field that named it.
  SharedModel open(const std::string& name, const std::string& where);

  const ModelRoots& roots() const { return roots_; }
  std::size_t size() { return cache_.size(); }
  std::size_t bytes() { return cache_.bytes(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Opened {
    client::Model model;
    std::string base;  // of an adapter whose base model is a path: that, else ""
    std::uint64_t fingerprint;
    std::atomic<Clock::time_point> fresh_until;

    Opened(client::Model opened, std::string base_path, std::uint64_t files, Clock::time_point until)
        : model(std::move(opened)), base(std::move(base_path)), fingerprint(files), fresh_until(until) {}
  };
  std::shared_ptr<Opened> fresh(const std::string& name);
  std::uint64_t fingerprint(const NamedModel& named, const std::string& base, const std::string& where) const;
  std::shared_ptr<Opened> renewed(const std::string& name, const std::string& where);

  const vramauto_context* context_;
  ModelRoots roots_;
  LruCache<Opened> cache_;
  std::array<std::mutex, 64> opening_;  // one model is opened once, by whoever asks first
};

}  // namespace serve
