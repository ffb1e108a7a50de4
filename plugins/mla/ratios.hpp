// How many tokens one entry of each layer's compressed cache stands for, and which layers take experts by a token's number.
#pragma once

#include <vector>

#include "estimator/description.hpp"

namespace vramauto::mla {

// 1: the layer keeps no compressed cache.
estimator::Answer<std::vector<std::uint32_t>> read_ratios(const estimator::Description& model, std::uint32_t layers);

estimator::Answer<std::vector<bool>> read_hashed(const estimator::Description& model, std::uint32_t layers);

}  // namespace vramauto::mla
