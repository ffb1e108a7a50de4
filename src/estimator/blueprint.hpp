// What an estimator answers: a model described without engine, GPU or context length.
#pragma once

#include <string>
#include <vector>

#include "vramauto/vramauto_plugin.h"

namespace vramauto::estimator {

struct Weights : vramauto_weights {
  std::string pattern;
};  // `name` points into `pattern`-independent storage: use pattern
struct Encoder : vramauto_encoder {
  std::string modality_text, name_text;
};

struct Blueprint {
  vramauto_traits traits{};
  std::vector<Weights> weights;  // in the order the engine creates them
  std::vector<vramauto_cache> caches;
  std::vector<vramauto_forward> forwards;
  std::vector<Encoder> encoders;
  std::vector<std::string> notes;
  std::string estimator, plugin;  // "decoder", "org.vramauto.builtin"
  std::string architecture;
};

// Layers a range covers, of `layers` in all: calls visit(layer) in rising order.
template <class Visit>
void for_each_layer(const vramauto_layers& range, Visit&& visit) {
  const auto count = range.count ? range.count : 1, run = range.run ? range.run : 1, stride = range.stride ? range.stride : run;
  for (std::uint32_t i = 0; i < count; ++i) visit(static_cast<std::uint32_t>(range.first) + (i / run) * stride + i % run);
}

}  // namespace vramauto::estimator
