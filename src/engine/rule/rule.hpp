// The rule of thumb the project began from: a size, a length and a GPU give a utilization. Sizes in GiB, as in the origin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/model.hpp"
#include "support/result.hpp"

namespace vramauto::engine::rule {

inline constexpr std::uint64_t kDefaultLength = 4096;

struct Size {
  double gib = 7.0;
  std::string_view from = "default";  // "weight files", "config", "name", "default"
  std::string warning;                // a config.json that could not be read; "" otherwise
};

// Files of a local directory, else its config.json, else the parameter count in the name (two bytes each), else 7.
Size model_size(std::string_view path_or_name);
// The same for a model that is open: no file is read again.
Size model_size(const model::Model& model);
// Parameters in billions that a name states ("Qwen2.5-VL-3B" 3, "8x7B" 56); 0 when it states none.
double billions_in_name(std::string_view name);

struct Answer {
  double size_gib = 0, kv_gib = 0, need_gib = 0, gpu_gib = 0;
  std::uint64_t max_model_len = 0;
  std::uint32_t strategy = VRAMAUTO_STRATEGY_NONE;
  double utilization = 0.90;  // rounded to two decimals, ties to even
};

// gpu_gib      total of the smallest GPU used; 0 without one
// max_model_len 0: 4096; tensor_parallel_size 0: 1. The cache is not divided by the tensor parallel size.
Answer apply(double size_gib, double gpu_gib, std::uint64_t max_model_len, std::uint32_t tensor_parallel_size);

}  // namespace vramauto::engine::rule
