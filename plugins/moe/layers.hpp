// What kind each layer of a model is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "estimator/decoder/sizes.hpp"
#include "mixture.hpp"

namespace vramauto::moe {

enum Feed : std::uint8_t { kDense = 0, kExperts = 1 };

// One answer a layer: whether it has experts.
estimator::Answer<std::vector<bool>> read_sparse(const estimator::Description& model, const Mixture& mixture, std::uint32_t layers);

// Window or chunk of each layer, 0: it sees everything. `shared`: what any decoder's reading gives.
estimator::Answer<std::vector<std::uint32_t>> read_sight(const estimator::Description& model, const Mixture& mixture,
                                                         std::uint32_t layers, std::vector<std::uint32_t> shared);

// Layers that attend without positions.
estimator::Answer<std::vector<bool>> read_still(const estimator::Description& model, const Mixture& mixture,
                                                const std::vector<std::uint32_t>& windows);

// Layers that choose what they read by an indexer.
estimator::Answer<std::vector<bool>> read_indexed(const estimator::Description& model, const Mixture& mixture,
                                                  std::uint32_t layers);

// Heads and their sizes. `slides`: whether the layer sees a window only.
estimator::Answer<estimator::LayerShape> read_heads(const estimator::Description& model, const Mixture& mixture,
                                                    const estimator::Sizes& sizes, std::uint32_t layer, bool slides);

}  // namespace vramauto::moe
