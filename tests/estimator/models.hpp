// Models for the estimators' tests: a folder with a config.json.
#pragma once

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "model/model.hpp"
#include "temporary.hpp"

// A small plain decoder of this architecture and model_type.
inline std::string config_of(std::string_view architecture, std::string_view model_type = "llama") {
  return fmt::format(R"({{"architectures": ["{}"], "model_type": "{}", "hidden_size": 64, "intermediate_size": 128,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256, "max_position_embeddings": 512,
    "tie_word_embeddings": false, "torch_dtype": "bfloat16"}})",
                     architecture, model_type);
}

inline vramauto::model::Model model_of(std::string_view config) {
  const Temporary folder;
  folder.write("config.json", config);
  auto model = vramauto::model::open(folder.path(), {.use_environment = false});
  REQUIRE_MESSAGE(model, model.error().message);
  return *model;
}
