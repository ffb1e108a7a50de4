// Mixers that keep a state of fixed size instead of keys and values: their weights as vLLM creates them, and the state of a layer.
#pragma once

#include <cstdint>
#include <string_view>

#include "estimator/description.hpp"

namespace vramauto::estimator::hybrid {

// A layer's place: the prefix of its mixer's names, its layers, the model's width.
struct Place {
  const Description& model;
  std::string prefix;
  vramauto_layers range;
  std::uint32_t hidden;

  vramauto_status add(std::string_view part, Tensors tensors) const;
  vramauto_status linear(std::string_view part, std::uint64_t rows, std::uint64_t cols, vramauto_split split, bool bias = false,
                         std::uint32_t parameter = 0) const;
  vramauto_status heads(std::string_view part, std::uint64_t rows, std::uint64_t cols, std::uint32_t units, vramauto_uneven uneven,
                        std::uint32_t parameter, bool bias = false) const;
  vramauto_status state(std::string_view part, std::uint64_t rows, std::uint64_t cols, std::uint32_t units,
                        vramauto_dtype dtype = 0) const;
  vramauto_status norm(std::string_view part, std::uint64_t width) const;
};

// vLLM 0.33, model_executor/layers/mamba/mamba_mixer.py, MambaMixer. Its projections are never quantised.
struct Mamba1 {
  std::uint32_t width = 0, state = 0, kernel = 0, rank = 0;
  bool bias = false, conv_bias = true;
  bool norms = false, norms_stored = true;  // of dt, B and C; not stored: tensors of ones that the engine makes

  vramauto_status weights(const Place& at) const;
  vramauto_cache cache() const;
};

// vLLM 0.33, model_executor/layers/mamba/mamba_mixer2.py, MambaMixer2.
struct Mamba2 {
  std::uint32_t width = 0, state = 0, kernel = 0, groups = 1, heads = 0, head_dim = 0, chunk = 256;
  bool bias = false, conv_bias = true, norm = true;

  vramauto_status weights(const Place& at) const;
  vramauto_cache cache() const;
};

enum class DeltaLayout : std::uint8_t {
  fused,     // in_proj_qkvz and in_proj_ba
  separate,  // in_proj_qkv, in_proj_z, in_proj_b, in_proj_a, fused by the engine
  olmo,      // q_proj, k_proj, v_proj and g_proj fused by the engine; b_proj and a_proj, which are not
};

// vLLM 0.33, model_executor/layers/mamba/gdn/qwen_gdn_linear_attn.py, QwenGatedDeltaNetAttention.
struct GatedDelta {
  std::uint32_t key_heads = 0, value_heads = 0, key_dim = 0, value_dim = 0, kernel = 0;
  DeltaLayout layout = DeltaLayout::fused;

  vramauto_status weights(const Place& at) const;
  vramauto_cache cache() const;

 private:
  vramauto_status olmo(const Place& at) const;
};

// Kimi's delta attention: a decay for each channel. vLLM 0.33, models/kimi_k3/nvidia/kda.py and
// model_executor/layers/mamba/gdn/kimi_gdn_linear_attn.py; vLLM 0.19.1, model_executor/layers/kda.py.
struct KimiDelta {
  std::uint32_t heads = 0, head_dim = 0, kernel = 0;
  bool full_gate = false;     // g_proj, else g_a_proj and g_b_proj
  bool bounded_gate = false;  // its decay has a lower bound, which chunked kernels need

  vramauto_status weights(const Place& at) const;
  vramauto_cache cache() const;
};

// vLLM 0.33, model_executor/layers/mamba/short_conv.py, ShortConv.
struct ShortConv {
  std::uint32_t width = 0, length = 0;
  bool bias = false;

  vramauto_status weights(const Place& at) const;
  vramauto_cache cache() const;
};

}  // namespace vramauto::estimator::hybrid
