// Sources: vLLM 0.33 and 0.19.1, lora/model_manager.py, lora/layers, lora/peft_helper.py, config/lora.py.
#include "engine/vllm/lora.hpp"

#include <algorithm>

#include "engine/vllm/shards.hpp"

namespace vramauto::engine::vllm {
namespace {

using estimator::Weights;

constexpr std::uint32_t kRanks[] = {1, 8, 16, 32, 64, 128, 256, 320, 512};  // config/lora.py, MaxLoRARanks

bool is_wrapped(const Weights& weights) {
  const bool linear = weights.role == VRAMAUTO_ROLE_LINEAR || weights.role == VRAMAUTO_ROLE_EXPERT ||
                      weights.role == VRAMAUTO_ROLE_SHARED_EXPERT || weights.role == VRAMAUTO_ROLE_LATENT_UP;
  return linear && weights.layers.first >= 0 && !weights.encoders && !(weights.flags & VRAMAUTO_DRAFT);
}

// Elements of A and B of one layer and adapter. A fused layer that checkpoints store in one piece has one A for its parts.
Bytes elements(const Context& context, const Weights& weights, bool shares_a, std::uint32_t rank) {
  const auto shard = shard_of(context, weights);
  auto rows = shard.rows, cols = shard.cols;
  if (context.workload->fully_sharded_loras) {  // lora/layers, _fully_sharded_can_replace: the undivided side too
    if (rows == weights.rows) rows = ceil_div(rows, context.parallel.tp);
    if (cols == weights.cols) cols = ceil_div(cols, context.parallel.tp);
  }
  const auto wide = saturating_add(rows, shares_a ? 0 : cols);
  return saturating_mul(saturating_mul(wide, rank), shard.copies);
}

// Around embedding and head, in classes that offer them: undivided.
Bytes ends(const Context& context, std::uint32_t stage) {
  const auto& traits = context.blueprint->traits;
  const auto one = saturating_mul(Bytes{traits.vocab} + traits.hidden, context.effective.max_lora_rank);
  return one * ((stage == 0) + (stage + 1 == context.parallel.pp));
}

// The least rank of the engine's that an adapter fits into; `most` where --max-lora-rank was given.
Result<std::uint32_t> rank_of(const json::Value& adapter, std::uint32_t most) {
  constexpr std::string_view where = "adapter_config.json";
  if (const auto* type = adapter.find("peft_type"); type && type->text != "LORA")
    return fail(VRAMAUTO_E_UNSUPPORTED, where, "peft_type is {}, expected LORA", text::shown(type->text));
  if (const auto* dora = adapter.find("use_dora"); dora && dora->is(json::Type::boolean) && dora->integer)
    return fail(VRAMAUTO_E_UNSUPPORTED, where, "vLLM does not yet support DoRA.");
  const auto* r = adapter.find("r");
  if (!r || !r->is(json::Type::integer) || r->integer <= 0)
    return fail(VRAMAUTO_E_FORMAT, where, "r is no positive integer, expected the rank of the adapter");
  if (r->integer > most)
    return fail(VRAMAUTO_E_UNSUPPORTED, "max-lora-rank", "LoRA rank {} is greater than max_lora_rank {}.", r->integer, most);
  return *std::lower_bound(std::begin(kRanks), std::end(kRanks), r->integer);
}

}  // namespace

Result<std::uint32_t> lora_rank(const Context& context) {
  const auto& asked = *context.workload;
  const bool own = !context.model->adapter_path.empty();
  if (!asked.enable_lora && !own && context.adapters.empty()) return 0u;
  if (std::find(std::begin(kRanks), std::end(kRanks), asked.max_lora_rank) == std::end(kRanks))
    return fail(VRAMAUTO_E_ARGUMENT, "max-lora-rank", "found {}, expected one of 1, 8, 16, 32, 64, 128, 256, 320 and 512",
                asked.max_lora_rank);
  if (asked.fully_sharded_loras && asked.max_lora_rank % context.parallel.tp != 0)
    return fail(VRAMAUTO_E_UNSUPPORTED, "fully-sharded-loras", "{} is not divisible by {}: the rank of adapters, by the ranks",
                asked.max_lora_rank, context.parallel.tp);
  const bool given = std::find(asked.set_names.begin(), asked.set_names.end(), "max-lora-rank") != asked.set_names.end();
  const auto most = given ? asked.max_lora_rank : kRanks[std::size(kRanks) - 1];
  auto rank = asked.max_lora_rank;
  const auto widen = [&](const model::Model& adapter) -> Result<void> {
    if (const auto* document = adapter.document("adapter_config.json")) rank = std::max(rank, TRY(rank_of(document->root(), most)));
    return {};
  };
  if (own) TRY(widen(*context.model));
  for (const auto* adapter : context.adapters) TRY(widen(*adapter));
  return given ? most : rank;
}

Amount lora_buffers(const Context& context, std::uint32_t stage) {
  const auto rank = context.effective.max_lora_rank;
  if (rank == 0) return {};
  const auto range = stage_range(context.parallel, stage);
  Bytes sum = 0;
  const Weights* before = nullptr;
  for (const auto& weights : context.blueprint->weights) {
    const bool shares_a =
        before && weights.parameter && before->parameter == weights.parameter && before->pattern == weights.pattern;
    before = &weights;
    if (!is_wrapped(weights)) continue;
    const auto layers = layers_within(weights.layers, range.first, range.count);
    sum = saturating_add(sum, saturating_mul(elements(context, weights, shares_a, rank), layers));
  }
  const Bytes width = context.workload->lora_dtype == "auto" ? context.element_bytes() : 2;
  const Bytes each = width * context.workload->max_loras;
  const auto inner = saturating_mul(sum, each), all = saturating_mul(saturating_add(sum, ends(context, stage)), each);
  return {all, inner, all};
}

}  // namespace vramauto::engine::vllm
