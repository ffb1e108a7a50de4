#include "engine/vllm/buffers.hpp"

#include <algorithm>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/experts.hpp"
#include "engine/vllm/profiles.hpp"
#include "engine/vllm/shards.hpp"

namespace vramauto::engine::vllm {
namespace {

// Numbers that every attention layer holds as buffers: scales of q, k, v and of the probabilities, float32.
// vLLM 0.33 and 0.19, model_executor/layers/attention/attention.py, set_default_quant_scales.
constexpr std::uint32_t kScales = 4;

// Sizes that a configuration states only: what is loaded of them stays far from the end of numbers.
constexpr Bytes kMost = Bytes{1} << 40;

std::uint32_t attention_layers(const Context& context, const StageRange& range) {
  const auto& blueprint = *context.blueprint;
  std::uint32_t out = 0;
  for (const auto& cache : blueprint.caches)
    if (cache.kind != VRAMAUTO_CACHE_STATE && cache.kind != VRAMAUTO_CACHE_INDEXER && !(cache.flags & VRAMAUTO_DRAFT))
      out += layers_within(cache.layers, range.first, range.count);
  if (!blueprint.caches.empty()) return out;
  for (const auto& forward : blueprint.forwards)  // attention that keeps no cache
    if (forward.kv_heads) out += layers_within(forward.layers, range.first, range.count);
  return out;
}

Bytes mask(const Context& context) {
  for (const auto& weights : context.blueprint->weights)
    if (weights.layers.first == VRAMAUTO_LAYER_INPUT && weights.role == VRAMAUTO_ROLE_OTHER)
      return saturating_mul(weights.rows, weights.rows);
  return 0;
}

// A composite keeps what each layer takes beside the hidden states: vLLM 0.33, models/gemma4_mm.py and gemma3n_mm.py,
// per_layer_embeddings.
Bytes layer_inputs(const Context& context) {
  std::uint32_t width = 0;
  for (const auto& forward : context.blueprint->forwards) width = std::max(width, forward.per_layer_input);
  const auto each = saturating_mul(context.effective.max_num_batched_tokens, context.element_bytes());
  return saturating_mul(each, std::uint64_t{width} * context.blueprint->traits.layers);
}

// Features of inner layers of a tower wait for the text's layers that take them: vLLM 0.33, models/qwen3_vl.py,
// deepstack_input_embeds.
Bytes load_levels(const Context& context, std::uint64_t encoders, LoadOrder& order) {
  const auto& blueprint = *context.blueprint;
  std::uint32_t levels = 0;
  for (std::size_t i = 0; i < blueprint.encoders.size(); ++i)
    if (encoders >> i & 1) levels = std::max(levels, blueprint.encoders[i].levels);
  const auto each = context.effective.max_num_batched_tokens * blueprint.traits.hidden * context.element_bytes();
  for (std::uint32_t level = 0; level < levels; ++level) order.load(each);
  return saturating_mul(each, levels);
}

}  // namespace

Bytes load_buffers(const Context& context, const quantization::Placed& formats, const StageRange& range, std::uint64_t encoders,
                   LoadOrder& order) {
  const auto attentions = attention_layers(context, range);
  // Beside the scales: the ranges of q, k and v up to 0.27, copies for the host from 0.26 (layers/attention/attention.py).
  const auto from = context.profile->from;
  const Bytes others = (from < Version{0, 28, 0} ? 3 : 0) + (from >= Version{0, 26, 0} ? 2 : 0);
  const Bytes loading = formats.rules.attention_bytes, maps = expert_map_bytes(context, range);
  Bytes sum = attentions * ((kScales + others) * 4 + loading) + maps;
  order.count(attentions * (kScales + others) * 512 + maps);
  const auto load = [&](Bytes bytes) {
    sum = saturating_add(sum, bytes);
    order.load(std::min(bytes, kMost));
  };
  if (context.architecture->keeps_causal_mask) load(mask(context));
  if (encoders) sum = saturating_add(sum, load_levels(context, encoders, order));
  if (!context.blueprint->encoders.empty()) load(layer_inputs(context));
  return sum;
}

}  // namespace vramauto::engine::vllm
