// What latent attention holds from its construction on, beside its weights.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

// E_UNSUPPORTED where the engine reads a width of its latents that none of its kernels takes.
Result<void> check_latents(const Context& context);

// Of a stage. Both count as weights in the engine's log.
struct LatentBuffers {
  Bytes workspace = 0;  // of the kernel
  Bytes sparse = 0;     // for what the indexers select
};
LatentBuffers latent_buffers(const Context& context, const StageRange& range);

// A position table in float32: where the kernel of DeepSeek's YaRN runs as an operator of its own.
bool has_wide_table(const Context& context, const vramauto_weights& weights, std::string_view pattern);

}  // namespace vramauto::engine::vllm
