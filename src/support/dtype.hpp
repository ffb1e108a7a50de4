// Element types: names as files write them, widths as engines count them.
#pragma once

#include <cstdint>
#include <string_view>

#include "vramauto/vramauto.h"

namespace vramauto {

// Bits of one element; 0 for unknown. VRAMAUTO_F4 is 4.
std::uint32_t bits_of(vramauto_dtype dtype);
constexpr std::uint64_t bytes_of(std::uint32_t bits, std::uint64_t elements) { return (elements * bits + 7) / 8; }

// Elements that are stored together, and the bytes they take: {1, 2} of a plain 16 bit type, {256, 144} of ggml's Q4_K; {0, 0} of
// what is not known.
struct Block {
  std::uint32_t elements = 0, bytes = 0;
};
Block block_of(vramauto_dtype dtype);
constexpr std::uint64_t bytes_of(Block block, std::uint64_t elements) {
  return block.elements ? (elements / block.elements + (elements % block.elements != 0)) * block.bytes : 0;
}

inline constexpr vramauto_dtype kGgml = 100;         // ggml's type 0; its plain types stand for ours
vramauto_dtype dtype_from_ggml(std::uint32_t type);  // 0 when unknown

vramauto_dtype dtype_from_safetensors(std::string_view name);  // "BF16"; 0 when unknown
vramauto_dtype dtype_from_torch(std::string_view name);        // "bfloat16", "torch.bfloat16", "half"; 0 when unknown
std::string_view torch_name(vramauto_dtype dtype);             // "bfloat16"

}  // namespace vramauto
