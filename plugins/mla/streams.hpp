// Hidden states that run in several parallel streams ("hyper-connections"): what mixes them, in float32.
#pragma once

#include <string>

#include "estimator/description.hpp"

namespace vramauto::mla {

// Before attention and MLP: of each stream, of each out of it, and from each to each.
constexpr std::uint32_t mixes_of(std::uint32_t streams) { return (2 + streams) * streams; }

// vLLM 0.33, models/deepseek_v4/nvidia/model.py, hc_attn_fn, hc_attn_base, hc_attn_scale. `width`: of all streams together.
inline vramauto_status add_streams(const estimator::Description& model, const std::string& at, std::uint32_t outputs,
                                   std::uint64_t width, std::uint32_t scales, const vramauto_layers& range) {
  const auto add = [&](const char* part, std::uint64_t rows, std::uint64_t cols) {
    return model.add(estimator::Tensors((at + part).c_str(), VRAMAUTO_ROLE_OTHER, range, rows, cols).of(VRAMAUTO_F32));
  };
  VRAMAUTO_DO(add("_fn", outputs, width));
  VRAMAUTO_DO(add("_base", outputs, 1));
  return add("_scale", scales, 1);
}

}  // namespace vramauto::mla
