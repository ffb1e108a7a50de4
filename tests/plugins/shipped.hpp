// Models described by our plugins, and priced.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "engine/estimate.hpp"
#include "estimator/registry.hpp"
#include "model/class_defaults.hpp"

namespace shipped {

using namespace vramauto;

inline const estimator::Registry& registry() {
  static const estimator::Registry all([] {
    estimator::RegistryOptions options;
    options.plugins = PLUGIN_FOLDER;
    options.search = !options.plugins.empty();
    return options;
  }());
  return all;
}

inline model::Model model_of(std::string_view config) {
  model::Model out;
  out.path = "config.json";
  out.has_config = true;
  auto parsed = json::parse(out.path, config);
  REQUIRE_MESSAGE(parsed, parsed.error().message);
  out.config = model::fill_class_defaults(*parsed);
  if (const auto* name = out.config.at("/architectures/0")) out.architecture = std::string(name->text);
  if (const auto* type = out.config.at("/model_type")) out.model_type = std::string(type->text);
  return out;
}

inline estimator::Blueprint describe(std::string_view config) {
  auto out = registry().describe(model_of(config));
  REQUIRE_MESSAGE(out, out.error().message);
  return std::move(*out);
}

// What is wrong with a configuration, or "described".
inline std::string refusal(std::string_view config) {
  const auto done = registry().describe(model_of(config));
  return done ? "described" : done.error().message;
}

using Options = std::initializer_list<std::pair<std::string_view, std::string_view>>;

inline Result<std::unique_ptr<engine::Estimate>> try_price(std::string_view config, Options options) {
  const auto model = model_of(config);
  const auto blueprint = describe(config);
  engine::Workload workload;
  for (const auto& [name, value] : options) REQUIRE(engine::set(workload, name, value));
  return engine::estimate({&model, &blueprint, {}, &workload});
}

inline std::unique_ptr<engine::Estimate> price(std::string_view config, Options options) {
  auto out = try_price(config, options);
  REQUIRE_MESSAGE(out, out.error().message);
  return std::move(*out);
}

inline const estimator::Weights* find(const estimator::Blueprint& blueprint, std::string_view pattern) {
  const auto at =
      std::find_if(blueprint.weights.begin(), blueprint.weights.end(), [&](const auto& w) { return w.pattern == pattern; });
  return at == blueprint.weights.end() ? nullptr : &*at;
}

// Elements in the checkpoint, biases included, tied tensors once.
inline std::uint64_t stored_elements(const estimator::Blueprint& blueprint) {
  std::uint64_t sum = 0;
  for (const auto& w : blueprint.weights) {
    if (w.flags & (VRAMAUTO_NOT_STORED | VRAMAUTO_TIED)) continue;
    const std::uint64_t layers = w.layers.count ? w.layers.count : 1;
    sum += layers * w.copies * (w.rows * w.cols + (w.flags & VRAMAUTO_BIAS ? w.rows : 0));
  }
  return sum;
}

}  // namespace shipped
