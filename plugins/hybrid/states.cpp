#include "states.hpp"

#include <string>

namespace vramauto::estimator::hybrid {
namespace {

enum : std::uint32_t { kConvPart = 32, kInPart, kGatePart };  // parts of a mixer that are one tensor of the engine

constexpr vramauto_uneven kRefuse = VRAMAUTO_UNEVEN_REFUSE;

constexpr std::uint32_t bias_flag(bool on) { return on ? VRAMAUTO_BIAS : 0; }

vramauto_cache empty_cache(vramauto_state_kind kind) {
  vramauto_cache out{};
  out.struct_size = sizeof out;
  out.kind = VRAMAUTO_CACHE_STATE;
  out.state = kind;
  return out;
}

// A convolution is created as a linear layer, and never quantised.
vramauto_status conv(const Place& at, std::string_view part, std::uint64_t rows, std::uint32_t kernel, std::uint32_t units,
                     vramauto_uneven uneven, bool bias) {
  return at.add(
      part,
      Tensors(nullptr, VRAMAUTO_ROLE_CONV, at.range, rows, kernel).heads(units, uneven).part_of(kConvPart).with(bias_flag(bias)));
}

}  // namespace

vramauto_status Place::add(std::string_view part, Tensors tensors) const {
  const auto name = prefix + std::string(part);
  tensors.name = name.c_str();
  return model.add(tensors);
}

vramauto_status Place::linear(std::string_view part, std::uint64_t rows, std::uint64_t cols, vramauto_split split, bool bias,
                              std::uint32_t parameter) const {
  return add(part, Tensors(nullptr, VRAMAUTO_ROLE_LINEAR, range, rows, cols).by(split).part_of(parameter).with(bias_flag(bias)));
}

vramauto_status Place::heads(std::string_view part, std::uint64_t rows, std::uint64_t cols, std::uint32_t units,
                             vramauto_uneven uneven, std::uint32_t parameter, bool bias) const {
  return add(
      part,
      Tensors(nullptr, VRAMAUTO_ROLE_LINEAR, range, rows, cols).heads(units, uneven).part_of(parameter).with(bias_flag(bias)));
}

vramauto_status Place::state(std::string_view part, std::uint64_t rows, std::uint64_t cols, std::uint32_t units,
                             vramauto_dtype dtype) const {
  return add(part, Tensors(nullptr, VRAMAUTO_ROLE_STATE, range, rows, cols).heads(units, kRefuse).of(dtype));
}

vramauto_status Place::norm(std::string_view part, std::uint64_t width) const {
  return add(part, Tensors(nullptr, VRAMAUTO_ROLE_NORM, range, width, 1));
}

vramauto_status Mamba1::weights(const Place& at) const {
  const auto plain = [&](std::string_view part, std::uint64_t rows, std::uint64_t cols, vramauto_split split, bool with_bias) {
    return at.add(part, Tensors(nullptr, VRAMAUTO_ROLE_STATE, at.range, rows, cols).by(split).with(bias_flag(with_bias)));
  };
  VRAMAUTO_DO(conv(at, "conv1d", width, kernel, width, kRefuse, conv_bias));
  VRAMAUTO_DO(plain("in_proj", 2ull * width, at.hidden, VRAMAUTO_SPLIT_ROWS, bias));
  VRAMAUTO_DO(plain("x_proj", rank + 2ull * state, width, VRAMAUTO_SPLIT_COLS, false));
  VRAMAUTO_DO(plain("dt_proj", width, rank, VRAMAUTO_SPLIT_ROWS, true));
  VRAMAUTO_DO(at.state("A_log", width, state, width, VRAMAUTO_F32));
  VRAMAUTO_DO(at.state("D", width, 1, width));
  VRAMAUTO_DO(plain("out_proj", at.hidden, width, VRAMAUTO_SPLIT_COLS, bias));
  if (!norms) return VRAMAUTO_OK;
  const auto norm = [&](std::string_view part, std::uint32_t size) {
    const std::uint32_t flags = norms_stored ? 0 : VRAMAUTO_NOT_STORED;
    return at.add(part, Tensors(nullptr, VRAMAUTO_ROLE_NORM, at.range, size, 1).with(flags));
  };
  VRAMAUTO_DO(norm("dt_layernorm", rank));
  VRAMAUTO_DO(norm("b_layernorm", state));
  return norm("c_layernorm", state);
}

vramauto_cache Mamba1::cache() const {
  auto out = empty_cache(VRAMAUTO_STATE_MAMBA1);
  out.conv_length = kernel - 1;
  out.conv_channels = width;
  out.state_heads = width;
  out.state_elements = state;
  return out;
}

// B and C of one group: a group is repeated on every rank where there is one, else ranks must divide the groups.
vramauto_status Mamba2::weights(const Place& at) const {
  const auto uneven = groups == 1 ? vramauto_uneven{VRAMAUTO_UNEVEN_REPEAT} : kRefuse;
  const std::uint64_t grouped = std::uint64_t{groups} * state;
  VRAMAUTO_DO(conv(at, "conv1d", width, kernel, heads, kRefuse, conv_bias));
  VRAMAUTO_DO(conv(at, "conv1d", grouped, kernel, groups, uneven, conv_bias));
  VRAMAUTO_DO(conv(at, "conv1d", grouped, kernel, groups, uneven, conv_bias));
  VRAMAUTO_DO(at.heads("in_proj", width, at.hidden, heads, kRefuse, kInPart, bias));
  VRAMAUTO_DO(at.heads("in_proj", width, at.hidden, heads, kRefuse, kInPart, bias));
  VRAMAUTO_DO(at.heads("in_proj", grouped, at.hidden, groups, uneven, kInPart, bias));
  VRAMAUTO_DO(at.heads("in_proj", grouped, at.hidden, groups, uneven, kInPart, bias));
  VRAMAUTO_DO(at.heads("in_proj", heads, at.hidden, heads, kRefuse, kInPart, bias));
  VRAMAUTO_DO(at.state("A_log", heads, 1, heads, VRAMAUTO_F32));
  VRAMAUTO_DO(at.state("D", heads, 1, heads));
  VRAMAUTO_DO(at.state("dt_bias", heads, 1, heads));
  VRAMAUTO_DO(at.linear("out_proj", at.hidden, width, VRAMAUTO_SPLIT_COLS, bias));
  if (!norm) return VRAMAUTO_OK;
  return at.add("norm", Tensors(nullptr, VRAMAUTO_ROLE_NORM, at.range, width, 1).heads(heads, kRefuse));
}

vramauto_cache Mamba2::cache() const {
  auto out = empty_cache(VRAMAUTO_STATE_MAMBA2);
  out.conv_length = kernel - 1;
  out.conv_channels = width;
  out.group_channels = 2 * groups * state;
  out.state_groups = groups;
  out.state_heads = heads;
  out.state_elements = std::uint64_t{head_dim} * state;
  out.chunk = chunk;
  return out;
}

// model_executor/layers/mamba/gdn/olmo_gdn_linear_attn.py, OlmoHybridGatedDeltaNetAttention.
vramauto_status GatedDelta::olmo(const Place& at) const {
  const std::uint64_t keys = std::uint64_t{key_heads} * key_dim, values = std::uint64_t{value_heads} * value_dim;
  for (const auto* part : {"q_proj", "k_proj"}) VRAMAUTO_DO(at.heads(part, keys, at.hidden, key_heads, kRefuse, kInPart));
  for (const auto* part : {"v_proj", "g_proj"}) VRAMAUTO_DO(at.heads(part, values, at.hidden, value_heads, kRefuse, kInPart));
  for (const auto* part : {"b_proj", "a_proj"}) VRAMAUTO_DO(at.heads(part, value_heads, at.hidden, value_heads, kRefuse, 0));
  for (const auto* part : {"q_conv1d", "k_conv1d"}) VRAMAUTO_DO(conv(at, part, keys, kernel, key_heads, kRefuse, false));
  VRAMAUTO_DO(conv(at, "v_conv1d", values, kernel, value_heads, kRefuse, false));
  VRAMAUTO_DO(at.state("dt_bias", value_heads, 1, value_heads));
  VRAMAUTO_DO(at.state("A_log", value_heads, 1, value_heads));
  VRAMAUTO_DO(at.norm("o_norm", value_dim));
  return at.linear("o_proj", at.hidden, values, VRAMAUTO_SPLIT_COLS);
}

vramauto_status GatedDelta::weights(const Place& at) const {
  if (layout == DeltaLayout::olmo) return olmo(at);
  const std::uint64_t keys = std::uint64_t{key_heads} * key_dim, values = std::uint64_t{value_heads} * value_dim;
  VRAMAUTO_DO(conv(at, "conv1d", 2 * keys, kernel, key_heads, kRefuse, false));
  VRAMAUTO_DO(conv(at, "conv1d", values, kernel, value_heads, kRefuse, false));
  const bool fused = layout == DeltaLayout::fused;
  const auto* qkv = fused ? "in_proj_qkvz" : "in_proj_qkv";
  for (int i = 0; i < 2; ++i) VRAMAUTO_DO(at.heads(qkv, keys, at.hidden, key_heads, kRefuse, kInPart));
  VRAMAUTO_DO(at.heads(qkv, values, at.hidden, value_heads, kRefuse, kInPart));
  VRAMAUTO_DO(at.heads(fused ? qkv : "in_proj_z", values, at.hidden, value_heads, kRefuse, kInPart));
  VRAMAUTO_DO(at.heads(fused ? "in_proj_ba" : "in_proj_b", value_heads, at.hidden, value_heads, kRefuse, kGatePart));
  VRAMAUTO_DO(at.heads(fused ? "in_proj_ba" : "in_proj_a", value_heads, at.hidden, value_heads, kRefuse, kGatePart));
  VRAMAUTO_DO(at.state("dt_bias", value_heads, 1, value_heads));
  VRAMAUTO_DO(at.state("A_log", value_heads, 1, value_heads, VRAMAUTO_F32));
  VRAMAUTO_DO(at.norm("norm", value_dim));
  return at.linear("out_proj", at.hidden, values, VRAMAUTO_SPLIT_COLS);
}

vramauto_cache GatedDelta::cache() const {
  auto out = empty_cache(VRAMAUTO_STATE_GDN);
  out.conv_length = kernel - 1;
  out.conv_channels = 2 * key_heads * key_dim + value_heads * value_dim;
  out.state_heads = value_heads;
  out.state_elements = std::uint64_t{key_dim} * value_dim;
  return out;
}

// Rows that pad in_proj to a multiple of 16 on each rank are left out: at most 15.
vramauto_status KimiDelta::weights(const Place& at) const {
  const std::uint64_t width = std::uint64_t{heads} * head_dim;
  for (const auto* part : {"q_proj", "k_proj", "v_proj"}) VRAMAUTO_DO(at.heads(part, width, at.hidden, heads, kRefuse, kInPart));
  if (full_gate) VRAMAUTO_DO(at.heads("g_proj", width, at.hidden, heads, kRefuse, kInPart));
  VRAMAUTO_DO(at.linear("f_a_proj", head_dim, at.hidden, VRAMAUTO_SPLIT_NONE, false, kInPart));
  VRAMAUTO_DO(at.heads("b_proj", heads, at.hidden, heads, kRefuse, kInPart));
  VRAMAUTO_DO(at.heads("f_b_proj", width, head_dim, heads, kRefuse, 0));
  VRAMAUTO_DO(at.state("dt_bias", width, 1, heads, VRAMAUTO_F32));
  for (const auto* part : {"q_conv1d", "k_conv1d", "v_conv1d"})
    VRAMAUTO_DO(at.add(
        part,
        Tensors(nullptr, VRAMAUTO_ROLE_CONV, at.range, width, kernel).heads(heads, kRefuse).part_of(kConvPart).of(VRAMAUTO_F32)));
  // The kernel that decodes in one pass keeps the convolutions a second time, transposed.
  if (full_gate && head_dim == 128 && kernel == 4)
    VRAMAUTO_DO(at.add("decode_conv1d_weight", Tensors(nullptr, VRAMAUTO_ROLE_CONV, at.range, 3 * width, kernel)
                                                   .heads(heads, kRefuse)
                                                   .of(VRAMAUTO_F32)
                                                   .with(VRAMAUTO_NOT_STORED)));
  VRAMAUTO_DO(at.state("A_log", heads, 1, heads, VRAMAUTO_F32));
  if (!full_gate) {
    VRAMAUTO_DO(at.linear("g_a_proj", head_dim, at.hidden, VRAMAUTO_SPLIT_NONE));
    VRAMAUTO_DO(at.heads("g_b_proj", width, head_dim, heads, kRefuse, 0));
  }
  VRAMAUTO_DO(at.norm("o_norm", head_dim));
  return at.linear("o_proj", at.hidden, width, VRAMAUTO_SPLIT_COLS);
}

vramauto_cache KimiDelta::cache() const {
  constexpr std::uint32_t kChunk = 16;  // model_executor/layers/mamba/kda_checkpoint.py, FlashKDA
  auto out = empty_cache(VRAMAUTO_STATE_KDA);
  out.chunk = full_gate && bounded_gate ? kChunk : 0;
  out.conv_length = kernel - 1;
  out.conv_channels = 3 * heads * head_dim;
  out.state_heads = heads;
  out.state_elements = std::uint64_t{head_dim} * head_dim;
  return out;
}

vramauto_status ShortConv::weights(const Place& at) const {
  VRAMAUTO_DO(conv(at, "conv", width, length, width, kRefuse, bias));
  VRAMAUTO_DO(at.linear("in_proj", 3ull * width, at.hidden, VRAMAUTO_SPLIT_ROWS, bias));
  return at.linear("out_proj", at.hidden, width, VRAMAUTO_SPLIT_COLS, bias);
}

vramauto_cache ShortConv::cache() const {
  auto out = empty_cache(VRAMAUTO_STATE_CONV);
  out.conv_length = length - 1;
  out.conv_channels = width;
  return out;
}

}  // namespace vramauto::estimator::hybrid
