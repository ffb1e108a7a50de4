// Attention kernels as far as the cache shows them: how many tokens their blocks hold, and how they pack what they read.
#pragma once

#include "engine/vllm/context.hpp"
#include "engine/vllm/dtypes.hpp"

namespace vramauto::engine::vllm {

struct Kernel {
  std::string_view name;
  std::uint32_t block = 16;       // tokens: smallest block it reads
  std::uint32_t entry_bytes = 0;  // of one packed latent entry; 0: plain numbers
  std::uint32_t page_unit = 1;    // bytes a block is rounded up to
};

// Whether layers own this cache: not where they use another's, nor those that draft unless they are loaded.
bool has_cache(const Context& context, const vramauto_cache& cache);

// The kernel that reads a latent cache. E_UNSUPPORTED where vLLM has none for this GPU and cache dtype.
Result<Kernel> latent_kernel(const Context& context, const vramauto_cache& cache, const CacheNumbers& numbers);

// Tokens of a block of this model before states are aligned and pages are unified: 16 unless a kernel or --block-size says
// otherwise.
Result<std::uint32_t> configured_block(const Context& context, const CacheNumbers& numbers);

// Smallest block that every attention kernel of the model reads.
Result<std::uint32_t> kernel_block(const Context& context, const CacheNumbers& numbers);

}  // namespace vramauto::engine::vllm
