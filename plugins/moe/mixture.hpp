// What tells one family of mixture-of-experts decoders from another, as data. Keys are those of its config.json.
#pragma once

#include <string_view>

#include "estimator/decoder/experts.hpp"
#include "estimator/decoder/family.hpp"

namespace vramauto::moe {

// Which layers have experts; the others have a plain MLP.
enum class Sparse : std::uint8_t {
  all,
  dense_first,  // from the layer that `first` names on; moe_layer_freq: only every so many
  step,         // every decoder_sparse_step-th, but for mlp_only_layers
  marked,       // moe_layer_freq: one number a layer, 0 for dense
  typed,        // mlp_layer_types: "sparse" or "dense"
  interval,     // moe_layer_interval, within moe_layer_start_index and moe_layer_end_index
  interleaved,  // every interleave_moe_layer_step-th
  alternate,    // every moe_layer_frequency-th
  numbered,     // moe_layers_enum: a text of numbers; without it all but the first
};

// Which layers see what, where the shared reading of windows does not say it.
enum class Sight : std::uint8_t {
  shared,        // estimator/decoder/windows.hpp
  even_slides,   // every other layer from the first on
  pattern,       // hybrid_layer_pattern: 1 slides
  global_every,  // every global_attn_every_n_layers-th layer sees everything, unless layer_types says it
  chunked,       // attention_chunk_size, but in layers without positions (no_rope_layers)
};

// Heads of a layer, where they are not the same in all.
enum class Heads : std::uint8_t {
  same,
  nested,     // attn_config
  per_layer,  // num_attention_heads_per_layer
  swa,        // sliding layers have swa_... keys of their own, values may be narrower than keys
  other,      // attention_other_setting for sliding layers
};

// Position tables.
enum class Tables : std::uint8_t {
  shared,   // as any decoder's
  by_kind,  // sliding and full layers each have their parameters
  sliding,  // sliding layers only
  chunked,  // layers that see a chunk only
  two,      // sliding and full layers turn by a base of their own, alike in all else
};

// A gate on what attention gives: none, one number a head, one a channel, or as `gating` says.
enum class Gate : std::uint8_t { none, head, channel, keyed };

struct Mixture {
  estimator::Family decoder;
  const estimator::ExpertNames* names;
  estimator::ExpertKeys keys = {};
  estimator::Experts experts = {};   // what is the same for all models of the family
  std::string_view correction = "";  // where it holds, the router has a bias for each expert; rules as in family.hpp
  Sparse sparse = Sparse::all;
  std::string_view first = "first_k_dense_replace";
  std::string_view dense_width = {};  // key of the plain MLP's width; empty: the decoder's
  Sight sight = Sight::shared;
  Heads heads = Heads::same;
  Tables tables = Tables::shared;
  bool table_float32 = false;  // the position table is kept in float32
  Gate gate = Gate::none;
  std::string_view gate_name = "self_attn.gate_proj";
  std::string_view sinks = "", sliding_sinks = "";  // one number a head, in all layers or those that slide
  bool typed_sinks = false;                         // without the key of `sinks`: where layer_types is there
  std::string_view sinks_name = "self_attn.sinks";
};

const Mixture* find_mixture(std::string_view architecture);

}  // namespace vramauto::moe
