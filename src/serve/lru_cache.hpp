// What was used last, bounded by count and by bytes. Values are shared: one that leaves the cache lives on with who uses it.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace serve {

template <class Value>
class LruCache {
 public:
  using Pointer = std::shared_ptr<Value>;

  LruCache(std::size_t most, std::size_t most_bytes) : most_(most), most_bytes_(most_bytes) {}

  Pointer find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  void put(const std::string& key, Pointer value, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
    if (bytes > most_bytes_) return;
    entries_.push_front({key, std::move(value), bytes});
    by_key_[key] = entries_.begin();
    bytes_ += bytes;
    while (entries_.size() > most_ || bytes_ > most_bytes_) drop(std::prev(entries_.end()));
  }

  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

  std::size_t bytes() {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  struct Entry {
    std::string key;
    Pointer value;
    std::size_t bytes;
  };
  using Place = typename std::list<Entry>::iterator;

  void drop(Place entry) {
    bytes_ -= entry->bytes;
    by_key_.erase(entry->key);
    entries_.erase(entry);
  }

  std::mutex mutex_;
  std::list<Entry> entries_;  // used last first
  std::unordered_map<std::string, Place> by_key_;
  std::size_t most_, most_bytes_, bytes_ = 0;
};

}  // namespace serve
