#include "engine/vllm/pages.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/kernels.hpp"
#include "engine/vllm/profiles.hpp"
#include "support/dtype.hpp"

namespace vramauto::engine::vllm {
namespace {

bool is_latent(const vramauto_cache& cache) { return cache.kind == VRAMAUTO_CACHE_LATENT; }

// With fewer KV heads than ranks the engine repeats heads rather than split them. vLLM 0.33, config/model.py, get_num_kv_heads.
std::uint32_t heads_on_rank(const vramauto_cache& cache, std::uint32_t tp) {
  const bool whole = is_latent(cache) || cache.kind == VRAMAUTO_CACHE_INDEXER || cache.kind == VRAMAUTO_CACHE_RING;
  return whole ? std::max(1u, cache.heads) : std::max(1u, cache.heads / tp);
}

Unexpected no_size(const Context& context, const vramauto_cache& cache) {
  return fail(VRAMAUTO_E_LIMIT, context.blueprint->architecture,
              "a cache of {} heads of {} and {} elements has no size that fits 64 bits", cache.heads, cache.k_dim, cache.v_dim);
}

// Keys of an indexer: fp8 with scales, as described, or the model's numbers.
Bytes indexer_bytes(const Context& context, const vramauto_cache& cache) {
  return cache.entry_bytes ? cache.entry_bytes : Bytes{std::max(1u, cache.heads)} * cache.k_dim * context.element_bytes();
}

// vLLM 0.33, v1/kv_cache_interface.py, AttentionSpec.unpadded_page_size_bytes; V was taken to be as wide as K up to 0.11, in
// windows up to 0.19, in chunks up to 0.27.
Bytes dense_bytes(const Context& context, const vramauto_cache& cache, const CacheNumbers& numbers) {
  const auto since = cache.kind == VRAMAUTO_CACHE_SLIDING   ? Version{0, 20, 0}
                     : cache.kind == VRAMAUTO_CACHE_CHUNKED ? Version{0, 28, 0}
                                                            : Version{0, 12, 0};
  const bool v_like_k = context.architecture->pads_values || context.profile->from < since;
  const Bytes width = Bytes{cache.k_dim} + (v_like_k ? cache.k_dim : cache.v_dim);
  if (numbers.key_bits) return heads_on_rank(cache, context.parallel.tp) * numbers.packed(cache.k_dim);
  return heads_on_rank(cache, context.parallel.tp) * (numbers.of(width) + numbers.extra_bytes);
}

Bytes ring_row(const Context& context, const vramauto_cache& cache) {
  const auto dtype = cache.state_dtype ? cache.state_dtype : context.dtype;
  return Bytes{std::max(1u, cache.heads)} * (Bytes{cache.k_dim} + cache.v_dim) * (bits_of(dtype) / 8);
}

Reach reach_of(const vramauto_cache& cache) {
  switch (cache.kind) {
    case VRAMAUTO_CACHE_SLIDING:
      return Reach::window;
    case VRAMAUTO_CACHE_LATENT:
    case VRAMAUTO_CACHE_INDEXER:
      return cache.window ? Reach::window : Reach::whole;
    case VRAMAUTO_CACHE_CHUNKED:
      return Reach::chunk;
    case VRAMAUTO_CACHE_CROSS:
      return Reach::encoder;
    case VRAMAUTO_CACHE_RING:
      return cache.window ? Reach::window : Reach::blocks;
    default:
      return Reach::whole;
  }
}

// Rows of raw keys that wait to be compressed. With a window they are paged like one: blocks of 4 tokens where 4 are compressed
// to one, of 8 else (vLLM 0.33, models/deepseek_v4/compressor.py, CompressorStateCache). Without they are a ring of its own for
// each request, with room for drafts: whole groups, or, where one or two tokens are compressed, a power of two from 8 on
// (models/glm5next/common/attention.py, models/deepseek_v41/compressor.py).
std::uint32_t ring_block(const Context& context, const vramauto_cache& cache) {
  const auto group = std::max(1u, cache.compress);
  if (cache.window) return group == 4 ? 4 : 8;
  if (group <= 2) return std::max(8u, std::bit_ceil(context.draft_tokens + 2));
  return group * std::bit_ceil(static_cast<std::uint32_t>(ceil_div(group + context.draft_tokens, group)));
}

Result<Bucket> state_bucket(const Context& context, const vramauto_cache& cache, const PagePlan& plan) {
  Bucket out;
  out.kind = VRAMAUTO_CACHE_STATE;
  out.reach = plan.mode == StateMode::all ? Reach::states : Reach::blocks;
  out.blocks = state_blocks(context, cache, plan.mode);
  out.block_tokens = plan.state_block;
  out.page = std::max(plan.state_page, TRY(state_bytes(context, cache)));
  return out;
}

// Windows of latents beside compressed ones are paged apart: vLLM 0.33, v1/attention/backends/mla/sparse_swa.py.
std::uint32_t block_of(const Context& context, const vramauto_cache& cache, std::uint32_t block) {
  constexpr std::uint32_t kWindowBlock = 64;
  const bool compressed = context.architecture->compressed_cache;
  if (cache.kind == VRAMAUTO_CACHE_RING) return ring_block(context, cache);
  return compressed && is_latent(cache) && cache.window ? kWindowBlock : block;
}

}  // namespace

Result<Bytes> token_bytes(const Context& context, const vramauto_cache& cache, const CacheNumbers& numbers) {
  if (cache.kind == VRAMAUTO_CACHE_INDEXER) return indexer_bytes(context, cache);
  if (cache.kind == VRAMAUTO_CACHE_RING) return ring_row(context, cache);
  if (!is_latent(cache)) return dense_bytes(context, cache, numbers);
  const auto kernel = TRY(latent_kernel(context, cache, numbers));
  if (kernel.entry_bytes) return kernel.entry_bytes;
  return numbers.of(Bytes{cache.k_dim} + cache.v_dim);
}

Result<Bucket> bucket_of(const Context& context, const vramauto_cache& cache, const CacheNumbers& numbers, const PagePlan& plan) {
  if (cache.kind == VRAMAUTO_CACHE_STATE) return state_bucket(context, cache, plan);
  constexpr std::uint32_t kCompressedUnit = 576;
  Bucket out;
  out.kind = cache.kind;
  out.reach = reach_of(cache);
  out.heads = heads_on_rank(cache, context.parallel.tp);
  out.k_dim = cache.k_dim;
  out.v_dim = cache.v_dim;
  out.window = cache.window;
  out.blocks = out.reach == Reach::blocks ? 1 : 0;
  out.latent_window = out.reach == Reach::window && cache.kind != VRAMAUTO_CACHE_SLIDING;
  out.block_tokens = block_of(context, cache, plan.block);
  out.token_bytes = TRY(token_bytes(context, cache, numbers));
  const bool compressed = context.architecture->compressed_cache;
  const auto group = cache.kind == VRAMAUTO_CACHE_RING ? 1 : std::max(1u, cache.compress);
  const auto page = checked_mul(out.token_bytes, std::max<Bytes>(1, out.block_tokens / group));
  if (!page || *page == 0 || *page > UINT64_MAX / 2) return no_size(context, cache);
  out.page = compressed ? round_up(*page, kCompressedUnit) : *page;
  return out;
}

namespace {

// One token of the attention that states share blocks with, and the smallest block its kernel reads.
Result<Bytes> attention_token(const Context& context, const CacheNumbers& numbers) {
  for (const auto& cache : context.blueprint->caches)
    if (cache.kind != VRAMAUTO_CACHE_STATE && cache.kind != VRAMAUTO_CACHE_INDEXER && cache.kind != VRAMAUTO_CACHE_RING)
      return token_bytes(context, cache, numbers);
  return Bytes{0};
}

// Tokens an attention block of a hybrid is a multiple of. vLLM 0.33, platforms/interface.py, _align_hybrid_block_size; in 0.19
// 16, or 64 for latent caches, whatever the kernel (model_executor/models/config.py, HybridAttentionMambaModelConfig).
Result<std::uint32_t> alignment_unit(const Context& context, const CacheNumbers& numbers, const PagePlan& plan) {
  constexpr std::uint32_t kLatentUnit = 128, kOldLatentUnit = 64, kOldUnit = 16;
  const auto& caches = context.blueprint->caches;
  const bool latent = std::any_of(caches.begin(), caches.end(), is_latent);
  if (context.profile->from < Version{0, 20, 0}) return latent ? kOldLatentUnit : kOldUnit;
  auto unit = std::max(TRY(kernel_block(context, numbers)), plan.block);
  if (latent) unit = std::max(unit, context.profile->from < Version{0, 27, 0} ? kOldLatentUnit : kLatentUnit);
  return unit;
}

std::uint64_t common_multiple(std::uint64_t a, std::uint64_t b) { return a / std::gcd(a, b) * b; }

// Smallest attention block whose page holds a state.
std::uint64_t aligned_block(const Context& context, std::uint64_t unit, Bytes state, Bytes token, StateMode mode) {
  if (mode != StateMode::all) {
    unit = common_multiple(unit, checkpoint_unit(context, mode));
    return unit * ceil_div(state, unit * token);
  }
  std::uint32_t chunk = 1;  // states of every block lie at ends of the kernel's chunks
  for (const auto& cache : context.blueprint->caches)
    if (cache.kind == VRAMAUTO_CACHE_STATE) chunk = std::max(chunk, cache.chunk);
  unit = common_multiple(unit, chunk);
  return round_up(ceil_div(state, token), unit);
}

}  // namespace

Result<PagePlan> plan_pages(const Context& context, const CacheNumbers& numbers) {
  PagePlan out;
  out.block = TRY(configured_block(context, numbers));
  const auto memory = memory_of(*context.blueprint);
  if (memory != Memory::states && memory != Memory::both) return out;
  if (context.profile->state == StateRule::none)
    return fail(VRAMAUTO_E_UNSUPPORTED, context.blueprint->architecture,
                "vLLM {} keeps recurrent states outside its cache, which is not known here: expected 0.10 or newer",
                context.profile->name);
  out.mode = state_mode(context);
  Bytes state = 0;
  for (const auto& cache : context.blueprint->caches)
    if (cache.kind == VRAMAUTO_CACHE_STATE) state = std::max(state, TRY(state_bytes(context, cache)));
  if (memory == Memory::both) {
    const auto token = TRY(attention_token(context, numbers));
    const auto unit = TRY(alignment_unit(context, numbers, out));
    const auto block = std::max<std::uint64_t>(out.block, aligned_block(context, unit, state, std::max<Bytes>(1, token), out.mode));
    const auto page = checked_mul(block, token);
    if (block > UINT32_MAX || !page || *page < state)
      return fail(VRAMAUTO_E_LIMIT, context.blueprint->architecture, "states of {} bytes need blocks of {} tokens", state, block);
    out.block = static_cast<std::uint32_t>(block);
    out.state_page = *page;
  }
  const auto whole = std::min<std::uint64_t>(context.effective.max_model_len, UINT32_MAX);
  out.state_block = out.mode == StateMode::none ? static_cast<std::uint32_t>(std::max<std::uint64_t>(1, whole)) : out.block;
  return out;
}

}  // namespace vramauto::engine::vllm
