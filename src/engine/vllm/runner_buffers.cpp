#include "engine/vllm/runner_buffers.hpp"

#include <algorithm>

namespace vramauto::engine::vllm {

Bytes penalty_buffers(const Context& context) {
  if (!context.mrv2 || !context.generates()) return 0;  // what is pooled is not sampled
  const std::uint64_t vocabulary = context.blueprint->traits.vocab;
  return saturating_mul(context.effective.max_num_seqs, 4 * vocabulary + 4 * ceil_div(vocabulary, 32));
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
