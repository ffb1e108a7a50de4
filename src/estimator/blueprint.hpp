// What an estimator answers: a model described without engine, GPU or context length.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vramauto/vramauto_plugin.h"

namespace vramauto::estimator {

struct Weights : vramauto_weights {
  std::string pattern;
};  // `name` points into `pattern`-independent storage: use pattern
struct Encoder : vramauto_encoder {
  std::string modality_text, name_text;
};

// Room for what an engine derives from a blueprint once and asks for at every plan. Thread-safe; a copy of a blueprint starts anew.
class Memo {
 public:
  Memo() = default;
  Memo(const Memo&) {}
  Memo& operator=(const Memo& other) {
    if (this != &other) entries_.clear();
    return *this;
  }

  std::shared_ptr<const void> find(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, value] : entries_)
      if (name == key) return value;
    return nullptr;
  }
  void keep(std::string key, std::shared_ptr<const void> value) const {
    constexpr std::size_t kMost = 16;
    const std::lock_guard lock(mutex_);
    if (entries_.size() < kMost) entries_.emplace_back(std::move(key), std::move(value));
  }

 private:
  mutable std::mutex mutex_;
  mutable std::vector<std::pair<std::string, std::shared_ptr<const void>>> entries_;
};

struct Blueprint {
  vramauto_traits traits{};
  std::vector<Weights> weights;  // in the order the engine creates them
  std::vector<vramauto_cache> caches;
  std::vector<vramauto_forward> forwards;
  std::vector<Encoder> encoders;
  std::vector<std::string> notes;
  std::string tensors_differ;     // how the files hold other tensors than these; "": they do not
  std::string estimator, plugin;  // "decoder", "org.vramauto.builtin"
  std::string architecture;
  std::string at;       // of a part: a pointer to its configuration in the whole model's
  std::string text_at;  // of a composite: where its text's configuration is
  std::string text;     // of a composite: the architecture of the part whose layers these are; "" where nothing was delegated
  bool guess = false;   // of the whole or of a part: bounds are wide
  Memo memo;
};

// Layers a range covers, of `layers` in all: calls visit(layer) in rising order.
template <class Visit>
void for_each_layer(const vramauto_layers& range, Visit&& visit) {
  const auto count = range.count ? range.count : 1, run = range.run ? range.run : 1, stride = range.stride ? range.stride : run;
  for (std::uint32_t i = 0; i < count; ++i) visit(static_cast<std::uint32_t>(range.first) + (i / run) * stride + i % run);
}

}  // namespace vramauto::estimator
