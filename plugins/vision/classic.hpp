// Towers that many composites share: SigLIP, CLIP and Pixtral, as vLLM builds them.
#pragma once

#include <algorithm>
#include <string>

#include "limits.hpp"
#include "vit.hpp"

namespace vramauto::vision {

// Sizes of a square vision transformer.
struct VitSizes {
  std::uint64_t hidden = 0, intermediate = 0, image = 0, patch = 0, channels = 3;
  std::uint32_t layers = 0, heads = 0;
  bool any_width = false;  // the checkpoint's format is one that takes layers of any width
  bool takes_formats() const { return any_width || (hidden % 64 == 0 && intermediate % 64 == 0); }
  std::uint64_t grid() const { return image / patch; }
  std::uint64_t patches() const { return grid() * grid(); }
  std::uint64_t pixels() const { return channels * image * image; }
  Blocks shape() const { return {.layers = layers, .heads = heads, .hidden = hidden, .intermediate = intermediate}; }
};

// From the object at `at`, all keys as SigLIP and CLIP name them.
Answer<VitSizes> read_vit(const Description& model, const std::string& at);

// Layers that a feature layer (-2: the last but one; a list: the deepest of it) leaves in use.
Answer<std::uint32_t> layers_for(const Description& model, const char* at, std::int64_t otherwise, std::uint32_t layers);

// The first `used` blocks; the last norm comes with all of them. Source: vLLM 0.33, models/siglip.py and clip.py.
enum class LastNorm : std::uint8_t { if_whole, always, never };
Tower& add_siglip(Tower& tower, const VitSizes& sizes, std::uint32_t used, LastNorm last = LastNorm::if_whole);
Tower& add_clip(Tower& tower, const VitSizes& sizes, std::uint32_t used, LastNorm last = LastNorm::if_whole);
// The blocks of both alone. `mlp`: a format applies to their MLPs, too.
Tower& add_siglip_blocks(Tower& tower, const VitSizes& sizes, std::uint32_t used, bool mlp = true);
// Whether the checkpoint's quant_method is one of these words.
Answer<bool> has_format(const Description& model, std::string_view words);
// Pixtral's in transformers' layout.
Tower& add_pixtral(Tower& tower, const VitSizes& sizes, std::uint32_t used);

// By the configuration's model_type, CLIP where it has none. Source: vLLM 0.33, models/llava.py, init_vision_tower_for_llava.
enum class Kind : std::uint8_t { clip, siglip, pixtral };
Answer<Kind> classic_kind(const Description& model, const std::string& at);
Tower& add_classic(Tower& tower, Kind kind, const VitSizes& sizes, std::uint32_t used, LastNorm last = LastNorm::if_whole);

}  // namespace vramauto::vision
