#include "engine/vllm/states.hpp"

#include <algorithm>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/profiles.hpp"
#include "support/dtype.hpp"

namespace vramauto::engine::vllm {
namespace {

bool is_state(const vramauto_cache& cache) { return cache.kind == VRAMAUTO_CACHE_STATE; }
bool is_mamba(const vramauto_cache& cache) { return cache.state == VRAMAUTO_STATE_MAMBA1 || cache.state == VRAMAUTO_STATE_MAMBA2; }

vramauto_dtype named(std::string_view text, vramauto_dtype otherwise) {
  if (text == "float32") return VRAMAUTO_F32;
  if (text == "float16") return VRAMAUTO_F16;
  if (text == "bfloat16") return VRAMAUTO_BF16;
  return otherwise;
}

struct Dtypes {
  vramauto_dtype conv, state;
};

// vLLM 0.33, model_executor/layers/mamba/mamba_utils.py, MambaStateDtypeCalculator: "auto" convolution states are the model's,
// "auto" recurrent ones like them, but float32 for KDA. What a configuration or a class asks for stands in for "auto"
// (model_executor/models/config.py, mamba_ssm_cache_dtype).
Dtypes dtypes_of(const Context& context, const vramauto_cache& cache) {
  const auto& asked = *context.workload;
  Dtypes out{};
  out.conv = named(asked.mamba_cache_dtype, cache.conv_dtype ? cache.conv_dtype : context.dtype);
  out.state = out.conv;
  if (cache.state == VRAMAUTO_STATE_LINEAR) return out;
  if (cache.state == VRAMAUTO_STATE_KDA) out.state = VRAMAUTO_F32;
  if (context.architecture->state_dtype) out.state = context.architecture->state_dtype;
  if (cache.state_dtype) out.state = cache.state_dtype;
  out.state = named(asked.mamba_ssm_cache_dtype, out.state);
  return out;
}

// Convolution channels on one rank. Groups that ranks do not divide are repeated until every rank has one.
// vLLM 0.33, mamba_utils.py, mamba2_state_shape and extra_groups_for_head_shards.
std::optional<std::uint64_t> channels_on_rank(const vramauto_cache& cache, std::uint64_t tp) {
  std::uint64_t groups = 0;
  if (cache.group_channels && cache.state_groups) {
    const std::uint64_t each = cache.group_channels / cache.state_groups;
    groups = each * (cache.state_groups % tp == 0 ? cache.state_groups : tp);
  }
  const auto all = cache.conv_channels + groups;
  return all % tp == 0 ? std::optional(all / tp) : std::nullopt;
}

// Releases whose prefill kernels hand out the state at a block boundary, which takes one more block. GDN: with FlashInfer's
// kernel only, on compute capability 9.0, or from 10 on with keys of 128. KDA: FlashKDA, from 9 on with heads of 128 and bfloat16,
// where the model's gate lets it run in chunks.
// vLLM 0.33, mamba_mixer2.py, gdn/qwen_gdn_linear_attn.py (_resolve_gdn_prefill_backend), models/kimi_k3/nvidia/kda.py.
bool exports_checkpoints(const Context& context, const vramauto_cache& cache) {
  constexpr std::uint64_t kSquare = 128 * 128;
  const auto& since = context.profile->from;
  const auto capability = context.capability();
  const auto major = capability / 10;
  const bool square = cache.state_elements == kSquare, newer = square && (major == 10 || major == 12);
  if (context.architecture->no_state_checkpoints) return false;
  switch (cache.state) {
    case VRAMAUTO_STATE_MAMBA2:
      return since >= Version{0, 32, 0};
    case VRAMAUTO_STATE_GDN:
      return since >= Version{0, 33, 0} && (capability == 90 || newer);
    case VRAMAUTO_STATE_KDA:
      return cache.chunk && since >= Version{0, 29, 0} && context.dtype == VRAMAUTO_BF16 && (newer || (square && major == 9));
    default:
      return false;
  }
}

}  // namespace

Memory memory_of(const estimator::Blueprint& blueprint) {
  bool states = false, attention = false;
  for (const auto& cache : blueprint.caches) (is_state(cache) ? states : attention) = true;
  return states ? (attention ? Memory::both : Memory::states) : (attention ? Memory::attention : Memory::none);
}

// vLLM 0.33 and 0.19, model_executor/models/config.py, MambaModelConfig: "none" without prefix caching. With it, up to 0.27, a
// state for every block where the kernel can (Mamba 1 and 2), on request up to 0.31, else aligned ones.
StateMode state_mode(const Context& context) {
  const auto rule = context.profile->state;
  if (!context.effective.enable_prefix_caching || rule == StateRule::none) return StateMode::none;
  if (rule == StateRule::length) return StateMode::all;
  if (rule == StateRule::none_align) return StateMode::align;
  const auto& caches = context.blueprint->caches;
  const bool able = std::all_of(caches.begin(), caches.end(), [](const auto& c) { return !is_state(c) || is_mamba(c); });
  const auto& asked = context.workload->mamba_cache_mode;
  const bool wanted = asked == "all" || (asked != "align" && !context.profile->state_prefix_caching);
  return able && wanted ? StateMode::all : StateMode::align;
}

// vLLM 0.33, v1/kv_cache_interface.py, MambaSpec.page_size_bytes.
Result<Bytes> state_bytes(const Context& context, const vramauto_cache& cache) {
  const std::uint64_t tp = context.parallel.tp;
  const auto channels = channels_on_rank(cache, tp);
  if (!channels || cache.state_heads % tp != 0)
    return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size",
                "found {}, expected a divisor of the states' {} heads and {} channels", tp, cache.state_heads, cache.conv_channels);
  const auto dtypes = dtypes_of(context, cache);
  const std::uint64_t rows = cache.state == VRAMAUTO_STATE_MAMBA1 ? cache.conv_length : cache.conv_length + context.draft_tokens;
  const auto conv = checked_product(*channels, cache.conv_channels ? rows : 0, bits_of(dtypes.conv) / 8);
  const auto state = checked_product(cache.state_heads / tp, cache.state_elements, bits_of(dtypes.state) / 8);
  const auto sum = conv && state ? checked_add(*conv, *state) : std::nullopt;
  if (!sum || *sum == 0)
    return fail(VRAMAUTO_E_LIMIT, context.blueprint->architecture,
                "a state of {} heads of {} elements has no size that fits 64 bits", cache.state_heads, cache.state_elements);
  return *sum;
}

// vLLM 0.33 and 0.19, v1/kv_cache_interface.py, MambaSpec.max_memory_usage_bytes.
std::uint32_t state_blocks(const Context& context, const vramauto_cache& cache, StateMode mode) {
  const auto drafts = context.draft_tokens;
  if (mode == StateMode::all) return drafts;
  if (mode == StateMode::none) return 1 + drafts;
  return 2 + drafts + (exports_checkpoints(context, cache) ? 1 : 0);
}

// vLLM 0.33, model_executor/layers/mamba/abstract.py, get_mamba_prefill_checkpoint_alignment: GDN layers declare one, and only
// where all state layers do.
std::uint32_t checkpoint_unit(const Context& context, StateMode mode) {
  constexpr std::uint32_t kFlashInfer = 64;  // FLASHINFER_GDN_CHECKPOINT_ALIGNMENT
  if (mode != StateMode::align) return 1;
  for (const auto& cache : context.blueprint->caches)
    if (is_state(cache) && (cache.state != VRAMAUTO_STATE_GDN || !exports_checkpoints(context, cache))) return 1;
  return kFlashInfer;
}

}  // namespace vramauto::engine::vllm
