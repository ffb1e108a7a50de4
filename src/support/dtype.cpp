#include "support/dtype.hpp"

#include <algorithm>
#include <array>

namespace vramauto {

namespace {

struct Named {
  std::string_view name;
  vramauto_dtype dtype;
};

// safetensors 0.6, tensor.rs, enum Dtype. Types that engines never compute with stand for their width: memory is all we ask.
constexpr std::array kSafetensors = {
    Named{"BF16", VRAMAUTO_BF16},       Named{"F16", VRAMAUTO_F16},         Named{"F32", VRAMAUTO_F32},
    Named{"F64", VRAMAUTO_F64},         Named{"F8_E4M3", VRAMAUTO_F8_E4M3}, Named{"F8_E5M2", VRAMAUTO_F8_E5M2},
    Named{"F8_E8M0", VRAMAUTO_F8_E8M0}, Named{"F4", VRAMAUTO_F4},           Named{"I8", VRAMAUTO_I8},
    Named{"U8", VRAMAUTO_U8},           Named{"I16", VRAMAUTO_I16},         Named{"I32", VRAMAUTO_I32},
    Named{"I64", VRAMAUTO_I64},         Named{"BOOL", VRAMAUTO_BOOL},       Named{"U16", VRAMAUTO_I16},
    Named{"U32", VRAMAUTO_I32},         Named{"U64", VRAMAUTO_I64},         Named{"C64", VRAMAUTO_I64}};

// PyTorch's names and the aliases it and vLLM accept (torch.half, "bf16").
constexpr std::array kTorch = {Named{"bfloat16", VRAMAUTO_BF16},
                               Named{"float16", VRAMAUTO_F16},
                               Named{"float32", VRAMAUTO_F32},
                               Named{"float64", VRAMAUTO_F64},
                               Named{"float8_e4m3fn", VRAMAUTO_F8_E4M3},
                               Named{"float8_e5m2", VRAMAUTO_F8_E5M2},
                               Named{"float8_e8m0fnu", VRAMAUTO_F8_E8M0},
                               Named{"float4_e2m1fn_x2", VRAMAUTO_F4},
                               Named{"int64", VRAMAUTO_I64},
                               Named{"int32", VRAMAUTO_I32},
                               Named{"int16", VRAMAUTO_I16},
                               Named{"int8", VRAMAUTO_I8},
                               Named{"uint8", VRAMAUTO_U8},
                               Named{"bool", VRAMAUTO_BOOL},
                               Named{"half", VRAMAUTO_F16},
                               Named{"float", VRAMAUTO_F32},
                               Named{"double", VRAMAUTO_F64},
                               Named{"bf16", VRAMAUTO_BF16},
                               Named{"fp16", VRAMAUTO_F16},
                               Named{"fp32", VRAMAUTO_F32},
                               Named{"float8_e4m3fnuz", VRAMAUTO_F8_E4M3},
                               Named{"float8_e5m2fnuz", VRAMAUTO_F8_E5M2},
                               Named{"uint16", VRAMAUTO_I16},
                               Named{"uint32", VRAMAUTO_I32},
                               Named{"uint64", VRAMAUTO_I64},
                               Named{"long", VRAMAUTO_I64}};

// Sources: ggml, ggml-common.h, and gguf 0.19, constants.py, GGML_QUANT_SIZES. Types that are gone have no row.
struct Ggml {
  std::uint16_t type, elements, bytes;
};
constexpr Ggml kBlocks[] = {{2, 32, 18},   {3, 32, 20},    {6, 32, 22},    {7, 32, 24},    {8, 32, 34},    {9, 32, 40},
                            {10, 256, 84}, {11, 256, 110}, {12, 256, 144}, {13, 256, 176}, {14, 256, 210}, {15, 256, 292},
                            {16, 256, 66}, {17, 256, 74},  {18, 256, 98},  {19, 256, 50},  {20, 32, 18},   {21, 256, 110},
                            {22, 256, 82}, {23, 256, 136}, {29, 256, 56},  {34, 256, 54},  {35, 256, 66},  {39, 32, 17},
                            {40, 64, 36},  {41, 128, 18}};

template <std::size_t N>
vramauto_dtype named(const std::array<Named, N>& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Named& entry) { return entry.name == name; });
  return found == table.end() ? 0 : found->dtype;
}

}  // namespace

std::uint32_t bits_of(vramauto_dtype dtype) {
  switch (dtype) {
    case VRAMAUTO_F64:
    case VRAMAUTO_I64:
      return 64;
    case VRAMAUTO_F32:
    case VRAMAUTO_I32:
      return 32;
    case VRAMAUTO_F16:
    case VRAMAUTO_BF16:
    case VRAMAUTO_I16:
      return 16;
    case VRAMAUTO_F8_E4M3:
    case VRAMAUTO_F8_E5M2:
    case VRAMAUTO_F8_E8M0:
    case VRAMAUTO_I8:
    case VRAMAUTO_U8:
    case VRAMAUTO_BOOL:
      return 8;
    case VRAMAUTO_F4:
      return 4;
    default:
      return 0;
  }
}

Block block_of(vramauto_dtype dtype) {
  if (const auto bits = bits_of(dtype)) return bits == 4 ? Block{2, 1} : Block{1, bits / 8};
  for (const auto& row : kBlocks)
    if (kGgml + row.type == dtype) return {row.elements, row.bytes};
  return {};
}

vramauto_dtype dtype_from_ggml(std::uint32_t type) {
  constexpr vramauto_dtype kIntegers[] = {VRAMAUTO_I8, VRAMAUTO_I16, VRAMAUTO_I32, VRAMAUTO_I64, VRAMAUTO_F64};
  constexpr std::uint32_t kFirstInteger = 24, kBf16 = 30;
  if (type < 2) return type ? vramauto_dtype{VRAMAUTO_F16} : vramauto_dtype{VRAMAUTO_F32};
  if (type >= kFirstInteger && type - kFirstInteger < std::size(kIntegers)) return kIntegers[type - kFirstInteger];
  if (type == kBf16) return VRAMAUTO_BF16;
  return type < kGgml && block_of(kGgml + type).elements ? kGgml + type : 0;
}

vramauto_dtype dtype_from_safetensors(std::string_view name) { return named(kSafetensors, name); }

vramauto_dtype dtype_from_torch(std::string_view name) {
  constexpr std::string_view prefix = "torch.";
  if (name.substr(0, prefix.size()) == prefix) name.remove_prefix(prefix.size());
  return named(kTorch, name);
}

std::string_view torch_name(vramauto_dtype dtype) {
  const auto found = std::find_if(kTorch.begin(), kTorch.end(), [&](const Named& entry) { return entry.dtype == dtype; });
  return found == kTorch.end() ? "unknown" : found->name;
}

}  // namespace vramauto
