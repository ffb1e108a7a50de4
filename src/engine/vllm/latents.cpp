#include "engine/vllm/latents.hpp"

#include <algorithm>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/profiles.hpp"
#include "engine/vllm/shards.hpp"

namespace vramauto::engine::vllm {
namespace {

// vLLM 0.33 and 0.19.1, v1/attention/backends/mla/flashinfer_mla.py, made when the module is imported. Choosing a kernel imported
// all of them at 0.19 and 0.20 (three starts of 0.19: 120 to 132 MiB are missing without it); 0.18 was not seen.
constexpr Bytes kWorkspace = 128 * kMiB;
constexpr Version kImportsAll{0, 18, 0}, kImportsOne{0, 21, 0};
// vLLM 0.33, v1/attention/backends/mla/index_group.py, which came with 0.30.
constexpr Version kIndexGroups{0, 30, 0};

struct Found {
  bool latent = false, sparse = false;
  std::uint32_t width = 0;   // of a sparse latent entry
  std::uint32_t owners = 0;  // layers of the stage with an indexer
};

// Compressed caches have kernels of their own, which share the buffer of what is selected only.
Found look(const Context& context, const StageRange& range) {
  Found out;
  for (const auto& cache : context.blueprint->caches) {
    const auto layers = layers_within(cache.layers, range.first, range.count);
    if (cache.flags & VRAMAUTO_DRAFT || layers == 0) continue;
    const bool plain = cache.window == 0 && cache.compress <= 1, sparse = cache.flags & VRAMAUTO_SPARSE;
    if (cache.kind == VRAMAUTO_CACHE_INDEXER && plain) out.owners += layers;
    if (cache.kind != VRAMAUTO_CACHE_LATENT) continue;
    out.latent = out.latent || plain;
    out.sparse = out.sparse || sparse;
    if (plain && sparse) out.width = std::max(out.width, cache.k_dim + cache.v_dim);
  }
  return out;
}

// What the indexer selects: for every token of a step, and translated to places in the cache for every sequence of each group of
// layers that use one selection. vLLM 0.33, models/deepseek_v2.py, topk_indices_buffer.
Bytes selections(const Context& context, const Found& found, std::uint32_t top_k) {
  constexpr Bytes kIndex = 4;
  const auto& effective = context.effective;
  auto bytes = saturating_mul(effective.max_num_batched_tokens, top_k * kIndex);
  if (context.profile->from < kIndexGroups) return bytes;
  const auto rows = std::min<std::uint64_t>(effective.max_num_batched_tokens, effective.max_num_seqs) + 1;
  return saturating_add(bytes, saturating_mul(rows * found.owners, (top_k + Bytes{1}) * kIndex));
}

// vLLM 0.19.1, v1/attention/backends/mla/flashmla_sparse.py: queries side by side with their rotary part.
Bytes queries(const Context& context, const Found& found) {
  std::uint32_t heads = 0;
  for (const auto& weights : context.blueprint->weights)
    if (weights.role == VRAMAUTO_ROLE_LATENT_UP) heads = std::max(heads, weights.units);
  const auto row = Bytes{heads / std::max(1u, context.parallel.tp)} * found.width * context.element_bytes();
  return saturating_mul(context.effective.max_num_batched_tokens, row);
}

}  // namespace

Result<void> check_latents(const Context& context) {
  const auto key = context.architecture->rope_key;
  if (key.empty()) return {};
  const auto* stated = context.model->config.root().find(key);
  if (!stated || !stated->is(json::Type::integer)) return {};
  for (const auto& cache : context.blueprint->caches) {
    if (cache.kind != VRAMAUTO_CACHE_LATENT || stated->integer == static_cast<std::int64_t>(cache.v_dim)) continue;
    return fail(
        VRAMAUTO_E_UNSUPPORTED, key,
        "No valid attention backend found for cuda with head_size={}: vLLM {} takes {} = {} for the rotary part of {}, and its "
        "kernels read latents of {} numbers",
        static_cast<std::int64_t>(cache.k_dim) + stated->integer, context.profile->name, key, stated->integer, cache.v_dim,
        cache.k_dim + cache.v_dim);
  }
  return {};
}

LatentBuffers latent_buffers(const Context& context, const StageRange& range) {
  const auto found = look(context, range);
  const auto& from = context.profile->from;
  const bool old = from >= kImportsAll && from < kImportsOne, blackwell = context.capability() >= 100 && context.capability() < 110;
  LatentBuffers out;
  out.workspace = found.latent && (old || (blackwell && !found.sparse)) ? kWorkspace : 0;
  if (!found.sparse) return out;
  std::uint32_t top_k = 0;
  for (const auto& forward : context.blueprint->forwards) top_k = std::max(top_k, forward.index_top_k);
  out.sparse = selections(context, found, top_k);
  if (old) out.sparse = saturating_add(out.sparse, queries(context, found));
  return out;
}

// vLLM 0.33, rotary_embedding/deepseek_scaling_rope.py, use_flashinfer: where custom operators are on, which they are without
// torch.compile.
bool has_wide_table(const Context& context, const vramauto_weights& weights, std::string_view pattern) {
  constexpr std::string_view kYarn = "deepseek_yarn";
  const bool operators = context.effective.enforce_eager || context.architecture->not_compiled;
  const bool fits = weights.cols == 64 || weights.cols == 128 || weights.cols == 256 || weights.cols == 512;
  return operators && fits && pattern.starts_with(kYarn);
}

}  // namespace vramauto::engine::vllm
