#include <algorithm>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/cache.hpp"
#include "engine/vllm/profiles.hpp"
#include "engine/vllm/runner.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr std::uint32_t kDefaultBlock = 16;  // vLLM 0.33, config/cache.py, DEFAULT_BLOCK_SIZE
constexpr std::uint32_t kPrefixLm = 1;       // vramauto_traits.flags

bool is_full(const Bucket& bucket) {
  return bucket.kind == VRAMAUTO_CACHE_FULL || bucket.kind == VRAMAUTO_CACHE_LATENT || bucket.kind == VRAMAUTO_CACHE_INDEXER;
}

bool is_local(const Bucket& bucket) { return bucket.kind == VRAMAUTO_CACHE_SLIDING || bucket.kind == VRAMAUTO_CACHE_CHUNKED; }

bool alike(const Bucket& a, const Bucket& b) {
  return a.kind == b.kind && a.heads == b.heads && a.k_dim == b.k_dim && a.v_dim == b.v_dim && a.window == b.window &&
         a.block_tokens == b.block_tokens && a.page == b.page;
}

// With fewer KV heads than ranks the engine repeats heads rather than split them. vLLM 0.33, config/model.py, get_num_kv_heads.
std::uint32_t heads_on_rank(const vramauto_cache& cache, std::uint32_t tp) {
  return cache.kind == VRAMAUTO_CACHE_LATENT ? 1 : std::max(1u, cache.heads / tp);
}

// One token of one layer. vLLM 0.33, v1/kv_cache_interface.py, AttentionSpec.unpadded_page_size_bytes; V was taken to be as wide as
// K up to 0.11, and in 0.19 still is for local layers.
std::uint64_t token_bytes(const Context& context, const vramauto_cache& cache, const CacheNumbers& numbers) {
  if (cache.kind == VRAMAUTO_CACHE_INDEXER) return cache.entry_bytes;
  const bool local = cache.kind == VRAMAUTO_CACHE_SLIDING || cache.kind == VRAMAUTO_CACHE_CHUNKED;
  const bool v_like_k =
      context.architecture->pads_values ||
      (cache.kind != VRAMAUTO_CACHE_LATENT && context.profile->from < (local ? Version{0, 20, 0} : Version{0, 12, 0}));
  const std::uint64_t width = std::uint64_t{cache.k_dim} + (v_like_k ? cache.k_dim : cache.v_dim);
  return heads_on_rank(cache, context.parallel.tp) * (width * numbers.bits / 8 + numbers.extra_bytes);
}

Result<Bucket> bucket_of(const Context& context, const vramauto_cache& cache, const CacheNumbers& numbers, std::uint32_t block) {
  if (cache.kind == VRAMAUTO_CACHE_STATE || cache.kind == VRAMAUTO_CACHE_RING)
    return fail(VRAMAUTO_E_UNSUPPORTED, context.blueprint->architecture,
                "the model keeps recurrent states, which are not priced yet");
  Bucket out;
  out.kind = cache.kind;
  out.heads = heads_on_rank(cache, context.parallel.tp);
  out.k_dim = cache.k_dim;
  out.v_dim = cache.v_dim;
  out.window = cache.window;
  out.block_tokens = block;
  out.token_bytes = token_bytes(context, cache, numbers);
  const auto entries = std::max<std::uint64_t>(1, out.block_tokens / std::max(1u, cache.compress));
  const auto page = checked_mul(out.token_bytes, entries);
  if (!page || *page == 0)
    return fail(VRAMAUTO_E_LIMIT, context.blueprint->architecture,
                "a cache of {} heads of {} and {} elements has no size that fits 64 bits", cache.heads, cache.k_dim, cache.v_dim);
  out.page = *page;
  return out;
}

// Adds the layers of a cache to its bucket, stage by stage.
void count_layers(const Context& context, const vramauto_cache& cache, Bucket& bucket, std::uint32_t* on_stage) {
  const auto& stages = context.parallel.stage_layers;
  estimator::for_each_layer(cache.layers, [&](std::uint32_t layer) {
    std::uint32_t end = 0;
    for (std::size_t s = 0; s < stages.size(); ++s) {
      end += stages[s];
      if (layer >= end) continue;
      bucket.first_layer = std::min(bucket.first_layer, layer);
      ++bucket.layers;
      ++on_stage[s];
      return;
    }
  });
}

Result<void> collect(const Context& context, const CacheNumbers& numbers, CacheLayout& out) {
  out.stages = static_cast<std::uint32_t>(context.parallel.stage_layers.size());
  const auto row = out.stages + 1;
  const auto block = block_tokens(context, numbers);
  for (const auto& cache : context.blueprint->caches) {
    if (context.encoder_only || cache.flags & (VRAMAUTO_BORROWED | VRAMAUTO_DRAFT)) continue;
    auto bucket = TRY(bucket_of(context, cache, numbers, block));
    std::size_t at = 0;
    while (at < out.buckets.size() && !alike(out.buckets[at], bucket)) ++at;
    if (at == out.buckets.size()) {
      bucket.first_layer = UINT32_MAX;
      out.buckets.push_back(bucket);
      out.before.resize(out.before.size() + row);
    }
    count_layers(context, cache, out.buckets[at], &out.before[at * row] + 1);
  }
  for (std::size_t b = 0; b < out.buckets.size(); ++b)
    for (std::uint32_t s = 1; s < row; ++s) out.before[b * row + s] += out.before[b * row + s - 1];
  return {};
}

// Up to 0.9.0 there was one kind of block: local layers beside full ones were allocated as full attention.
void promote_local(CacheLayout& out) {
  if (std::none_of(out.buckets.begin(), out.buckets.end(), is_full)) return;
  for (auto& bucket : out.buckets)
    if (is_local(bucket)) bucket.kind = VRAMAUTO_CACHE_FULL;
}

// vLLM 0.33, v1/kv_cache_interface.py, UniformTypeKVCacheSpecs.is_uniform_type.
bool one_type(const std::vector<Bucket>& buckets) {
  return std::all_of(buckets.begin(), buckets.end(), [&](const Bucket& b) {
    const auto& a = buckets.front();
    if (b.block_tokens != a.block_tokens) return false;
    return is_full(a) ? is_full(b) : a.kind == b.kind && a.window == b.window;
  });
}

// vLLM 0.33, v1/core/kv_cache_planning.py, unify_kv_cache_spec_page_size: smaller pages take more tokens, or are padded.
Result<void> unify_pages(const Context& context, std::vector<Bucket>& buckets) {
  Bytes widest = 0;
  for (const auto& bucket : buckets) widest = std::max(widest, bucket.page);
  for (auto& bucket : buckets) {
    const auto ratio = widest / bucket.page;
    if (widest % bucket.page == 0 && ratio <= UINT32_MAX / bucket.block_tokens)
      bucket.block_tokens *= static_cast<std::uint32_t>(ratio);
    else if (context.profile->padding == PagePadding::none || bucket.kind == VRAMAUTO_CACHE_LATENT)
      return fail(VRAMAUTO_E_UNSUPPORTED, context.blueprint->architecture,
                  "vLLM {} refuses cache pages of {} and {} bytes in one model: the larger is no multiple of the smaller",
                  context.profile->name, bucket.page, widest);
    bucket.page = widest;
  }
  return {};
}

// vLLM 0.33, v1/core/kv_cache_planning.py, _get_kv_cache_groups_uniform_page_size: groups of equal size, layers dealt in turn.
void divide(const Profile& profile, CacheLayout& out) {
  std::uint32_t least = UINT32_MAX, most = 0;
  for (const auto& bucket : out.buckets) {
    least = std::min(least, bucket.layers);
    most = std::max(most, bucket.layers);
  }
  const auto size = std::uint64_t{most} * 100 < std::uint64_t{least} * profile.group_factor ? most : least;
  for (std::uint32_t b = 0; b < out.buckets.size(); ++b) {
    const auto count = static_cast<std::uint32_t>(ceil_div(out.buckets[b].layers, size));
    for (std::uint32_t i = 0; i < count; ++i) out.groups.push_back({b, i, count});
  }
}

// Buckets without a layer of the model (drafts beyond its end) do not exist for the engine.
void drop_empty(CacheLayout& out) {
  const auto row = out.stages + 1;
  for (std::size_t b = out.buckets.size(); b-- > 0;) {
    if (out.buckets[b].layers) continue;
    out.buckets.erase(out.buckets.begin() + static_cast<std::ptrdiff_t>(b));
    const auto from = out.before.begin() + static_cast<std::ptrdiff_t>(b * row);
    out.before.erase(from, from + row);
  }
}

}  // namespace

// One size for all layers: the smallest that every kernel of the model accepts. Dense attention takes 16, but heads of 512
// need 64 from 0.31 on: on Hopper with an fp8 cache, on compute capability 10 with prefix-LM attention.
// Latent caches: FlashMLA 64 (fp8, Hopper), FlashInfer 32 (compute capability 10).
// Source: vLLM 0.33, v1/attention/backends, get_supported_kernel_block_sizes.
std::uint32_t block_tokens(const Context& context, const CacheNumbers& numbers) {
  if (context.workload->block_size) return static_cast<std::uint32_t>(*context.workload->block_size);
  const auto capability = context.capability();
  const auto& since = context.profile->from;
  const bool hopper = capability >= 90 && capability < 100, blackwell = capability >= 100 && capability < 120;
  const bool prefix_lm = (context.blueprint->traits.flags & kPrefixLm) != 0;
  std::uint32_t out = kDefaultBlock;
  for (const auto& cache : context.blueprint->caches) {
    const bool latent = cache.kind == VRAMAUTO_CACHE_LATENT;
    if (latent) out = std::max(out, blackwell ? 32u : numbers.bits == 8 && hopper ? 64u : kDefaultBlock);
    if (!latent && cache.k_dim == 512 && since >= Version{0, 31, 0} && (blackwell ? prefix_lm : hopper && numbers.bits == 8))
      out = std::max(out, 64u);
  }
  return out;
}

Result<CacheLayout> lay_out(const Context& context, const CacheNumbers& numbers) {
  CacheLayout out;
  out.in_flight = in_flight_tokens(context);
  out.encoder_tokens = context.effective.max_num_batched_tokens;
  if (context.profile->context_parallel == ContextParallel::decode) out.context_parallel = std::max(1u, context.parallel.dcp);
  TRY(collect(context, numbers, out));
  drop_empty(out);
  if (out.buckets.empty()) return out;
  if (out.context_parallel > 1 && std::any_of(out.buckets.begin(), out.buckets.end(), is_local))
    return fail(VRAMAUTO_E_UNSUPPORTED, "decode-context-parallel-size",
                "vLLM does not spread sliding windows over ranks: expected 1");
  if (!context.profile->hybrid_groups) promote_local(out);
  if (out.buckets.size() == 1) {
    out.groups = {{0, 0, 1}};
  } else if (one_type(out.buckets)) {
    out.uniform_type = true;
    out.groups = {{0, 0, 1}};
  } else {
    TRY(unify_pages(context, out.buckets));
    divide(*context.profile, out);
  }
  return out;
}

}  // namespace vramauto::engine::vllm
