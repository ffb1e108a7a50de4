// The format of each weight of a blueprint.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/vllm/quantization/rules.hpp"
#include "estimator/blueprint.hpp"

namespace vramauto::engine::vllm::quantization {

// Weights [first, first + count) of the blueprint, one tensor of the engine or none of them fused, in these layers.
struct Piece {
  std::uint32_t first = 0, count = 1;
  vramauto_layers layers{};
  std::uint16_t format = 0;
};

struct Placed {
  Rules rules;
  std::vector<Piece> pieces;        // of weights in layers, in the blueprint's order
  std::vector<std::uint16_t> ends;  // by weight: the format of those before and after the layers
  json::Document config, separate;  // rules point into them

  const Format& format(std::uint16_t number) const { return rules.formats[number]; }
};

// Read once for a blueprint and kept with it. `asked`: --quantization.
Result<std::shared_ptr<const Placed>> placed_formats(const model::Model& model, const estimator::Blueprint& blueprint,
                                                     std::string_view asked);

}  // namespace vramauto::engine::vllm::quantization
