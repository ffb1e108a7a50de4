// Sources: vLLM 0.33, model_executor/layers/mamba/linear/bailing_linear_attn.py and models/bailing_moe_v3.py,
// BailingMoeV3KimiDeltaAttention.
#include "linear.hpp"

#include <string>

#include "dims.hpp"
#include "estimator/decoder/writer.hpp"

namespace vramauto::mla {

using estimator::Answer;
using estimator::Description;
using estimator::flag;
using estimator::Tensors;

namespace {

enum : std::uint32_t { kQkv = estimator::kQkv };
constexpr std::uint64_t kMostWidth = 1u << 20, kMostKernel = 1024, kMostGroup = 1u << 16;
constexpr vramauto_uneven kRefuse = VRAMAUTO_UNEVEN_REFUSE;

// transformers 5.24, models/glm5_next/configuration_glm5_next.py.
Answer<LinearMixer> read_low_rank(const Description& model, LinearMixer out) {
  const auto size = [&](const char* keys, std::uint64_t most, std::uint64_t otherwise) {
    return model.positive(keys, most, otherwise);
  };
  out.heads = static_cast<std::uint32_t>(VRAMAUTO_TAKE(size("linear_attn_config/num_heads|linear_num_heads", 1u << 16, 64)));
  out.head_dim = static_cast<std::uint32_t>(VRAMAUTO_TAKE(size("linear_attn_config/head_dim|linear_head_dim", kMostWidth, 128)));
  out.kernel = static_cast<std::uint32_t>(
      VRAMAUTO_TAKE(size("linear_attn_config/short_conv_kernel_size|linear_conv_kernel_dim", kMostKernel, 4)));
  return {out, check_width(model, "heads of linear attention", out.heads, out.head_dim)};
}

// Which layers layer_types names, else all but each fourth.
Answer<std::vector<bool>> typed_layers(const Description& model, std::uint32_t layers) {
  std::vector<bool> out(layers);
  const bool listed = model.type("/layer_types") == VRAMAUTO_JSON_ARRAY;
  if (listed && VRAMAUTO_TAKE(model.length("/layer_types")) < layers)
    return {{}, model.fail(VRAMAUTO_E_FORMAT, "/layer_types has fewer entries than there are layers")};
  for (std::uint32_t layer = 0; layer < layers; ++layer)
    out[layer] = listed ? VRAMAUTO_TAKE(model.text(("/layer_types/" + std::to_string(layer)).c_str())) == "linear_attention"
                        : layer % 4 != 3;
  return {std::move(out), VRAMAUTO_OK};
}

}  // namespace

Answer<LinearMixer> read_linear(const Description& model, Linear kind, std::uint32_t hidden, std::uint32_t heads) {
  LinearMixer out;
  out.kind = kind;
  if (kind == Linear::none) return {out, VRAMAUTO_OK};
  out.hidden = hidden;
  if (kind == Linear::low_rank) return read_low_rank(model, out);
  out.heads = heads;
  out.head_dim = static_cast<std::uint32_t>(VRAMAUTO_TAKE(model.positive("head_dim", kMostWidth, hidden / heads)));
  if (kind == Linear::delta)
    out.kernel = static_cast<std::uint32_t>(VRAMAUTO_TAKE(model.positive("short_conv_kernel_size", kMostKernel, 4)));
  out.output_bias = VRAMAUTO_TAKE(estimator::holds(model, "use_bias"));
  out.qkv_bias = out.output_bias || VRAMAUTO_TAKE(estimator::holds(model, "use_qkv_bias"));
  out.qk_norm = VRAMAUTO_TAKE(estimator::holds(model, "use_qk_norm"));
  return {out, check_width(model, "heads of linear attention", out.heads, out.head_dim)};
}

Answer<std::vector<bool>> read_linear_layers(const Description& model, Linear kind, std::uint32_t layers) {
  std::vector<bool> out(layers, false);
  if (kind == Linear::none) return {std::move(out), VRAMAUTO_OK};
  if (kind == Linear::low_rank) return typed_layers(model, layers);
  const auto group = static_cast<std::uint32_t>(VRAMAUTO_TAKE(model.positive("layer_group_size", kMostGroup, 1)));
  const auto whole = kind == Linear::delta ? layers / group * group : layers;
  for (std::uint32_t layer = 0; layer < whole; ++layer) out[layer] = (layer + 1) % group != 0;
  return {std::move(out), VRAMAUTO_OK};
}

vramauto_status LinearMixer::weights(const Description& model, const std::string& prefix, const vramauto_layers& range) const {
  if (kind == Linear::low_rank) return low_rank(model, prefix, range);
  return kind == Linear::delta ? delta(model, prefix, range) : lightning(model, prefix, range);
}

vramauto_status LinearMixer::lightning(const Description& model, const std::string& prefix, const vramauto_layers& range) const {
  const auto name = [&](const char* part) { return prefix + part; };
  for (int part = 0; part < 3; ++part)
    VRAMAUTO_DO(model.add(Tensors(name("query_key_value").c_str(), VRAMAUTO_ROLE_LINEAR, range, width(), hidden)
                              .heads(heads, kRefuse)
                              .part_of(kQkv)
                              .with(flag(qkv_bias, VRAMAUTO_BIAS))));
  if (qk_norm)
    for (const auto* part : {"query_layernorm", "key_layernorm"})
      VRAMAUTO_DO(model.add(Tensors(name(part).c_str(), VRAMAUTO_ROLE_NORM, range, head_dim, 1)));
  VRAMAUTO_DO(model.add(Tensors(name("g_proj").c_str(), VRAMAUTO_ROLE_LINEAR, range, width(), hidden).by(VRAMAUTO_SPLIT_ROWS)));
  VRAMAUTO_DO(model.add(Tensors(name("dense").c_str(), VRAMAUTO_ROLE_LINEAR, range, hidden, width())
                            .by(VRAMAUTO_SPLIT_COLS)
                            .with(flag(output_bias, VRAMAUTO_BIAS))));
  return model.add(Tensors(name("g_norm").c_str(), VRAMAUTO_ROLE_NORM, range, width(), 1).by(VRAMAUTO_SPLIT_ROWS));
}

vramauto_status LinearMixer::delta(const Description& model, const std::string& prefix, const vramauto_layers& range) const {
  const auto add = [&](const char* part, vramauto_role role, std::uint64_t rows, std::uint64_t cols, std::uint32_t parameter = 0) {
    return Tensors(part, role, range, rows, cols).heads(heads, kRefuse).part_of(parameter);
  };
  const auto name = [&](const char* part) { return prefix + part; };
  for (const auto* part : {"q_proj", "k_proj", "v_proj"})
    VRAMAUTO_DO(model.add(add(name(part).c_str(), VRAMAUTO_ROLE_LINEAR, width(), hidden, kQkv)));
  VRAMAUTO_DO(model.add(add(name("b_proj").c_str(), VRAMAUTO_ROLE_LINEAR, heads, hidden, kQkv)));
  VRAMAUTO_DO(model.add(add(name("f_proj").c_str(), VRAMAUTO_ROLE_LINEAR, width(), hidden)));
  VRAMAUTO_DO(convolutions(model, prefix, range));
  VRAMAUTO_DO(model.add(add(name("g_proj").c_str(), VRAMAUTO_ROLE_LINEAR, width(), hidden)));
  VRAMAUTO_DO(model.add(Tensors(name("o_norm").c_str(), VRAMAUTO_ROLE_NORM, range, head_dim, 1)));
  return model.add(Tensors(name("o_proj").c_str(), VRAMAUTO_ROLE_LINEAR, range, hidden, width()).by(VRAMAUTO_SPLIT_COLS));
}

vramauto_status LinearMixer::convolutions(const Description& model, const std::string& prefix, const vramauto_layers& range) const {
  const auto add = [&](const char* part, vramauto_role role, std::uint64_t rows, std::uint64_t cols) {
    return model.add(Tensors((prefix + part).c_str(), role, range, rows, cols).heads(heads, kRefuse).of(VRAMAUTO_F32));
  };
  VRAMAUTO_DO(add("dt_bias", VRAMAUTO_ROLE_STATE, width(), 1));
  for (const auto* part : {"q_conv1d", "k_conv1d", "v_conv1d"}) VRAMAUTO_DO(add(part, VRAMAUTO_ROLE_CONV, width(), kernel));
  return add("A_log", VRAMAUTO_ROLE_STATE, heads, 1);
}

// vLLM 0.33, models/glm5next/common/kda.py: what compresses the gates is a whole copy on every rank.
vramauto_status LinearMixer::low_rank(const Description& model, const std::string& prefix, const vramauto_layers& range) const {
  const auto add = [&](const char* part, std::uint64_t rows, std::uint64_t cols, bool whole, std::uint32_t parameter) {
    const auto name = prefix + part;
    Tensors one(name.c_str(), VRAMAUTO_ROLE_LINEAR, range, rows, cols);
    if (!whole) one.heads(heads, kRefuse);
    return model.add(one.part_of(parameter));
  };
  for (const auto* part : {"q_proj", "k_proj", "v_proj"}) VRAMAUTO_DO(add(part, width(), hidden, false, kQkv));
  VRAMAUTO_DO(add("b_proj", heads, hidden, false, kQkv));
  for (const auto* part : {"f_a_proj", "g_a_proj"}) VRAMAUTO_DO(add(part, head_dim, hidden, true, kQkv));
  VRAMAUTO_DO(add("f_b_proj", width(), head_dim, false, 0));
  VRAMAUTO_DO(convolutions(model, prefix, range));
  VRAMAUTO_DO(add("g_b_proj", width(), head_dim, false, 0));
  VRAMAUTO_DO(model.add(Tensors((prefix + "o_norm").c_str(), VRAMAUTO_ROLE_NORM, range, head_dim, 1)));
  return model.add(Tensors((prefix + "o_proj").c_str(), VRAMAUTO_ROLE_LINEAR, range, hidden, width()).by(VRAMAUTO_SPLIT_COLS));
}

vramauto_cache LinearMixer::cache(const vramauto_layers& range) const {
  vramauto_cache out{};
  out.struct_size = sizeof out;
  out.kind = VRAMAUTO_CACHE_STATE;
  out.layers = range;
  out.state = kind == Linear::lightning ? VRAMAUTO_STATE_LINEAR : VRAMAUTO_STATE_KDA;
  if (kind != Linear::lightning) {
    out.conv_length = kernel - 1;
    out.conv_channels = static_cast<std::uint32_t>(3 * width());
  }
  out.state_heads = heads;
  out.state_elements = std::uint64_t{head_dim} * head_dim;
  return out;
}

}  // namespace vramauto::mla
