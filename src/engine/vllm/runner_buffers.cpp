#include "engine/vllm/runner_buffers.hpp"

#include <algorithm>

#include "engine/vllm/profiles.hpp"
#include "engine/vllm/shards.hpp"
#include "support/json.hpp"

namespace vramauto::engine::vllm {

Bytes penalty_buffers(const Context& context) {
  if (!context.mrv2 || !context.generates()) return 0;  // what is pooled is not sampled
  const std::uint64_t vocabulary = context.blueprint->traits.vocab;
  return saturating_mul(context.effective.max_num_seqs, 4 * vocabulary + 4 * ceil_div(vocabulary, 32));
}

namespace {

std::uint64_t balancing_window(const Workload& asked) {
  constexpr std::uint64_t kDefault = 1000;
  if (asked.eplb_config.empty()) return kDefault;
  const auto document = json::parse("eplb-config", asked.eplb_config);
  const auto* size = document ? document->root().find("window_size") : nullptr;
  return size && size->is(json::Type::integer) && size->integer > 0 ? static_cast<std::uint64_t>(size->integer) : kDefault;
}

}  // namespace

// vLLM 0.33 and 0.11, distributed/device_communicators/all2all.py: a buffer for NVLink and, between machines, one for RDMA. With
// low latency the latter holds every expert's share of so many tokens, to send and to receive, twice over: DeepEP, csrc/config.hpp,
// LowLatencyLayout. The number of tokens was VLLM_MOE_DP_CHUNK_SIZE, later it is a step's: 256 both, unless told.
Amount all_to_all_buffers(const Context& context) {
  const auto& parallel = context.parallel;
  const auto& named = context.workload->all2all_backend;
  const std::string_view backend = named.empty() ? environment(*context.workload, "VLLM_ALL2ALL_BACKEND").value_or("") : named;
  if (!parallel.expert_parallel || parallel.dp == 1 || !backend.starts_with("deepep")) return {};
  if (backend != "deepep_low_latency") return {kGiB, kGiB, 2 * kGiB};
  std::uint64_t experts = 0;
  for (const auto& forward : context.blueprint->forwards) experts = std::max<std::uint64_t>(experts, forward.experts);
  const Bytes hidden = context.blueprint->traits.hidden, message = hidden / 128 * 4 + 2 * hidden;
  const auto of = [&](std::uint64_t tokens) {
    return saturating_add(kGiB, saturating_mul(4 * (experts + parallel.redundant_experts), saturating_mul(tokens, message)));
  };
  constexpr std::uint64_t kChunk = 256;
  constexpr Version kWholeSteps{0, 20, 0};
  const bool whole = context.profile->from >= kWholeSteps;
  const auto tokens = whole ? context.workload->max_num_batched_tokens.value_or(kChunk) : kChunk;
  return {of(tokens), of(std::min(kChunk, tokens)), of(std::max(kChunk, tokens))};
}

Amount expert_balancing(const Context& context, std::uint32_t stage) {
  if (!context.workload->enable_eplb) return {};
  constexpr Version kBufferAtStart{0, 20, 0};
  const auto range = stage_range(context.parallel, stage);
  std::uint64_t layers = 0, experts = 0;
  Bytes one_layer = 0;
  std::uint32_t first = UINT32_MAX;
  for (const auto& weights : context.blueprint->weights) {
    if (weights.role != VRAMAUTO_ROLE_EXPERT || weights.flags & VRAMAUTO_DRAFT) continue;
    const auto here = layers_within(weights.layers, range.first, range.count);
    if (weights.inner == VRAMAUTO_SPLIT_COLS) layers += here, experts = weights.copies + context.parallel.redundant_experts;
    first = std::min(first, static_cast<std::uint32_t>(std::max(0, weights.layers.first)));
    if (here && has_layer(weights.layers, first)) one_layer = saturating_add(one_layer, shard_of(context, weights).weight_bytes);
  }
  const auto counts = saturating_mul(saturating_mul(balancing_window(*context.workload), layers * experts), sizeof(std::int32_t));
  const auto both = saturating_add(counts, one_layer);
  return {context.profile->from >= kBufferAtStart ? both : counts, counts, both};
}

// vLLM 0.33, v1/spec_decode/llm_base_proposer.py and v1/worker/gpu/spec_decode/speculator.py: hidden states, in V1 also
// embeddings (since 0.10).
Bytes draft_buffers(const Context& context) {
  const auto drafter = context.speculation.drafter;
  if (drafter == Drafter::nobody || drafter == Drafter::tokens || context.speculation.method == "medusa") return 0;
  const auto& effective = context.effective;
  const auto& traits = context.drafter ? context.drafter->blueprint->traits : context.blueprint->traits;
  const Bytes width = Bytes{traits.hidden} * context.element_bytes();
  const bool alone = drafter == Drafter::model && context.mrv2;
  const Bytes copies = alone ? 0 : !context.mrv2 && context.profile->from >= Version{0, 10, 0} ? 2 : 1;
  const auto states = saturating_mul(effective.max_num_batched_tokens, copies * width);
  if (!context.mrv2 || !context.speculation.keeps_logits) return states;
  const Bytes logit = context.profile->from >= Version{0, 28, 0} ? context.element_bytes() : 4;
  const auto rows = saturating_mul(effective.max_num_seqs, context.draft_tokens);
  return saturating_add(states, saturating_mul(rows, logit * traits.vocab));
}

Bytes block_tables(const Context& context, const CacheLayout& layout) {
  constexpr std::uint64_t kEntry = 4, kSlot = 8, kRowUnit = 128;
  const std::uint64_t copies = context.mrv2 ? 2 : 1;
  Bytes sum = 0;
  for (const auto& group : layout.groups) {
    const auto tokens = saturating_mul(layout.buckets[group.bucket].block_tokens, layout.context_parallel);
    const auto width = round_up(ceil_div(context.effective.max_model_len, tokens), context.mrv2 ? ceil_div(kRowUnit, tokens) : 1);
    const auto table = saturating_mul(saturating_mul(context.effective.max_num_seqs, width), kEntry * copies);
    sum = saturating_add(sum, saturating_add(table, saturating_mul(kSlot, context.effective.max_num_batched_tokens)));
  }
  return sum;
}

}  // namespace vramauto::engine::vllm
