// Element types: names as files write them, widths as engines count them.
#pragma once

#include <cstdint>
#include <string_view>

#include "vramauto/vramauto.h"

namespace vramauto {

// Bits of one element; 0 for unknown. VRAMAUTO_F4 is 4.
std::uint32_t bits_of(vramauto_dtype dtype);
constexpr std::uint64_t bytes_of(std::uint32_t bits, std::uint64_t elements) { return (elements * bits + 7) / 8; }

vramauto_dtype dtype_from_safetensors(std::string_view name);  // "BF16"; 0 when unknown
vramauto_dtype dtype_from_torch(std::string_view name);        // "bfloat16", "torch.bfloat16", "half"; 0 when unknown
std::string_view torch_name(vramauto_dtype dtype);             // "bfloat16"

}  // namespace vramauto
