#include "vit.hpp"

#include <algorithm>

#include "estimator/decoder/writer.hpp"

namespace vramauto::vision {
namespace {

using estimator::flag;

// The first word of `words`, taken off it.
std::string_view take_word(std::string_view& words) {
  const auto end = words.find(' ');
  const auto word = words.substr(0, end);
  words = end == std::string_view::npos ? std::string_view() : words.substr(end + 1);
  return word;
}

std::string join(std::string_view a, std::string_view b) { return std::string(a).append(b); }

vramauto_uneven uneven_of(Uneven uneven) {
  return uneven == Uneven::replicate ? VRAMAUTO_UNEVEN_REPLICATE
         : uneven == Uneven::pad     ? VRAMAUTO_UNEVEN_PAD
                                     : VRAMAUTO_UNEVEN_REFUSE;
}

std::uint32_t narrow(std::uint64_t value) { return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, UINT32_MAX)); }

}  // namespace

Tower& Tower::add(std::string_view name, vramauto_role role, std::uint64_t rows, std::uint64_t cols, vramauto_split split,
                  bool bias, std::uint32_t part, std::uint32_t units, vramauto_uneven uneven, std::uint32_t flags) {
  if (status_ != VRAMAUTO_OK) return *this;
  const auto full = join(prefix_, name);
  if (unquantised_ && role == VRAMAUTO_ROLE_LINEAR) role = VRAMAUTO_ROLE_OTHER;
  if (together_ && split != VRAMAUTO_SPLIT_NONE) {
    units = together_;
    uneven = VRAMAUTO_UNEVEN_REPLICATE;
  }
  Tensors tensors(full.c_str(), role, estimator::kInput, rows, cols);
  tensors.by(split).part_of(part).with(flags | flag(bias, VRAMAUTO_BIAS)).of(dtype_);
  tensors.units = units;
  tensors.uneven = uneven;
  tensors.copies = copies_;
  tensors.encoders = encoders_;
  status_ = model_.add(tensors);
  return *this;
}

Tower& Tower::column(std::string_view name, std::uint64_t out, std::uint64_t in, bool bias, std::uint32_t part) {
  return add(name, VRAMAUTO_ROLE_LINEAR, out, in, VRAMAUTO_SPLIT_ROWS, bias, part);
}

Tower& Tower::row(std::string_view name, std::uint64_t out, std::uint64_t in, bool bias) {
  return add(name, VRAMAUTO_ROLE_LINEAR, out, in, VRAMAUTO_SPLIT_COLS, bias);
}

Tower& Tower::whole(std::string_view name, std::uint64_t out, std::uint64_t in, bool bias) {
  return add(name, VRAMAUTO_ROLE_LINEAR, out, in, VRAMAUTO_SPLIT_NONE, bias);
}

Tower& Tower::dense(std::string_view name, std::uint64_t out, std::uint64_t in, bool bias) {
  return add(name, VRAMAUTO_ROLE_OTHER, out, in, VRAMAUTO_SPLIT_NONE, bias);
}

Tower& Tower::by_heads(std::string_view name, std::uint64_t rows, std::uint64_t cols, std::uint32_t heads, bool bias, Uneven uneven,
                       std::uint32_t part) {
  return add(name, VRAMAUTO_ROLE_LINEAR, rows, cols, VRAMAUTO_SPLIT_UNITS, bias, part, heads, uneven_of(uneven));
}

Tower& Tower::from_heads(std::string_view name, std::uint64_t out, std::uint64_t in, std::uint32_t heads, bool bias,
                         Uneven uneven) {
  return add(name, VRAMAUTO_ROLE_LINEAR, out, in, VRAMAUTO_SPLIT_COLS, bias, 0, heads, uneven_of(uneven));
}

Tower& Tower::norm(std::string_view name, std::uint64_t width, bool bias) {
  return add(name, VRAMAUTO_ROLE_NORM, width, 1, VRAMAUTO_SPLIT_NONE, bias);
}

Tower& Tower::conv(std::string_view name, std::uint64_t out, std::uint64_t in, bool bias) {
  return add(name, VRAMAUTO_ROLE_CONV, out, in, VRAMAUTO_SPLIT_NONE, bias);
}

Tower& Tower::table(std::string_view name, std::uint64_t rows, std::uint64_t cols) {
  return add(name, VRAMAUTO_ROLE_OTHER, rows, cols, VRAMAUTO_SPLIT_NONE, false);
}

Tower& Tower::made(std::string_view name, std::uint64_t rows, std::uint64_t cols) {
  return add(name, VRAMAUTO_ROLE_OTHER, rows, cols, VRAMAUTO_SPLIT_NONE, false, 0, 0, VRAMAUTO_UNEVEN_REFUSE, VRAMAUTO_NOT_STORED);
}

void Tower::attention(const Blocks& b) {
  const auto kv_heads = b.kv_heads ? b.kv_heads : b.heads;
  const auto dim = b.head_dim ? b.head_dim : b.heads ? b.hidden / b.heads : 0;
  const auto width = dim * b.heads, kv_width = dim * kv_heads;
  const auto qkv = [&](std::string_view name, std::uint64_t rows, std::uint32_t heads, bool bias) {
    const auto full = join(b.at, name);
    if (!b.quantised)
      dense(full, rows, b.hidden, bias);
    else if (!b.divided)
      add(full, VRAMAUTO_ROLE_LINEAR, rows, b.hidden, VRAMAUTO_SPLIT_NONE, bias, estimator::kQkv);
    else
      by_heads(full, rows, b.hidden, heads, bias, b.uneven, estimator::kQkv);
  };
  if (b.k.empty() && kv_heads == b.heads) {
    qkv(b.q, 3 * width, b.heads, b.qkv_bias);
  } else {
    qkv(b.q, width, b.heads, b.qkv_bias);
    qkv(b.k.empty() ? b.q : b.k, kv_width, kv_heads, b.qkv_bias && b.k_bias);
    qkv(b.k.empty() ? b.q : b.v, kv_width, kv_heads, b.qkv_bias);
  }
  for (auto rest = b.head_norms; !rest.empty();) norm(join(b.at, take_word(rest)), dim, !b.rms);
  for (auto rest = b.full_norms; !rest.empty();) norm(join(b.at, take_word(rest)), width, !b.rms);
  const auto out = join(b.at, b.o);
  if (!b.quantised)
    dense(out, b.hidden, width, b.o_bias);
  else if (!b.divided)
    whole(out, b.hidden, width, b.o_bias);
  else if (b.uneven == Uneven::refuse)
    row(out, b.hidden, width, b.o_bias);
  else
    from_heads(out, b.hidden, width, b.heads, b.o_bias, b.uneven);
}

void Tower::mlp(const Blocks& b) {
  if (b.intermediate == 0) return;
  const std::uint32_t part = b.gate.empty() ? 0u : std::uint32_t{estimator::kGateUp};
  const auto up = [&](std::string_view name) {
    const auto full = join(b.at, name);
    if (!b.quantised)
      dense(full, b.intermediate, b.hidden, b.mlp_bias);
    else if (!b.divided)
      add(full, VRAMAUTO_ROLE_LINEAR, b.intermediate, b.hidden, VRAMAUTO_SPLIT_NONE, b.mlp_bias, part);
    else
      column(full, b.intermediate, b.hidden, b.mlp_bias, part);
  };
  if (!b.gate.empty()) up(b.gate);
  up(b.up);
  const auto down = join(b.at, b.down);
  if (!b.quantised)
    dense(down, b.hidden, b.intermediate, b.mlp_bias);
  else if (!b.divided)
    whole(down, b.hidden, b.intermediate, b.mlp_bias);
  else
    row(down, b.hidden, b.intermediate, b.mlp_bias);
}

Tower& Tower::blocks(const Blocks& b) {
  const auto before = copies_;
  each(b.layers);
  for (auto rest = b.norms; !rest.empty();) norm(join(b.at, take_word(rest)), b.hidden, !b.rms);
  attention(b);
  mlp(b);
  for (auto rest = b.scales; !rest.empty();) table(join(b.at, take_word(rest)), b.hidden, 1);
  return each(before);
}

vramauto_status add_encoder(const Description& model, const Profile& profile, const Blocks& blocks) {
  vramauto_encoder out{};
  out.struct_size = sizeof out;
  out.tokens_per_item = narrow(profile.tokens);
  out.patches_per_item = profile.patches;
  out.input_elements = profile.inputs;
  out.max_frames = profile.max_frames;
  out.levels = profile.levels;
  out.hidden = narrow(blocks.hidden);
  out.intermediate = narrow(blocks.intermediate);
  out.heads = blocks.heads;
  out.layers = blocks.layers;
  out.attention_window = profile.window;
  out.output = profile.output;
  out.modality = profile.modality;
  out.name = profile.modality;
  return model.host()->add_encoder(model.call(), &out);
}

}  // namespace vramauto::vision
