// A tower: weights in front of the first layer that belong to encoders, added in the order in which the engine creates them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "estimator/description.hpp"

namespace vramauto::vision {

using estimator::Description;
using estimator::Tensors;

// How attention is divided when ranks do not divide the heads.
enum class Uneven : std::uint8_t {
  refuse,     // the class asserts that they do
  replicate,  // the whole attention on every rank
  pad,        // dummy heads are added
};

// Equal transformer blocks, as data. Names follow `at`, whose '*' is the block.
struct Blocks {
  std::string_view at = {};  // "blocks.*."
  std::uint32_t layers = 0, heads = 0;
  std::uint64_t hidden = 0, intermediate = 0;
  std::uint32_t kv_heads = 0, head_dim = 0;                          // 0: heads; hidden / heads
  std::string_view q = "attn.qkv", k = {}, v = {}, o = "attn.proj";  // no k: q holds all three
  std::string_view gate = {}, up = "mlp.fc1", down = "mlp.fc2";      // no gate: one projection up
  std::string_view norms = "norm1 norm2";                            // before attention, separated by spaces
  bool qkv_bias = true, k_bias = true, o_bias = true, mlp_bias = true;
  bool rms = false;                  // norms have no bias
  std::string_view head_norms = {};  // of q and k, each as wide as a head
  std::string_view full_norms = {};  // of q and k, as wide as all heads
  std::string_view scales = {};      // vectors as wide as the block: layer scale
  Uneven uneven = Uneven::refuse;
  bool divided = true;    // false: built of linear layers that stay whole
  bool quantised = true;  // false: torch's own layers, which no format applies to
};

class Tower {
 public:
  // `prefix` of its names in the checkpoint; `encoders`: bits of the encoders it serves, 0: always there.
  Tower(const Description& model, std::string prefix, std::uint64_t encoders)
      : model_(model), prefix_(std::move(prefix)), encoders_(encoders) {}

  // What is added from here on exists `count` times, one block after the other; its names hold a '*'.
  Tower& each(std::uint32_t count) { return copies_ = count, *this; }
  Tower& once() { return each(1); }
  Tower& under(std::string prefix) { return prefix_ = std::move(prefix), *this; }
  Tower& serving(std::uint64_t encoders) { return encoders_ = encoders, *this; }
  // All that is divided stays whole where ranks do not divide these heads. 0: each part as it says itself.
  Tower& together(std::uint32_t heads) { return together_ = heads, *this; }
  // The class hands its quantisation to no layer of it, whatever the checkpoint's format would apply to.
  Tower& unquantised(bool is = true) { return unquantised_ = is, *this; }
  Tower& of(vramauto_dtype type) { return dtype_ = type, *this; }  // 0: the model's

  // Linear layers of the engine: divided by output or input features, or whole; `dense` is torch's own, never quantised.
  Tower& column(std::string_view name, std::uint64_t out, std::uint64_t in, bool bias, std::uint32_t part = 0);
  Tower& row(std::string_view name, std::uint64_t out, std::uint64_t in, bool bias);
  Tower& whole(std::string_view name, std::uint64_t out, std::uint64_t in, bool bias);
  Tower& dense(std::string_view name, std::uint64_t out, std::uint64_t in, bool bias);
  Tower& by_heads(std::string_view name, std::uint64_t rows, std::uint64_t cols, std::uint32_t heads, bool bias,
                  Uneven uneven = Uneven::refuse, std::uint32_t part = 0);

  Tower& from_heads(std::string_view name, std::uint64_t out, std::uint64_t in, std::uint32_t heads, bool bias,
                    Uneven uneven = Uneven::refuse);  // divided by input features that are heads

  Tower& norm(std::string_view name, std::uint64_t width, bool bias);
  Tower& conv(std::string_view name, std::uint64_t out, std::uint64_t in, bool bias);  // `in`: channels times the kernel
  Tower& table(std::string_view name, std::uint64_t rows, std::uint64_t cols);         // positions, classes, scales
  Tower& made(std::string_view name, std::uint64_t rows, std::uint64_t cols);          // by the engine: not in the checkpoint
  Tower& blocks(const Blocks& blocks);

  vramauto_status done() const { return status_; }

 private:
  Tower& add(std::string_view name, vramauto_role role, std::uint64_t rows, std::uint64_t cols, vramauto_split split, bool bias,
             std::uint32_t part = 0, std::uint32_t units = 0, vramauto_uneven uneven = VRAMAUTO_UNEVEN_REFUSE,
             std::uint32_t flags = 0);
  void attention(const Blocks& blocks);
  void mlp(const Blocks& blocks);

  const Description& model_;
  std::string prefix_;
  std::uint64_t encoders_;
  std::uint32_t copies_ = 1;
  vramauto_dtype dtype_ = 0;
  std::uint32_t together_ = 0;
  bool unquantised_ = false;
  vramauto_status status_ = VRAMAUTO_OK;
};

// An encoder as the engine profiles it. Widths that are not known stay 0.
struct Profile {
  const char* modality = "image";
  std::uint64_t tokens = 0, patches = 0, inputs = 0;  // of the largest item, or frame
  std::uint32_t max_frames = 0, levels = 0, output = 0, window = 0;
};
vramauto_status add_encoder(const Description& model, const Profile& profile, const Blocks& blocks);

}  // namespace vramauto::vision
