// One rank's bill: every amount named, best value and bounds.
#pragma once

#include "engine/vllm/cache.hpp"
#include "engine/vllm/context.hpp"
#include "engine/vllm/footprint.hpp"

namespace vramauto::engine::vllm {

// What all ranks of a pipeline stage share; device and numbering are left out.
Result<Rank> price_stage(const Context& context, const CacheLayout& layout, std::uint32_t stage);

// Puts a rank on its device: what is free at the start, and what others there take from the budget.
void place(const Context& context, const Startup& startup, const detect::Device* device, Rank& rank);

}  // namespace vramauto::engine::vllm
