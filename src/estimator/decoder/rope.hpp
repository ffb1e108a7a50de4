// Position tables and the length they give a model.
#pragma once

#include <vector>

#include "estimator/decoder/sizes.hpp"

namespace vramauto::estimator {

enum class Scaling : std::uint8_t { none, linear, dynamic, ntk, yarn, longrope, llama3 };

// One way of scaling, as the file states it.
struct Rope {
  Scaling scaling = Scaling::none;
  double factor = 1.0;
  bool has_factor = false, has_alpha = false;
  std::uint64_t original = 0;  // positions before scaling; 0: not stated
  double part = 1.0;           // of a head that turns
};

struct Table {
  std::uint64_t rows = 0;      // positions, scaling applied
  std::uint64_t unscaled = 0;  // the same without dynamic scaling, where it has any; else 0
  std::uint32_t width = 0;     // elements of a head that turn
  bool operator==(const Table&) const = default;
};

// Scaling of layers of a kind ("full_attention"), or of all.
Answer<Rope> read_rope(const Description& model, const Family& family, std::string_view kind, std::uint32_t head_dim);

// Positions of several axes: vLLM 0.33, model_executor/layers/rotary_embedding/__init__.py, get_rope.
bool has_mrope(const Description& model);

// Rows of the engine's table. Source: vLLM 0.33, model_executor/layers/rotary_embedding.
Table table_of(const Rope& rope, std::uint64_t positions, std::uint32_t head_dim);

// The model's own longest sequence. Source: vLLM 0.33, config/model.py, _get_and_verify_max_len, and
// transformers_utils/model_arch_config_convertor.py, derive_max_model_len_and_key.
Answer<std::uint64_t> read_length(const Description& model, const Family& family);

}  // namespace vramauto::estimator
