// What tells one family of plain decoders from another, as data. Keys are those of its config.json.
#pragma once

#include <cstdint>
#include <string_view>

namespace vramauto::estimator {

enum class Norm : std::uint8_t { rms, layer, layer_without_bias, chatglm, none };
enum class KvHeads : std::uint8_t { keys, query, one_if_multi_query, falcon, refined_web, chatglm };
enum class Width : std::uint8_t { keys, keys_or_four, four, half, expansion, none };  // of the MLP; none: no layer has one
enum class Position : std::uint8_t { rope, learned, learned_plus_two, alibi, baichuan, falcon, rope_if_named };
enum class QkNorm : std::uint8_t { none, head_rms, head_layer, full_rms, full_layer, per_head };
enum class Tie : std::uint8_t { key, always, never };
enum class Windows : std::uint8_t {
  all_layers,   // the class does not look at layer_types: a window is every layer's, or there is none
  by_type,      // layer_types decides
  interleaved,  // interleaved_sliding_window: a number, or a list that repeats
};

// Names of tensors in the checkpoint, after the layer's prefix. Parts that a checkpoint stores fused share a name.
struct Names {
  std::string_view embed, layer, q, k, v, o, gate, up, down;
  std::string_view norms;  // of a layer, in order; "name?key": only where the key is true
  std::string_view final_norm, head;
};

// A bias is there "always", or where any of "key|key" is true; "+key": true unless the file says otherwise; "!key": where it is
// false; "first>key|key": where `first` is there it decides alone; "": never.
struct Family {
  std::string_view architectures;  // separated by spaces
  const Names* names;
  Norm norm = Norm::rms;
  bool gated = true;
  std::string_view qkv_bias = "", o_bias = "", mlp_bias = "", head_bias = "";
  KvHeads kv = KvHeads::keys;
  Width width = Width::keys;
  bool head_dim_key = true;  // reads head_dim; else hidden / heads whatever the file says
  QkNorm qk_norm = QkNorm::none;
  std::string_view qk_norm_if = "always";  // as a bias
  Tie tie = Tie::key;
  Position position = Position::rope;
  std::string_view positions = "max_position_embeddings|n_positions|max_seq_len";
  double rotary_part = 1.0;  // of a head, where the file names none
  Windows windows = Windows::all_layers;
  bool window_needs_switch = false;      // no window unless use_sliding_window is true
  bool plain_rope_when_sliding = false;  // sliding layers have a table of their own, without scaling
  std::uint32_t window_extra = 0;        // tokens the class adds to sliding_window
  std::string_view input_norm = {};      // after the embedding
  bool scales_embedding = false;         // keeps the factor as one number
  bool refuses_float16 = false;
  std::string_view no_experts = {};  // a key that must be 0 or absent: else the model is no plain decoder
  std::string_view no_tower = {};    // keys of which none may be there, for the same reason
  bool blocks = false;               // block_configs gives every layer its own shape
};

const Family* find_family(std::string_view architecture);

}  // namespace vramauto::estimator
