// Sources: vLLM 0.33 and 0.19.1, model_executor/layers/fused_moe (layer.py, config.py, routed_experts.py, oracle/) and
// model_executor/layers/quantization, create_weights of each method for experts.
#include "engine/vllm/experts.hpp"

#include <algorithm>
#include <numeric>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/profiles.hpp"
#include "engine/vllm/shards.hpp"
#include "support/dtype.hpp"

namespace vramauto::engine::vllm {
namespace {

using estimator::Weights;
using quantization::Format;
using quantization::Scales;
using quantization::Scheme;
using quantization::Tensors;

constexpr Bytes kFloat = 4, kWord = 4;
// Releases that brought the rules of 0.33, read in each from 0.19 on.
constexpr Version kPaddedPlain{0, 24, 0};    // oracle/unquantized.py: padded after loading; from 0.31 on, when created
constexpr Version kNarrowMxfp4{0, 20, 0};    // oracle/mxfp4.py
constexpr Version kFinerBlocks{0, 29, 0};    // oracle/fp8.py
constexpr Version kZeroPoints{0, 23, 0};     // compressed_tensors_moe_wna16_marlin.py
constexpr Version kGroupsChecked{0, 24, 0};  // the same
constexpr Version kAutoGptq{0, 27, 0};       // auto_gptq.py: packed zeros and biases; tiles are padded in utils/marlin_utils.py
constexpr Version kNoInputOrder{0, 30, 0};   // g_idx

// One side of the experts of a layer, before packing.
struct Side {
  bool up = false;                             // gate and up, else down
  std::uint64_t experts = 0, parts = 1;        // on this rank; gate and up: 2
  std::uint64_t hidden = 0, intermediate = 0;  // on this rank
  std::uint64_t element_bytes = 2;
  bool bias = false, divided = false;  // divided: each rank has a part of every expert

  std::uint64_t rows() const { return up ? parts * intermediate : hidden; }  // output features of one expert
  std::uint64_t cols() const { return up ? hidden : intermediate; }
  Bytes elements() const { return experts * rows() * cols(); }
  Bytes groups(std::uint32_t size) const { return size ? cols() / size : 1; }
};

std::uint64_t to(std::uint64_t value, std::uint64_t multiple) { return round_up(value, multiple); }

Result<Side> side_of(const Context& context, std::span<const Weights> parts) {
  const auto& first = parts.front();
  const auto& parallel = context.parallel;
  Side out;
  out.up = first.inner == VRAMAUTO_SPLIT_ROWS;
  out.parts = parts.size();
  out.hidden = out.up ? first.cols : first.rows;
  out.intermediate = out.up ? first.rows : first.cols;
  out.element_bytes = context.element_bytes();
  out.bias = first.flags & VRAMAUTO_BIAS;
  out.experts = first.copies;
  if (parallel.expert_parallel) {
    // fused_moe/expert_map_manager.py, determine_expert_map: the first ranks have one more where they do not come out even.
    out.experts = parallel.experts_on_rank(first.copies);
    return out;
  }
  const auto ranks = parallel.expert_ranks();
  out.divided = ranks > 1;
  if (out.intermediate % ranks != 0)
    return fail(VRAMAUTO_E_UNSUPPORTED, parallel.dp > 1 ? "data-parallel-size" : "tensor-parallel-size",
                "the intermediate size {} of experts is not divisible by {}", out.intermediate, ranks);
  out.intermediate /= ranks;
  // vLLM 0.33, models/kimi_k3/nvidia/model.py, KimiMoE: narrower parts are padded.
  if (out.divided) out.intermediate = std::max<std::uint64_t>(out.intermediate, context.architecture->least_expert_width);
  return out;
}

// Whether experts turn by SiLU or squared ReLU, which is what kernels of Blackwell are made for.
bool plain_activation(const Context& context) {
  const auto& root = context.model->config.root();
  const auto* text = root.find("text_config");
  for (const auto* object : {text, &root})
    for (const std::string_view key : {"hidden_act", "hidden_activation", "mlp_hidden_act"}) {
      const auto* value = object && object->is(json::Type::object) ? object->find(key) : nullptr;
      if (value && value->is(json::Type::string)) return value->text == "silu" || value->text == "relu2";
    }
  return true;
}

// oracle/unquantized.py: FlashInfer's TRT-LLM kernels are the first choice on data-centre Blackwell.
void round_plain(const Context& context, Side& side) {
  const bool trtllm =
      context.profile->from >= kPaddedPlain && context.capability() / 10 == 10 && !side.bias && plain_activation(context);
  if (trtllm) side.intermediate = to(side.intermediate, 128);
}

// oracle/mxfp4.py, mxfp4_round_up_hidden_size_and_intermediate_size, for the first kernel a GPU has: TRT-LLM's on data-centre
// Blackwell, Triton's on Hopper, Marlin's elsewhere.
void round_mxfp4(const Context& context, Side& side) {
  const auto generation = context.capability() / 10;
  if (generation == 9) {
    side.intermediate = to(side.intermediate, 64);
    return;
  }
  const bool wide = generation == 10 && context.profile->from < kNarrowMxfp4;
  side.intermediate = to(side.intermediate, wide ? 256 : 128);
  side.hidden = to(side.hidden, 256);
}

void round_sizes(const Context& context, const Format& format, Side& side) {
  if (format.scheme == Scheme::none) return round_plain(context, side);
  if (format.scheme == Scheme::mxfp4 && format.kernel_sizes) return round_mxfp4(context, side);
  // online/fp8.py, Fp8PerBlockOnlineMoEMethod
  if (format.scheme == Scheme::fp8 && format.online && format.scales == Scales::block) {
    side.hidden = to(side.hidden, format.block_n);
    side.intermediate = to(side.intermediate, format.block_n);
  }
}

// Scales of FP8 blocks. Where a rank's part of an expert ends within a block, releases from 0.29 on cut the blocks smaller
// (oracle/fp8.py, refine_fp8_moe_block_shape), others refuse: utils/fp8_utils.py, validate_fp8_block_shape_moe.
Result<Bytes> block_scales(const Context& context, const Format& format, const Side& side) {
  std::uint64_t block_n = format.block_n, block_k = format.block_k;
  const auto size = side.intermediate;
  const bool whole = size % block_n == 0 && (!side.divided || size % block_k == 0);
  if (!whole) {
    const auto finer = std::gcd(std::gcd(block_n, block_k), std::gcd(size, side.hidden));
    if (context.profile->from < kFinerBlocks || !format.finer_blocks || finer < 32)
      return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size",
                  "The {} weight = {} is not divisible by weight quantization {} = {}.",
                  size % block_n ? "output_size of gate's and up's" : "input_size of down's", size,
                  size % block_n ? "block_n" : "block_k", size % block_n ? block_n : block_k);
    block_n = block_k = finer;
  }
  const auto rows = side.up ? side.parts * ceil_div(size, block_n) : ceil_div(side.hidden, block_n);
  return side.experts * rows * ceil_div(side.cols(), block_k) * kFloat;
}

// fp8.py, Fp8MoEMethod; compressed_tensors_moe_w8a8_fp8.py; modelopt.py, ModelOptFp8MoEMethod.
Result<void> fp8(const Context& context, const Format& format, const Side& side, Tensors& out) {
  out.add(side.elements());
  if (format.scales == Scales::block)
    out.add(TRY(block_scales(context, format, side)));
  else
    out.add(side.experts * (format.scales == Scales::channel ? side.rows() : side.up ? side.parts : 1) * kFloat);
  if (format.static_input) out.add(side.experts * kFloat);
  return {};
}

Result<void> check_groups(const Format& format, const Side& side) {
  if (!format.group || side.cols() % format.group == 0) return {};
  return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size",
              "the MoE intermediate size per tensor-parallel partition ({}) must be divisible by group_size ({})", side.cols(),
              format.group);
}

// compressed_tensors_moe_wna16.py. Two numbers of the shape each, in the model's own type. Up to 0.29 the order of the inputs is
// created whether there is one or not, twice.
Result<void> packed(const Context& context, const Format& format, const Side& side, Tensors& out) {
  const auto from = context.profile->from;
  if (from >= kGroupsChecked) TRY(check_groups(format, side));
  out.add(side.experts * (side.cols() / (32 / format.bits)) * side.rows() * kWord);
  out.add(side.experts * side.groups(format.group) * side.rows() * side.element_bytes);
  if (format.zero_points && from >= kZeroPoints)
    out.add(side.experts * side.groups(format.group) * (side.rows() / (32 / format.bits)) * kWord);
  out.add(side.experts * 2 * side.element_bytes);
  if (from < kNoInputOrder) out.add(2 * side.experts * side.cols() * kWord);
  return {};
}

// utils/marlin_utils.py, check_moe_marlin_supports_layer.
bool has_marlin(const Context& context, const Format& format, const Side& side) {
  const auto group = std::max<std::uint64_t>(context.profile->from < kAutoGptq ? 64 : 1, format.group);
  return side.hidden % 128 == 0 && side.intermediate % group == 0 &&
         (format.group == 0 || format.group == 32 || format.group == 64 || format.group == 128);
}

// moe_wna16.py: groups are halved until they divide both sizes.
void wna16(const Format& format, const Side& side, Tensors& out) {
  std::uint64_t group = format.group ? format.group : side.cols();
  while (group > 32 && (side.intermediate % group || side.hidden % group)) group /= 2;
  const auto groups = side.cols() / group;
  out.add(side.elements() * format.bits / 8);
  out.add(side.experts * side.rows() * groups * side.element_bytes);
  if (format.scheme == Scheme::awq || format.zero_points) out.add(side.experts * (side.rows() * format.bits / 8) * groups);
}

// auto_gptq.py, AutoGPTQMoEMethod; up to 0.21 gptq_marlin.py, GPTQMarlinMoEMethod. Up to 0.26 zeros are of the model's type.
void gptq(const Context& context, const Format& format, const Side& side, Tensors& out) {
  const bool old = context.profile->from < kAutoGptq;
  const std::uint64_t pack = 32 / format.bits;
  out.add(side.experts * (side.cols() / pack) * side.rows() * kWord);
  out.add(side.experts * side.groups(format.group) * side.rows() * side.element_bytes);
  out.add(side.experts * side.groups(format.group) * (side.rows() / pack) * (old ? side.element_bytes : kWord));
  if (context.profile->from < kNoInputOrder) out.add(2 * side.experts * side.cols() * kWord);
}

// auto_awq.py, AutoAWQMoEMethod.
void awq(const Format& format, const Side& side, Tensors& out) {
  const std::uint64_t pack = 32 / format.bits;
  out.add(side.experts * side.cols() * (side.rows() / pack) * kWord);
  out.add(side.experts * side.groups(format.group) * side.rows() * side.element_bytes);
  out.add(side.experts * side.groups(format.group) * (side.rows() / pack) * kWord);
}

// modelopt.py, ModelOptNvFp4FusedMoE; compressed_tensors_moe_w4a4_nvfp4.py.
void nvfp4(const Format& format, const Side& side, Tensors& out) {
  const auto scalars = side.experts * (side.up ? side.parts : 1) * kFloat;
  out.add(side.experts * side.rows() * (side.cols() / 2));
  out.add(side.experts * side.rows() * (side.cols() / std::max(1u, format.group)));
  out.add(scalars);
  out.add(scalars);
}

// mxfp4.py; modelopt.py, ModelOptMxFp8FusedMoE; compressed_tensors_moe_w8a8_mxfp8.py. One scale for 32.
Result<void> microscaled(const Format& format, const Side& side, Tensors& out) {
  if (side.cols() % 32 != 0 && format.scheme == Scheme::mxfp8)
    return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size",
                "MXFP8 MoE requires intermediate_size_per_partition divisible by 32, got {}.", side.cols());
  out.add(side.experts * side.rows() * (format.scheme == Scheme::mxfp4 ? side.cols() / 2 : side.cols()));
  out.add(side.experts * side.rows() * (side.cols() / 32));
  return {};
}

// bitsandbytes.py (0.19.1), _create_weights_4bit: flat. Scales of 64 are taken apart while loading.
Result<void> bnb(const Format& format, const Side& side, Tensors& out) {
  if (format.scheme == Scheme::bnb8)
    return fail(VRAMAUTO_E_UNSUPPORTED, "quantization_config",
                "found experts with 8 bits of bitsandbytes, expected 4: vLLM has no kernel for others (NotImplementedError)");
  out.add(side.elements() / side.element_bytes);
  out.late = ceil_div(side.elements(), 64) * kFloat;
  return {};
}

// gguf.py (0.19.1): rows of blocks, and one byte with their type.
void gguf(const Format& format, const Side& side, Tensors& out) {
  const auto block = block_of(format.bits);
  out.add(side.experts * side.rows() * (side.cols() * block.bytes / block.elements));
  out.add(1);
}

Result<void> weights_of(const Context& context, const Format& format, const Side& side, Tensors& out) {
  switch (format.scheme) {
    case Scheme::none:
      out.add(side.elements() * side.element_bytes);
      return {};
    case Scheme::fp8:
      return fp8(context, format, side, out);
    case Scheme::int8:
      out.add(side.elements());
      out.add(side.experts * side.rows() * kFloat);
      return {};
    case Scheme::packed:
      return packed(context, format, side, out);
    case Scheme::gptq:
      has_marlin(context, format, side) ? gptq(context, format, side, out) : wna16(format, side, out);
      return {};
    case Scheme::awq:
      has_marlin(context, format, side) ? awq(format, side, out) : wna16(format, side, out);
      return {};
    case Scheme::nvfp4:
      nvfp4(format, side, out);
      return {};
    case Scheme::mxfp4:
    case Scheme::mxfp8:
      return microscaled(format, side, out);
    case Scheme::bnb4:
    case Scheme::bnb8:
      return bnb(format, side, out);
    case Scheme::gguf:
      gguf(format, side, out);
      return {};
  }
  return {};
}

}  // namespace

namespace {

// Triton's layout of 4 bit values for Hopper, up to 0.14, pads their inputs to 256: 2880 become 3072. Scales stay as they are.
// Measured: gpt-oss-120b at 0.11.0 and 0.14.1, 64.40 against 64.38 GiB. Later layouts were not measured.
Bytes swizzled(const Context& context, const Format& format, const Side& side) {
  constexpr Version kWithoutPadding{0, 15, 0};
  const bool pads = format.scheme == Scheme::mxfp4 && context.capability() / 10 == 9 && context.profile->from < kWithoutPadding;
  return pads ? side.experts * side.rows() * (to(side.cols(), 256) - side.cols()) / 2 : 0;
}

}  // namespace

Result<Tensors> expert_tensors(const Context& context, const Format& format, std::span<const Weights> parts) {
  auto side = TRY(side_of(context, parts));
  round_sizes(context, format, side);
  Tensors out;
  TRY(weights_of(context, format, side, out));
  out.late += swizzled(context, format, side);
  // GPTQ's method creates them for every model, and lets go of them where the files have none.
  const bool always = format.scheme == Scheme::gptq && context.profile->from >= kAutoGptq && has_marlin(context, format, side);
  if (side.bias || always) out.add(side.experts * side.rows() * side.element_bytes);
  return out;
}

Bytes expert_map_bytes(const Context& context, const StageRange& stage) {
  if (!context.parallel.expert_parallel) return 0;
  Bytes out = 0;
  for (const auto& weights : context.blueprint->weights)
    if (weights.role == VRAMAUTO_ROLE_EXPERT && weights.inner == VRAMAUTO_SPLIT_COLS && !(weights.flags & VRAMAUTO_DRAFT))
      out += Bytes{weights.copies} * sizeof(std::int32_t) * layers_within(weights.layers, stage.first, stage.count);
  return out;
}

}  // namespace vramauto::engine::vllm
