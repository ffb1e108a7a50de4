// vLLM 0.33, v1/core/kv_cache_planning.py, get_kv_cache_groups; 0.19, v1/core/kv_cache_utils.py.
#include "engine/vllm/groups.hpp"

#include <algorithm>

#include "engine/vllm/packing.hpp"
#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm {
namespace {

bool is_local(const Bucket& bucket) { return bucket.reach == Reach::window || bucket.reach == Reach::chunk; }
bool is_whole(const Bucket& bucket) { return bucket.reach == Reach::whole; }

bool one_type(const std::vector<Bucket>& buckets) {
  return std::all_of(buckets.begin(), buckets.end(), [&](const Bucket& b) { return same_type(buckets.front(), b); });
}

bool one_page(const std::vector<Bucket>& buckets) {
  return std::all_of(buckets.begin(), buckets.end(), [&](const Bucket& b) { return b.page == buckets.front().page; });
}

// Up to 0.9.0 there was one kind of block: local layers beside full ones were allocated as full attention. Later releases can be
// told to: vLLM 0.33, v1/core/kv_cache_planning.py, unify_hybrid_kv_cache_specs.
void promote_local(CacheLayout& out) {
  if (std::none_of(out.buckets.begin(), out.buckets.end(), is_whole)) return;
  for (auto& bucket : out.buckets)
    if (is_local(bucket)) bucket.reach = Reach::whole;
}

Unexpected unlike_pages(const Context& context, const Bucket& bucket, Bytes widest) {
  return fail(VRAMAUTO_E_UNSUPPORTED, context.blueprint->architecture,
              "vLLM {} refuses cache pages of {} and {} bytes in one model: the larger is no multiple of the smaller",
              context.profile->name, bucket.page, widest);
}

// unify_kv_cache_spec_page_size: smaller pages take more tokens, or are padded; states are padded at once.
Result<void> unify_pages(const Context& context, std::vector<Bucket>& buckets) {
  Bytes widest = 0;
  for (const auto& bucket : buckets) widest = std::max(widest, bucket.page);
  for (auto& bucket : buckets) {
    const auto ratio = widest / bucket.page;
    const bool latent = bucket.kind == VRAMAUTO_CACHE_LATENT || bucket.kind == VRAMAUTO_CACHE_INDEXER;
    if (bucket.kind == VRAMAUTO_CACHE_STATE)
      bucket.page = widest;
    else if (widest % bucket.page == 0 && ratio <= UINT32_MAX / bucket.block_tokens)
      bucket.block_tokens *= static_cast<std::uint32_t>(ratio);
    else if (context.profile->padding == PagePadding::none || latent)
      return unlike_pages(context, bucket, widest);
    bucket.page = widest;
  }
  return {};
}

// _try_get_full_allocation_fallback_groups: windows of keys beside latents whose pages do not go together are allocated in full.
bool fall_back_to_full(const Context& context, CacheLayout& out) {
  constexpr Version kSince{0, 27, 0};
  std::uint32_t block = 0;
  bool windows = false;
  if (context.profile->from < kSince) return false;
  for (const auto& bucket : out.buckets) {
    if (bucket.latent_window || (!is_whole(bucket) && bucket.reach != Reach::window)) return false;
    if (is_whole(bucket) && block && block != bucket.block_tokens) return false;
    if (is_whole(bucket)) block = bucket.block_tokens;
    windows |= bucket.reach == Reach::window;
  }
  if (!windows || block == 0) return false;
  for (auto& bucket : out.buckets) {
    bucket.page = bucket.page / bucket.block_tokens * block;
    bucket.block_tokens = block;
    bucket.reach = Reach::whole;
  }
  return true;
}

// _get_kv_cache_groups_uniform_page_size: groups of equal size, layers dealt in turn.
void divide(const Profile& profile, CacheLayout& out) {
  std::uint32_t least = UINT32_MAX, most = 0;
  for (const auto& bucket : out.buckets) {
    least = std::min(least, bucket.layers);
    most = std::max(most, bucket.layers);
  }
  const auto size = std::uint64_t{most} * 100 < std::uint64_t{least} * profile.group_factor ? most : least;
  for (std::uint32_t b = 0; b < out.buckets.size(); ++b) {
    const auto count = static_cast<std::uint32_t>(ceil_div(out.buckets[b].layers, size));
    for (std::uint32_t i = 0; i < count; ++i) out.groups.push_back({b, 1, i, count});
  }
}

}  // namespace

// vLLM 0.33, v1/kv_cache_interface.py, UniformTypeKVCacheSpecs.is_uniform_type and is_uniform_with_collection.
bool same_type(const Bucket& a, const Bucket& b) {
  if (a.block_tokens != b.block_tokens || a.reach != b.reach) return false;
  const bool state = a.kind == VRAMAUTO_CACHE_STATE;
  if (state != (b.kind == VRAMAUTO_CACHE_STATE)) return false;
  if (state) return a.blocks == b.blocks && a.page == b.page;
  return is_whole(a) || (a.window == b.window && a.latent_window == b.latent_window);
}

Result<void> form_groups(const Context& context, CacheLayout& out) {
  if (!context.profile->hybrid_groups || context.workload->disable_hybrid_cache) promote_local(out);
  const auto all = static_cast<std::uint32_t>(out.buckets.size());
  if (one_type(out.buckets)) {
    out.groups = {{0, all, 0, 1}};
    return {};
  }
  if (context.profile->hybrid_groups == false)
    return fail(VRAMAUTO_E_UNSUPPORTED, context.blueprint->architecture,
                "vLLM {} has one kind of cache for a model, this one has {}", context.profile->name, out.buckets.size());
  if (!one_page(out.buckets) && packs_pages(context)) {
    pack(out);
    return {};
  }
  if (auto unified = unify_pages(context, out.buckets); !unified) {
    if (!fall_back_to_full(context, out)) return Unexpected(std::move(unified.error()));
    out.groups = {{0, all, 0, 1}};
    return {};
  }
  divide(*context.profile, out);
  return {};
}

}  // namespace vramauto::engine::vllm
