// What tells one family of mixture-of-experts decoders from another, as data. Keys are those of its config.json.
#pragma once

#include <string_view>

#include "estimator/decoder/experts.hpp"
#include "estimator/decoder/family.hpp"

namespace vramauto::moe {

// Which layers have experts; the others have a plain MLP.
enum class Sparse : std::uint8_t {
  all,
  none,         // the family has no experts after all
  dense_first,  // from the layer that `first` names on; moe_layer_freq: only every so many
  step,         // every decoder_sparse_step-th, but for mlp_only_layers
  marked,       // moe_layer_freq: one number a layer, 0 for dense; or one number for all, as dense_first
  typed,        // mlp_layer_types, else is_moe_layer, else moe_layers_enum, else from the layer that `first` names on
  interval,     // every moe_layer_interval-th within moe_layer_start_index and moe_layer_end_index
  interleaved,  // every so many layers, by the key `first`
};

// Which layers see what, where the shared reading of windows does not say it.
enum class Sight : std::uint8_t {
  shared,        // estimator/decoder/windows.hpp
  even_slides,   // every other layer from the first on
  pattern,       // hybrid_layer_pattern: 1 slides
  global_every,  // every global_attn_every_n_layers-th layer sees everything, unless layer_types says it
  chunked,       // attention_chunk_size, but in layers without positions (no_rope_layers)
};

// Heads of a layer, where they are not as in any decoder.
enum class Heads : std::uint8_t {
  same,
  nested,     // attn_config
  per_layer,  // num_attention_heads_per_layer
  swa,        // sliding layers have swa_... keys of their own, values may be narrower than keys
  groups,     // num_attention_groups; sliding layers may have attention_other_setting
  one,        // one KV head
  sink,       // qk_nope_dim + qk_rope_dim for keys, v_channels for values
};

// Attention's own parts.
enum class Mixer : std::uint8_t {
  plain,
  shared_query,   // Step-3: queries are made of share_q_dim features that every rank makes
  sink_tokens,    // openPangu: param_sink_number keys and values that are weights
  indexed,        // MiniMax-M3: some layers choose blocks by keys of an indexer
  value_experts,  // K2-Horizon: values by experts in layers that have experts
};

// Position tables.
enum class Tables : std::uint8_t {
  shared,   // as any decoder's
  by_kind,  // sliding and full layers each have their parameters
  sliding,  // sliding layers only
  chunked,  // layers that see a chunk only
  two,      // sliding and full layers turn by a base of their own, alike in all else
  by_base,  // layers whose layer_rope_theta is not 0
};

// A gate on what attention gives: none, one number a head, one a channel, or as `gating` says.
enum class Gate : std::uint8_t { none, head, channel, keyed };

struct Mixture {
  estimator::Family decoder;
  const estimator::ExpertNames* names;
  estimator::ExpertKeys keys = {};
  estimator::Experts experts = {};   // what is the same for all models of the family
  std::string_view correction = "";  // where it holds, the router has a bias for each expert; rules as in family.hpp
  std::string_view router_bias = "", expert_switch = "", shared_bias = "";  // rules too
  std::string_view router_type = {};                                        // key of the router's own type: "fp32"
  std::string_view shared_total = {};  // key of the width of all shared experts together, which wins over keys.shared_count
  Sparse sparse = Sparse::all;
  std::string_view first = "first_k_dense_replace";
  std::string_view dense_width = {};  // key of the plain MLP's width; empty: the decoder's
  Sight sight = Sight::shared;
  Heads heads = Heads::same;
  Mixer mixer = Mixer::plain;
  Tables tables = Tables::shared;
  bool table_float32 = false;  // the position table is kept in float32
  bool rotary_dim = false;     // rotary_dim: features of a head that turn
  Gate gate = Gate::none;
  std::string_view gate_if = "always";
  std::string_view gate_name = "self_attn.gate_proj";
  std::string_view q_norm = {}, k_norm = {};        // names, where they are not the usual ones
  std::string_view sinks = "", sliding_sinks = "";  // one number a head, in all layers or those that slide
  bool typed_sinks = false;                         // without the key of `sinks`: where layer_types is there
  std::string_view sinks_name = "self_attn.sinks";
  std::string_view residual = "";                    // a plain MLP beside the experts, where it holds
  std::string_view residual_width = {};              // its width's key; empty: the hidden size
  const estimator::Names* residual_names = nullptr;  // of its three projections, and of its norm
};

const Mixture* find_mixture(std::string_view architecture);

}  // namespace vramauto::moe
