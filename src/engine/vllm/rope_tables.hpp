// Tables of rotary positions on a stage.
#pragma once

#include <vector>

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

// Bytes of each table, in the order they are made: one for all layers of the stage that share it. transformers keeps the
// frequencies instead, twice and in float32: transformers 5.24, modeling_rope_utils.py (inv_freq, original_inv_freq).
std::vector<Bytes> rope_tables(const Context& context, const StageRange& range);

}  // namespace vramauto::engine::vllm
