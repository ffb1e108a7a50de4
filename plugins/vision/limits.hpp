// Numbers from files, within what any tower has.
#pragma once

#include <string>
#include <string_view>

#include "estimator/description.hpp"

namespace vramauto::vision {

using estimator::Answer;
using estimator::Description;

inline constexpr std::uint64_t kWidest = 1u << 20, kMostLayers = 1024, kMostHeads = 4096, kMostEdge = 1u << 14;

inline Answer<std::uint32_t> narrow_positive(const Description& model, std::string_view keys, std::uint64_t most,
                                             std::uint64_t otherwise, std::string_view below) {
  const auto read = model.positive(keys, most, otherwise, below);
  return {static_cast<std::uint32_t>(read.value), read.status};
}

// Pixels of the largest image that a processor's file allows: size/longest_edge or max_pixels, as the Qwen line writes them.
inline Answer<std::uint64_t> pixels(const Description& model, const std::string& file, std::uint64_t otherwise) {
  for (const auto* key : {"#/size/longest_edge", "#/max_pixels", "#/size/max_pixels"}) {
    const auto at = file + key;
    if (model.type(at.c_str()) != VRAMAUTO_JSON_INT) continue;
    const auto read = VRAMAUTO_TAKE(model.integer(at.c_str()));
    if (read > 0 && read <= (std::int64_t{1} << 36)) return {static_cast<std::uint64_t>(read), VRAMAUTO_OK};
    return {0, model.fail(VRAMAUTO_E_FORMAT, at + " is " + std::to_string(read) + ", expected a number of pixels")};
  }
  return {otherwise, VRAMAUTO_OK};
}

}  // namespace vramauto::vision
