// Number formats of quantised weights, and the tensors vLLM creates for a linear layer in each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "support/checked.hpp"
#include "support/result.hpp"

namespace vramauto::engine::vllm::quantization {

enum class Scheme : std::uint8_t {
  none,
  fp8,     // one byte, scales as `scales` says
  int8,    // W8A8
  packed,  // compressed-tensors "pack-quantized": int32 words along the input
  gptq,    // int32 words along the input, zeros even where symmetric
  awq,     // int32 words along the output, zeros
  nvfp4,   // half a byte, one e4m3 scale for 16
  mxfp4,   // half a byte, one e8m0 scale for 32
  mxfp8,   // one byte, one e8m0 scale for 32
  bnb4,
  bnb8,  // bitsandbytes: flat
  gguf,  // rows of ggml's blocks; `bits` is their vramauto_dtype
};
enum class Scales : std::uint8_t { tensor, channel, block };

struct Format {
  Scheme scheme = Scheme::none;
  Scales scales = Scales::tensor;
  std::uint32_t bits = 8;
  std::uint32_t group = 0;  // inputs that share a scale; 0: all of a row
  std::uint32_t block_n = 0, block_k = 0;
  bool zero_points = false;    // asymmetric
  bool static_input = false;   // input scales come with the weight
  bool dynamic_input = false;  // inputs are quantised for each token
  bool order = false;          // g_idx: the order of the inputs
  bool upper_bound = false;    // FBGEMM: one float32 bound of the inputs
  bool online = false;         // quantised while loading
  bool byte_scales = false;    // block scales are powers of two, one byte each
  bool weight_only = false;    // inputs stay in 16 bit whatever the kernel could do (ModelOpt's W4A16)
  bool kernel_sizes = false;   // experts are as large as their kernel's tiles
  bool open_blocks = false;    // parts of a fused layer may end within a block
  bool finer_blocks = false;   // experts whose part on a rank ends within a block get smaller blocks
  bool operator==(const Format&) const = default;
};

inline constexpr std::size_t kMostParts = 8;

// A linear layer on one rank: its parts (q, k, v) side by side.
struct Shape {
  std::uint64_t rows = 0, cols = 0;            // on this rank
  std::uint64_t full_rows = 0, full_cols = 0;  // of the model
  std::array<std::uint64_t, kMostParts> part_rows{};
  std::uint32_t parts = 0;
  std::uint32_t element_bytes = 2, tp = 1;
};

// In the order they are created. `late`: made after loading and kept, not among the parameters.
struct Tensors {
  std::array<Bytes, 6> bytes{};
  std::uint32_t count = 0;
  Bytes late = 0;
  void add(Bytes more) {
    if (count < bytes.size()) bytes[count++] = more;
  }
  Bytes total() const {
    Bytes sum = 0;
    for (std::uint32_t i = 0; i < count; ++i) sum += bytes[i];
    return sum;
  }
};

// Source: vLLM 0.33 and 0.19.1, model_executor/layers/quantization, create_weights of each method.
Tensors tensors_of(const Format& format, const Shape& shape);

// What the engine refuses to divide this way, in its words. `name`: of the layer.
Result<void> check_partition(const Format& format, const Shape& shape, std::string_view name);

}  // namespace vramauto::engine::vllm::quantization
