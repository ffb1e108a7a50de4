#include "engine/vllm/quantization/format.hpp"

#include <algorithm>

#include "support/dtype.hpp"

namespace vramauto::engine::vllm::quantization {
namespace {

constexpr Bytes kFloat = 4, kWord = 4;

std::uint64_t groups(const Format& format, const Shape& shape) {
  return format.group ? std::max<std::uint64_t>(1, shape.cols / format.group) : 1;
}

// utils/fp8_utils.py, create_fp8_scale_parameter.
Bytes scale_bytes(const Format& format, const Shape& shape) {
  switch (format.scales) {
    case Scales::channel:
      return shape.rows * kFloat;
    case Scales::block:
      return ceil_div(shape.rows, format.block_n) * ceil_div(shape.cols, format.block_k) * (format.byte_scales ? 1 : kFloat);
    default:
      return shape.parts * kFloat;
  }
}

// fp8.py, fbgemm_fp8.py, compressed_tensors_w8a8_fp8.py.
void fp8(const Format& format, const Shape& shape, Tensors& out) {
  out.add(shape.rows * shape.cols);
  out.add(scale_bytes(format, shape));
  if (format.static_input) out.add(shape.parts * kFloat);
  if (format.upper_bound) out.add(kFloat);
}

// compressed_tensors_w8a8_int8.py: a static input has one scale for all parts.
void int8(const Format& format, const Shape& shape, Tensors& out) {
  out.add(shape.rows * shape.cols);
  out.add(scale_bytes(format, shape));
  if (format.static_input) out.add(kFloat);
  if (format.static_input && format.zero_points) out.add(1);
}

// compressed_tensors_wNa16.py. The shape before packing is two int64.
void packed(const Format& format, const Shape& shape, Tensors& out) {
  out.add(shape.rows * ceil_div(shape.cols * format.bits, 32) * kWord);
  out.add(shape.rows * groups(format, shape) * shape.element_bytes);
  out.add(2 * sizeof(std::int64_t));
  if (format.zero_points) out.add(ceil_div(shape.rows * format.bits, 32) * groups(format, shape) * kWord);
  if (format.order) out.add(shape.cols * kWord);
}

// gptq_marlin.py; auto_gptq.py creates no g_idx.
void gptq(const Format& format, const Shape& shape, Tensors& out) {
  const std::uint64_t pack = 32 / format.bits;
  out.add(shape.cols / pack * shape.rows * kWord);
  if (format.order) out.add(shape.cols * kWord);
  out.add(groups(format, shape) * shape.rows * shape.element_bytes);
  out.add(groups(format, shape) * (shape.rows / pack) * kWord);
}

// auto_awq.py.
void awq(const Format& format, const Shape& shape, Tensors& out) {
  const std::uint64_t pack = 32 / format.bits;
  out.add(shape.cols * (shape.rows / pack) * kWord);
  out.add(groups(format, shape) * (shape.rows / pack) * kWord);
  out.add(groups(format, shape) * shape.rows * shape.element_bytes);
}

// modelopt.py, KNvfp4Static; compressed_tensors_w4a4_nvfp4.py.
void nvfp4(const Format& format, const Shape& shape, Tensors& out) {
  out.add(shape.rows * (shape.cols / 2));
  out.add(shape.parts * kFloat);
  out.add(shape.rows * (shape.cols / format.group));
  if (format.static_input) out.add(shape.parts * kFloat);
}

// bitsandbytes.py (0.19.1): flat bytes, half a byte for each element of 16 bit, a quarter for float32. Beside it one float32 for
// each block of 64, doubly quantised ones taken apart while loading; INT8: one for each row.
void bnb(const Format& format, const Shape& shape, Tensors& out) {
  const auto elements = shape.rows * shape.cols;
  out.add(format.scheme == Scheme::bnb8 ? elements : elements / shape.element_bytes);
  out.late = format.scheme == Scheme::bnb8 ? shape.rows * kFloat : ceil_div(elements, 64) * kFloat;
}

// quantization/gguf.py of 0.19.1: as many bytes of a row as its rank takes of them, and a byte with the type of each part.
void gguf(const Format& format, const Shape& shape, Tensors& out) {
  const auto block = block_of(format.bits);
  out.add(shape.rows * (shape.cols * block.bytes / block.elements));
  out.add(shape.parts);
}

}  // namespace

Tensors tensors_of(const Format& format, const Shape& shape) {
  Tensors out;
  switch (format.scheme) {
    case Scheme::none:
      out.add(shape.rows * shape.cols * shape.element_bytes);
      break;
    case Scheme::fp8:
      fp8(format, shape, out);
      break;
    case Scheme::int8:
      int8(format, shape, out);
      break;
    case Scheme::packed:
      packed(format, shape, out);
      break;
    case Scheme::gptq:
      gptq(format, shape, out);
      break;
    case Scheme::awq:
      awq(format, shape, out);
      break;
    case Scheme::nvfp4:
      nvfp4(format, shape, out);
      break;
    case Scheme::mxfp4:
      out.add(shape.rows * (shape.cols / 2));
      out.add(shape.rows * (shape.cols / 32));
      break;
    case Scheme::mxfp8:
      out.add(shape.rows * shape.cols);
      out.add(shape.rows * (shape.cols / 32));
      break;
    case Scheme::bnb4:
    case Scheme::bnb8:
      bnb(format, shape, out);
      break;
    case Scheme::gguf:
      gguf(format, shape, out);
      break;
  }
  return out;
}

namespace {

// utils/fp8_utils.py, validate_fp8_block_shape. The last of several undivided parts may end within a block.
Result<void> check_blocks(const Format& format, const Shape& shape) {
  if (shape.tp > 1 && shape.full_cols / shape.cols == shape.tp && shape.cols % format.block_k != 0)
    return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size",
                "Weight input_size_per_partition = {} is not divisible by weight quantization block_k = {}", shape.cols,
                format.block_k);
  // layers/linear.py, _maybe_allow_fp8_block_shape_mismatch.
  if (format.open_blocks && shape.parts > 1) return {};
  const bool divided = shape.tp > 1 && shape.full_rows / shape.rows == shape.tp;
  if (!divided && shape.parts < 2) return {};
  for (std::uint32_t i = 0; i + (divided ? 0 : 1) < shape.parts; ++i)
    if (shape.part_rows[i] % format.block_n != 0)
      return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size",
                  "Weight output_partition_size = {} is not divisible by weight quantization block_n = {}", shape.part_rows[i],
                  format.block_n);
  return {};
}

Result<void> check_groups(const Format& format, const Shape& shape, std::string_view name) {
  if (format.group == 0 || shape.cols % format.group == 0) return {};
  if (format.scheme == Scheme::awq)
    return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size",
                "{}: {} inputs on a rank and groups of {}: the input size is not aligned with the quantized weight shape. This can "
                "be caused by too large tensor parallel size",
                name, shape.cols, format.group);
  return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size",
              "{}: input_size_per_partition = {} is not divisible by group_size = {}", name, shape.cols, format.group);
}

}  // namespace

Result<void> check_partition(const Format& format, const Shape& shape, std::string_view name) {
  switch (format.scheme) {
    case Scheme::fp8:
      if (format.scales != Scales::block || format.online || shape.cols == 0 || shape.rows == 0) return {};
      return check_blocks(format, shape);
    case Scheme::packed:
    case Scheme::gptq:
    case Scheme::awq:
      return check_groups(format, shape, name);
    case Scheme::nvfp4:
      if (shape.cols % 16 != 0)
        return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size",
                    "{}: found {} inputs on a rank: unsupported model when in features size is not multiple of 16", name,
                    shape.cols);
      return {};
    case Scheme::mxfp4:
    case Scheme::mxfp8:
      if (shape.cols % 32 != 0)
        return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size", "{}: MX formats require input size divisible by 32, got {}",
                    name, shape.cols);
      return {};
    default:
      return {};
  }
}

}  // namespace vramauto::engine::vllm::quantization
