// Describes a decoder layer by layer. Families whose layers are more than attention and one MLP derive from it and say what is
// different: shapes() gives layers their kinds, mixer() and feed() the tensors of a kind, forward() and cache() the rest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "estimator/decoder/family.hpp"
#include "estimator/decoder/rope.hpp"
#include "estimator/decoder/sizes.hpp"

namespace vramauto::estimator {

// Parts of a layer that are one tensor of the engine. Families number their own from kOwnPart.
enum : std::uint32_t { kQkv = 1, kGateUp = 2, kOwnPart = 16 };

inline constexpr vramauto_layers kInput{VRAMAUTO_LAYER_INPUT, 1, 1, 1}, kOutput{VRAMAUTO_LAYER_OUTPUT, 1, 1, 1};

constexpr std::uint32_t flag(bool on, std::uint32_t which) { return on ? which : 0; }

struct Biases {
  bool qkv = false, o = false, up = false, down = false, head = false;
};

// Layers of one shape.
struct Group {
  LayerShape shape;
  std::vector<vramauto_layers> ranges;
};

class Writer {
 public:
  Writer(const Description& model, const Family& family, Sizes sizes) : model_(model), family_(family), sizes_(std::move(sizes)) {}
  virtual ~Writer() = default;

  // Everything after the traits.
  vramauto_status write();

 protected:
  using Ranges = std::vector<vramauto_layers>;

  // What a family may say for itself. Each has the plain decoder's answer as default.
  virtual vramauto_status shapes() { return VRAMAUTO_OK; }  // sizes_.blocks: one shape a layer, where they differ
  virtual vramauto_status input();                          // before the first layer
  virtual vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range);  // attention
  virtual vramauto_status feed(const LayerShape& shape, const vramauto_layers& range);   // MLP
  virtual vramauto_status norms(const LayerShape& shape, const vramauto_layers& range);
  virtual vramauto_status qk_norms(const LayerShape& shape, const vramauto_layers& range);  // of queries and keys
  virtual vramauto_status tables(const LayerShape& shape, const vramauto_layers& range);    // of positions
  virtual vramauto_status forward(const LayerShape& shape, const vramauto_layers& range);
  virtual vramauto_status cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges);
  virtual bool borrows(const LayerShape&) const { return false; }  // keys and values are another layer's
  virtual vramauto_status drafts() { return VRAMAUTO_OK; }         // layers that speculation adds
  virtual vramauto_status output();                                // after the last layer

  // Parts to build these of.
  vramauto_status attention(const LayerShape& shape, const vramauto_layers& range);
  vramauto_status mlp(const LayerShape& shape, const vramauto_layers& range);
  vramauto_status add_norm(const std::string& name, const vramauto_layers& range, std::uint64_t width);
  vramauto_status add_table(const Rope& rope, const vramauto_layers& range, const char* name, std::uint32_t head_dim);
  std::string named(std::string_view part) const { return std::string(family_.names->layer).append(part); }
  std::uint32_t key_dim(const LayerShape& shape) const { return shape.head_dim ? shape.head_dim : sizes_.head_dim; }
  std::uint32_t value_dim(const LayerShape& shape) const { return shape.v_dim ? shape.v_dim : key_dim(shape); }

  const Description& model_;
  const Family& family_;
  Sizes sizes_;
  Biases biases_;
  Norm norm_ = Norm::rms;
  bool norm_bias_ = false, final_norm_ = true, qk_norm_ = false, rope_ = false, alibi_ = false;
  vramauto_dtype table_dtype_ = 0;  // of positions: 0: the model's
  bool gated_query_ = false;        // q_proj holds a gate of the query's width too
  std::vector<std::string_view> norms_;
  std::vector<std::uint32_t> windows_;
  std::vector<Group> groups_;

 private:
  vramauto_status read();
  vramauto_status read_norms();
  vramauto_status read_falcon_norms();
  vramauto_status read_position();
  void group_layers();
  vramauto_status layer(const LayerShape& shape, const vramauto_layers& range);
  vramauto_status caches();
  Answer<std::uint64_t> embedding_width() const;
  bool local_differs(const Rope& full) const;
};

// Traits of a decoder: what it generates with, its sizes, its own longest sequence, the type of its numbers.
Answer<vramauto_traits> read_traits(const Description& model, const Family& family, const Sizes& sizes);

}  // namespace vramauto::estimator
