// What tells one family with latent attention (MLA) from another, as data.
#pragma once

#include <cstdint>
#include <string_view>

#include "estimator/decoder/experts.hpp"
#include "estimator/decoder/family.hpp"

namespace vramauto::mla {

// Which layers have experts, if the model has any.
enum class Sparse : std::uint8_t {
  frequency,   // from first_k_dense_replace on, those with layer % moe_layer_freq = 0
  from_first,  // the frequency counts from first_k_dense_replace
  first_only,  // from first_k_dense_replace on, all
  all,
  listed,  // mlp_layer_types, where it is there, else as `frequency`
};
// Whether every expert has a correction of its score.
enum class Correction : std::uint8_t {
  never,
  always,
  noaux,             // topk_method is "noaux_tc"
  noaux_if_missing,  // the same, which is also what a missing one means
  key,               // as `correction_key` says
};
enum class Table : std::uint8_t {
  deepseek,  // whatever scaling is stated, the class takes DeepSeek's YaRN
  stated,
  whole,  // as stated, but all of the rotary part turns
  plain,  // the class looks at no scaling
};

// Layers between those of latent attention keep a state instead.
enum class Linear : std::uint8_t {
  none,
  lightning,  // all but the last of each layer_group_size layers
  delta,      // the same, but for what is left over after the last whole group
  low_rank,   // as delta, its gates through a narrow width; layer_types says which
};

struct Latent {
  estimator::Family decoder;
  const estimator::ExpertNames* names = nullptr;  // nullptr: no layer has experts
  estimator::ExpertKeys keys = {};
  estimator::Experts experts = {};
  Sparse sparse = Sparse::frequency;
  std::uint32_t first_default = 0;  // first_k_dense_replace where it is missing
  Correction correction = Correction::never;
  std::string_view correction_key = {};  // a rule as a bias of Family
  Table table = Table::deepseek;
  std::string_view mixer = "self_attn.", output = "o_proj";
  std::string_view gate_key = {};     // what says whether attention's output has a gate, of each head or of each number
  std::string_view shared_each = {};  // width of one shared expert, where it is not that of a routed one
  Linear linear = Linear::none;
  bool fused = true;         // q_a and kv_a are one tensor of the engine
  bool expands = false;      // its class multiplies the latents back and caches keys and values of every head
  bool unquantised = false;  // attention is never quantised
  bool pools = false;        // the indexer keeps one key for index_kpool tokens
  bool streams = false;      // hidden states in hc_mult streams
  bool twice = false;        // a layer is two layers of attention and MLP, with one set of experts beside the first
};

const Latent* find_latent(std::string_view architecture);

}  // namespace vramauto::mla
