// The towers of the Qwen-VL line, which other composites use too.
#pragma once

#include <algorithm>
#include <string>

#include "estimator/description.hpp"
#include "limits.hpp"
#include "vit.hpp"

namespace vramauto::vision {

enum class QwenTower : std::uint8_t { qwen2, qwen2_5, exaone4_5, qwen3, qwen3_omni };

struct QwenSizes {
  QwenTower kind = QwenTower::qwen3;
  std::uint64_t hidden = 0, intermediate = 0, output = 0, channels = 3, patch = 14, frames = 2, merge = 2, positions = 0;
  std::uint32_t depth = 0, heads = 0, kv_heads = 0, levels = 0;
  std::uint64_t patch_elements() const { return channels * frames * patch * patch; }
  std::uint64_t merged() const { return hidden * merge * merge; }
};

// From the object at `at` ("/vision_config").
Answer<QwenSizes> read_qwen(const Description& model, const std::string& at, QwenTower kind);

// "image" and "video", in this order.
vramauto_status add_qwen_encoders(const Description& model, const QwenSizes& sizes);

Tower& add_qwen_tower(Tower& tower, const QwenSizes& sizes);

}  // namespace vramauto::vision
