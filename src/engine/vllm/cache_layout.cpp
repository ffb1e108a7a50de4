#include <algorithm>
#include <charconv>

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

// Layers whose cache keeps the model's numbers: those that were named and, with TurboQuant, the first two and the last two of a
// model without recurrent states. vLLM 0.33, model_executor/layers/attention/attention.py; turboquant/config.py,
// get_boundary_skip_layers.
struct Plain {
  bool any = false, ends = false;
  std::uint32_t layers = 0;
  std::vector<std::uint32_t> named;
  bool has(std::uint32_t layer) const {
    const auto each = std::min(2u, layers / 2);
    const bool at_end = ends && (layer < each || (layer >= layers - each && layer < layers));
    return at_end || std::find(named.begin(), named.end(), layer) != named.end();
  }
};

Plain plain_layers(const Context& context, const CacheNumbers& numbers) {
  Plain out;
  out.layers = context.blueprint->traits.layers;
  out.ends = numbers.plain_ends && memory_of(*context.blueprint) == Memory::attention;
  for (std::string_view rest = context.workload->kv_cache_dtype_skip_layers; !rest.empty();) {
    const auto end = rest.find_first_of(", \n");
    std::uint32_t layer = 0;
    const auto word = rest.substr(0, end);
    if (std::from_chars(word.data(), word.data() + word.size(), layer).ec == std::errc()) out.named.push_back(layer);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  out.any = out.ends || !out.named.empty();
  return out;
}

bool keeps_windows_plain(const Context& context, const vramauto_cache& cache) {
  return cache.kind == VRAMAUTO_CACHE_SLIDING &&
         context.workload->kv_cache_dtype_skip_layers.find("sliding_window") != std::string::npos;
}

bool in_a_row(const vramauto_layers& layers) {
  return layers.count <= 1 || layers.stride == 0 || layers.stride == std::max(1u, layers.run) || layers.run >= layers.count;
}

// Adds the layers of a cache to its bucket, stage by stage, plain ones or the others; layers that draft follow the last one.
void count_layers(const Context& context, const vramauto_cache& cache, const Plain& plain, bool plain_ones, Bucket& bucket,
                  std::uint32_t* on_stage) {
  const auto& stages = context.parallel.stage_layers;
  if (!plain.any && stages.size() == 1 && in_a_row(cache.layers)) {  // all of them: most models, at every plan
    const auto first = static_cast<std::uint32_t>(cache.layers.first), end = context.draft_layers ? UINT32_MAX : stages[0];
    const auto count = plain_ones || first >= end ? 0 : std::min(std::max(1u, cache.layers.count), end - first);
    if (count) bucket.first_layer = std::min(bucket.first_layer, first);
    bucket.layers += count;
    on_stage[0] += count;
    return;
  }
  estimator::for_each_layer(cache.layers, [&](std::uint32_t layer) {
    if (plain.has(layer) != plain_ones) return;
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

// The bucket of such layers, made where there is none yet.
std::size_t place(CacheLayout& out, Bucket bucket) {
  std::size_t at = 0;
  while (at < out.buckets.size() && !alike(out.buckets[at], bucket)) ++at;
  if (at < out.buckets.size()) return at;
  bucket.first_layer = UINT32_MAX;
  out.buckets.push_back(bucket);
  out.before.resize(out.before.size() + out.stages + 1);
  return at;
}

// Layers of a draft model are more layers of the last stage. vLLM 0.33, v1/spec_decode/llm_base_proposer.py, load_model: they have
// specifications of their own under the cache's dtype and block.
Result<void> collect_draft(const Context& drafter, const CacheNumbers& numbers, const PagePlan& plan, CacheLayout& out) {
  for (const auto& cache : drafter.blueprint->caches) {
    if (!has_cache(drafter, cache)) continue;
    const auto at = place(out, TRY(bucket_of(drafter, cache, numbers, plan)));
    out.buckets[at].layers += cache.layers.count;
    out.before[at * (out.stages + 1) + out.stages] += cache.layers.count;
  }
  return {};
}

Result<void> collect(const Context& context, const CacheNumbers& numbers, const PagePlan& plan, CacheLayout& out) {
  out.stages = static_cast<std::uint32_t>(context.parallel.stage_layers.size());
  const auto row = out.stages + 1;
  const auto plain = plain_layers(context, numbers);
  const auto plain_numbers = plain_cache(context);
  for (const auto& cache : context.blueprint->caches) {
    if (context.encoder_only || !has_cache(context, cache)) continue;
    const auto& own = keeps_windows_plain(context, cache) ? plain_numbers : numbers;
    const auto at = place(out, TRY(bucket_of(context, cache, own, plan)));
    count_layers(context, cache, plain, false, out.buckets[at], &out.before[at * row] + 1);
    if (!plain.any || cache.kind == VRAMAUTO_CACHE_STATE) continue;
    const auto beside = place(out, TRY(bucket_of(context, cache, plain_numbers, plan)));
    count_layers(context, cache, plain, true, out.buckets[beside], &out.before[beside * row] + 1);
  }
  if (context.drafter) TRY(collect_draft(*context.drafter, numbers, plan, out));
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
