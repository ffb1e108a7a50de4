// Which layers see only a window, and layer sets as ranges.
#pragma once

#include <functional>
#include <vector>

#include "estimator/decoder/sizes.hpp"

namespace vramauto::estimator {

// Window of every layer in tokens; 0: the layer sees everything.
Answer<std::vector<std::uint32_t>> read_windows(const Description& model, const Family& family, std::uint32_t layers);

// The layers for which `belongs` is true, as few ranges as their pattern allows.
std::vector<vramauto_layers> ranges_of(std::uint32_t layers, const std::function<bool(std::uint32_t)>& belongs);

}  // namespace vramauto::estimator
