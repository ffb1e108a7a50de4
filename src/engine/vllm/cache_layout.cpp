#include <algorithm>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/cache.hpp"
#include "engine/vllm/groups.hpp"
#include "engine/vllm/kernels.hpp"
#include "engine/vllm/pages.hpp"
#include "engine/vllm/profiles.hpp"
#include "engine/vllm/runner.hpp"

namespace vramauto::engine::vllm {
namespace {

bool alike(const Bucket& a, const Bucket& b) {
  return a.kind == b.kind && a.reach == b.reach && a.heads == b.heads && a.k_dim == b.k_dim && a.v_dim == b.v_dim &&
         a.window == b.window && a.block_tokens == b.block_tokens && a.page == b.page && a.blocks == b.blocks;
}

// Adds the layers of a cache to its bucket, stage by stage; layers that draft follow the last one.
void count_layers(const Context& context, const vramauto_cache& cache, Bucket& bucket, std::uint32_t* on_stage) {
  const auto& stages = context.parallel.stage_layers;
  estimator::for_each_layer(cache.layers, [&](std::uint32_t layer) {
    std::uint32_t end = 0;
    for (std::size_t s = 0; s < stages.size(); ++s) {
      end += stages[s];
      const bool drafts = context.draft_layers && s + 1 == stages.size();
      if (layer >= end && !drafts) continue;
      bucket.first_layer = std::min(bucket.first_layer, layer);
      ++bucket.layers;
      ++on_stage[s];
      return;
    }
  });
}

Result<void> collect(const Context& context, const CacheNumbers& numbers, const PagePlan& plan, CacheLayout& out) {
  out.stages = static_cast<std::uint32_t>(context.parallel.stage_layers.size());
  const auto row = out.stages + 1;
  for (const auto& cache : context.blueprint->caches) {
    if (context.encoder_only || !has_cache(context, cache)) continue;
    auto bucket = TRY(bucket_of(context, cache, numbers, plan));
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

// Layers that draft one after the other read back the last tokens of a prompt. vLLM 0.33, config/vllm.py,
// num_prefill_lookahead_tokens; v1/core/kv_cache_planning.py.
std::uint32_t retained_for_drafts(const Context& context) {
  constexpr Version kSince{0, 31, 0};
  return context.profile->from < kSince ? 0 : std::max(1u, context.draft_tokens) - 1;
}

// Buckets without a layer of the model do not exist for the engine.
void drop_empty(CacheLayout& out) {
  const auto row = out.stages + 1;
  for (std::size_t b = out.buckets.size(); b-- > 0;) {
    if (out.buckets[b].layers) continue;
    out.buckets.erase(out.buckets.begin() + static_cast<std::ptrdiff_t>(b));
    const auto from = out.before.begin() + static_cast<std::ptrdiff_t>(b * row);
    out.before.erase(from, from + row);
  }
}

bool is_local(const Bucket& bucket) { return bucket.reach == Reach::window || bucket.reach == Reach::chunk; }

}  // namespace

Result<CacheLayout> lay_out(const Context& context, const CacheNumbers& numbers) {
  CacheLayout out;
  out.in_flight = in_flight_tokens(context);
  if (context.draft_layers && context.blueprint->traits.draft_layers > 1) out.extra_tokens = retained_for_drafts(context);
  out.encoder_tokens = context.effective.max_num_batched_tokens;
  if (context.profile->context_parallel == ContextParallel::decode) out.context_parallel = std::max(1u, context.parallel.dcp);
  const auto plan = TRY(plan_pages(context, numbers));
  out.block = plan.block;
  TRY(collect(context, numbers, plan, out));
  drop_empty(out);
  if (out.buckets.empty()) return out;
  if (out.context_parallel > 1 && std::any_of(out.buckets.begin(), out.buckets.end(), is_local))
    return fail(VRAMAUTO_E_UNSUPPORTED, "decode-context-parallel-size",
                "vLLM does not spread sliding windows over ranks: expected 1");
  TRY(form_groups(context, out));
  return out;
}

}  // namespace vramauto::engine::vllm
