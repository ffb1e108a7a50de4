// Sources: vLLM 0.33, platforms/cuda.py, _get_backend_priorities; v1/attention/backends and its mla folder,
// get_supported_kernel_block_sizes, supported_kv_cache_dtypes, supports_compute_capability; platforms/interface.py,
// _preferred_block_size_for_backends.
#include "engine/vllm/kernels.hpp"

#include <algorithm>
#include <array>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr std::uint32_t kDefaultBlock = 16;  // vLLM 0.33, config/cache.py, DEFAULT_BLOCK_SIZE
constexpr std::uint32_t kPrefixLm = 1;       // vramauto_traits.flags

// Numbers of a latent cache that a kernel reads, as bits.
constexpr std::uint8_t kPlain = 1, kFp8ByName = 2, kFp8Declared = 4, kFp8Packed = 8, kFp4Packed = 16;
constexpr std::uint8_t kFp8 = kFp8ByName | kFp8Declared, kAll = kPlain | kFp8;

std::uint8_t kind_of(const Context& context, const CacheNumbers& numbers) {
  if (numbers.name == "fp8_ds_mla") return kFp8Packed;
  if (numbers.name == "nvfp4_ds_mla") return kFp4Packed;
  if (numbers.extra_bytes == 0 && numbers.bits >= 16) return kPlain;
  if (numbers.name != "fp8_e4m3") return 0;
  // "fp8" by name stands for the packed layout where a kernel has one; what a checkpoint declares is fp8_e4m3.
  return context.workload->kv_cache_dtype == "fp8" ? kFp8ByName : kFp8Declared;
}

struct Row {
  Kernel kernel;
  bool sparse;
  std::uint32_t least, below;  // compute capability
  std::uint8_t numbers;
  Version since, until;
};

constexpr Version kFirst{}, kLast{~0u, 0, 0};

// In the order in which the engine tries them.
constexpr std::array kLatent = {
    Row{{"FLASHINFER_MLA", 64}, false, 100, 110, kAll, kFirst, {0, 15, 0}},
    Row{{"FLASHINFER_MLA", 32}, false, 100, 110, kAll, {0, 15, 0}, kLast},
    Row{{"CUTLASS_MLA", 128}, false, 100, 110, kAll, kFirst, kLast},
    Row{{"FLASH_ATTN_MLA", 16}, false, 90, 100, kPlain, kFirst, kLast},
    Row{{"FLASHMLA", 64}, false, 90, 110, kAll, kFirst, kLast},
    Row{{"TRITON_MLA", 16}, false, 0, 89, kPlain, kFirst, kLast},
    Row{{"TRITON_MLA", 16}, false, 89, 200, kAll, kFirst, kLast},
    Row{{"FLASHMLA_SPARSE", 64}, true, 100, 110, kPlain, kFirst, kLast},
    Row{{"FLASHINFER_MLA_SPARSE", 64}, true, 100, 110, kFp8, kFirst, kLast},
    Row{{"FLASH_ATTN_MLA_SPARSE", 64}, true, 90, 100, kPlain, {0, 25, 0}, kLast},
    Row{{"FLASHMLA_SPARSE", 64, 656}, true, 90, 110, kFp8ByName | kFp8Packed, kFirst, kLast},
    Row{{"FLASHMLA_SPARSE", 64, 352}, true, 100, 110, kFp4Packed, {0, 30, 0}, kLast},
    Row{{"FLASHMLA_SPARSE", 64}, true, 90, 100, kPlain, kFirst, kLast},
    Row{{"FLASHINFER_MLA_SPARSE_SM90", 64}, true, 90, 100, kFp8, {0, 30, 0}, kLast},
    Row{{"FLASHINFER_MLA_SPARSE_SM120", 64, 656}, true, 120, 130, kFp8 | kFp8Packed, {0, 24, 0}, kLast},
};

// Whole blocks only: a block may hold several of a kernel's.
bool reads(const Row& row, const Context& context, std::uint8_t numbers, bool sparse) {
  const auto capability = context.capability();
  const auto& since = context.profile->from;
  const auto& asked = context.workload->attention_backend;
  const auto block = context.workload->block_size.value_or(row.kernel.block);
  return row.sparse == sparse && capability >= row.least && capability < row.below && (row.numbers & numbers) != 0 &&
         row.since <= since && since < row.until && block % row.kernel.block == 0 && (asked.empty() || asked == row.kernel.name);
}

// Dense attention takes 16 tokens, but heads of 512 need 64 from 0.31 on: on Hopper with an fp8 cache, on compute capability 10
// with prefix-LM attention. vLLM 0.33, v1/attention/backends, get_supported_kernel_block_sizes.
std::uint32_t dense_block(const Context& context, const vramauto_cache& cache, const CacheNumbers& numbers) {
  const auto capability = context.capability();
  const bool hopper = capability >= 90 && capability < 100, blackwell = capability >= 100 && capability < 120;
  const bool prefix_lm = (context.blueprint->traits.flags & kPrefixLm) != 0;
  const bool wide = cache.k_dim == 512 && context.profile->from >= Version{0, 31, 0};
  return wide && (blackwell ? prefix_lm : hopper && numbers.bits == 8) ? 64 : kDefaultBlock;
}

}  // namespace

bool has_cache(const Context& context, const vramauto_cache& cache) {
  return !(cache.flags & VRAMAUTO_BORROWED) && (context.draft_layers || !(cache.flags & VRAMAUTO_DRAFT));
}

// DeepSeek-V4's classes keep one layout of their own: 448 fp8 numbers, 64 of 16 bit and 8 bytes of scales, pages rounded up to
// 576 bytes. vLLM 0.33, models/deepseek_v4/attention.py.
Result<Kernel> latent_kernel(const Context& context, const vramauto_cache& cache, const CacheNumbers& numbers) {
  constexpr std::uint32_t kPackedEntry = 584, kPackedUnit = 576, kIndexerBlock = 64;
  const bool sparse = (cache.flags & VRAMAUTO_SPARSE) != 0;
  if (context.architecture->compressed_cache && sparse) return Kernel{"FLASHMLA_SPARSE", kIndexerBlock, kPackedEntry, kPackedUnit};
  const auto kind = kind_of(context, numbers);
  for (const auto& row : kLatent)
    if (reads(row, context, kind, sparse)) return row.kernel;
  return fail(VRAMAUTO_E_UNSUPPORTED, "kv-cache-dtype",
              "found {}: vLLM {} has no kernel that reads a {}latent cache of it on compute capability {}.{}", numbers.name,
              context.profile->name, sparse ? "sparse " : "", context.capability() / 10, context.capability() % 10);
}

Result<std::uint32_t> kernel_block(const Context& context, const CacheNumbers& numbers) {
  constexpr std::uint32_t kIndexerBlock = 64;  // v1/attention/backends/mla/indexer.py
  std::uint32_t out = 1;
  for (const auto& cache : context.blueprint->caches) {
    if (!has_cache(context, cache) || cache.kind == VRAMAUTO_CACHE_STATE || cache.kind == VRAMAUTO_CACHE_RING) continue;
    std::uint32_t block = cache.kind == VRAMAUTO_CACHE_INDEXER ? kIndexerBlock : dense_block(context, cache, numbers);
    if (cache.kind == VRAMAUTO_CACHE_LATENT) block = TRY(latent_kernel(context, cache, numbers)).block;
    out = std::max(out, block);  // all are powers of two: the larger is the common multiple
  }
  return out;
}

Result<std::uint32_t> configured_block(const Context& context, const CacheNumbers& numbers) {
  const auto least = TRY(kernel_block(context, numbers));
  if (const auto asked = context.workload->block_size) {
    const auto& caches = context.blueprint->caches;
    const bool dense = std::any_of(caches.begin(), caches.end(), [&](const auto& cache) {
      return has_cache(context, cache) && (cache.kind == VRAMAUTO_CACHE_FULL || cache.kind == VRAMAUTO_CACHE_SLIDING);
    });
    if (dense && context.profile->v1 && *asked % kDefaultBlock != 0)
      return fail(VRAMAUTO_E_UNSUPPORTED, "block-size",
                  "found {}, expected a multiple of {}: no attention kernel reads other blocks", *asked, kDefaultBlock);
    return static_cast<std::uint32_t>(*asked);
  }
  if (context.architecture->compressed_cache) return context.architecture->compressed_cache;
  return std::max(kDefaultBlock, least);
}

}  // namespace vramauto::engine::vllm
