// Temporary memory of layers that are more than a dense decoder's: experts, latent attention.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

// Two buffers that the kernels of all expert layers share. They stay after the profile run (0.13 on), so every phase has them.
struct ExpertWorkspace {
  Amount amount;
  bool stays = true;
};
ExpertWorkspace expert_workspace(const Context& context);

// What latent attention multiplies back to keys and values while it reads a cached prefix, as the profile run allocates it.
Bytes latent_workspace(const Context& context);

}  // namespace vramauto::engine::vllm
