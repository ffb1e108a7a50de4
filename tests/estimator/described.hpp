// A model from the text of its configuration, and what the estimators say about it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "estimator/registry.hpp"
#include "model/class_defaults.hpp"

namespace example {

using namespace vramauto;

inline model::Model model_of(std::string_view config) {
  model::Model out;
  out.path = "config.json";
  out.has_config = true;
  auto parsed = json::parse(out.path, config);
  if (!parsed) throw parsed.error().message;
  out.config = model::fill_class_defaults(*parsed);
  if (const auto* name = out.config.at("/architectures/0")) out.architecture = std::string(name->text);
  if (const auto* type = out.config.at("/model_type")) out.model_type = std::string(type->text);
  return out;
}

inline Result<estimator::Blueprint> describe(std::string_view config, std::string_view estimator = {}) {
  static const estimator::Registry registry({});
  return registry.describe(model_of(config), estimator);
}

// What is wrong with a configuration, or "described".
inline std::string refusal(std::string_view config) {
  const auto done = describe(config);
  return done ? "described" : done.error().where + ": " + done.error().message;
}

// The configuration of a small Llama with more keys; a key given again wins over the one here.
inline std::string llama(std::string_view more = {}) {
  std::string out = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16")";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (more.find(std::string("\"").append(name).append("\"")) == std::string_view::npos)
      out.append(", \"").append(name).append("\": ").append(value);
  };
  add("hidden_size", "64");
  add("num_hidden_layers", "4");
  add("num_attention_heads", "8");
  add("num_key_value_heads", "2");
  add("intermediate_size", "128");
  add("vocab_size", "1000");
  add("max_position_embeddings", "2048");
  if (!more.empty()) out.append(", ").append(more);
  return out + "}";
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

}  // namespace example
