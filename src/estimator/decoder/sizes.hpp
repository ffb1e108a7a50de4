// What a plain decoder's configuration says, read once.
#pragma once

#include <cstdint>
#include <vector>

#include "estimator/decoder/family.hpp"
#include "estimator/description.hpp"

namespace vramauto::estimator {

// The shape of one layer. All layers of most models have the same.
struct LayerShape {
  std::uint32_t heads = 0, kv_heads = 0;      // 0: no attention in this layer
  std::uint32_t intermediate = 0;             // 0: no MLP
  std::uint32_t head_dim = 0, v_dim = 0;      // 0: the model's; 0: as head_dim
  std::uint8_t mixer = 0, feed = 0, own = 0;  // 0: attention; MLP; other numbers are the family's own
  bool operator==(const LayerShape&) const = default;
};

struct Sizes {
  std::uint32_t layers = 0, hidden = 0, vocab = 0, heads = 0, head_dim = 0;
  LayerShape shape;  // of all layers, unless `blocks` has one for each
  std::vector<LayerShape> blocks;
  std::uint64_t positions = 0;  // of the position table
  bool tied = false;
};

Answer<Sizes> read_sizes(const Description& model, const Family& family);

// Falcon with several KV heads. The older class tells by its width: vLLM 0.19.1, transformers_utils/configs/falcon.py.
Answer<bool> has_grouped_heads(const Description& model, const Family& family, std::uint32_t hidden);

// A rule of Family's kind: "always", "key|key", "+key", "!key", "first>key|key".
Answer<bool> holds(const Description& model, std::string_view rule);

}  // namespace vramauto::estimator
