#include "engine/vllm/encoders.hpp"

#include <algorithm>

#include "engine/vllm/profiles.hpp"
#include "support/json.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr std::uint64_t kDefaultLimit = 999;  // vLLM 0.33, config/multimodal.py, MultiModalConfig.get_limit_per_prompt
constexpr Version kOutputsOnly{0, 22, 0};     // first release with MRV2 by default, which frees the inputs inside its encoder

using estimator::Encoder;

// Output tokens of the largest item, as many frames of a video as fit the model's length.
std::uint64_t frames(const Context& context, const Encoder& encoder) {
  if (encoder.max_frames == 0) return 1;
  const std::uint64_t fit = context.effective.max_model_len / std::max(1u, encoder.tokens_per_item);
  return std::clamp<std::uint64_t>(fit, 1, encoder.max_frames);
}

std::uint64_t item_tokens(const Context& context, const Encoder& encoder) {
  return std::max<std::uint64_t>(1, encoder.tokens_per_item) * frames(context, encoder);
}

// The one with most tokens an item: vLLM 0.33, multimodal/encoder_budget.py, MultiModalBudget.
const Encoder* widest(const Context& context) {
  const auto in_use = encoders_in_use(context);
  const Encoder* out = nullptr;
  for (std::size_t i = 0; i < context.blueprint->encoders.size(); ++i) {
    const auto& encoder = context.blueprint->encoders[i];
    if (!(in_use >> i & 1)) continue;
    if (!out || item_tokens(context, encoder) > item_tokens(context, *out)) out = &encoder;
  }
  return out;
}

// vLLM 0.33, v1/worker/gpu_model_runner.py, profile_run, with the limits of multimodal/encoder_budget.py: as many items as the
// budget of a step holds, and as requests of this length can bring.
std::uint64_t items_profiled(const Context& context, const Encoder& encoder) {
  const auto tokens = item_tokens(context, encoder);
  const auto budget = std::max(context.effective.max_num_batched_tokens, tokens);
  const auto each = std::min(items_allowed(*context.workload, encoder.modality_text),
                             std::max<std::uint64_t>(1, context.effective.max_model_len / tokens));
  return std::max<std::uint64_t>(1, std::min(budget / tokens, saturating_mul(context.effective.max_num_seqs, each)));
}

double bytes_of_outputs(const Context& context, const Encoder& encoder, double items) {
  const double width = static_cast<double>(encoder.output ? encoder.output : context.blueprint->traits.hidden);
  return items * static_cast<double>(item_tokens(context, encoder)) * width * (1 + encoder.levels) * context.element_bytes();
}

Bytes bytes(double amount) { return amount >= 9e18 ? UINT64_MAX / 2 : static_cast<Bytes>(amount); }

}  // namespace

std::uint64_t items_allowed(const Workload& workload, std::string_view modality) {
  if (workload.language_model_only) return 0;
  if (workload.limit_mm_per_prompt.empty()) return kDefaultLimit;
  const auto limits = json::parse("limit-mm-per-prompt", workload.limit_mm_per_prompt);
  const auto* limit = limits ? limits->root().find(modality) : nullptr;
  if (limit && limit->is(json::Type::object)) limit = limit->find("count");
  if (!limit || !limit->is(json::Type::integer)) return kDefaultLimit;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, limit->integer));
}

std::string limits_as_pairs(const Workload& workload) {
  std::string out;
  const auto limits = json::parse("limit-mm-per-prompt", workload.limit_mm_per_prompt);
  if (!limits) return out;
  for (const auto& limit : limits->root().items)
    out.append(out.empty() ? "" : ",").append(limit.key).append("=").append(std::to_string(items_allowed(workload, limit.key)));
  return out;
}

std::uint64_t encoders_in_use(const Context& context) {
  std::uint64_t out = 0;
  const auto& encoders = context.blueprint->encoders;
  for (std::size_t i = 0; i < encoders.size() && i < 64; ++i)
    if (items_allowed(*context.workload, encoders[i].modality_text)) out |= std::uint64_t{1} << i;
  return out;
}

// vLLM 0.33, engine/arg_utils.py, _get_min_mm_batched_tokens, since 0.22.
std::uint64_t whole_item_tokens(const Context& context) {
  constexpr std::uint32_t kPrefixLm = 1;  // vramauto_traits.flags
  if (!(context.blueprint->traits.flags & kPrefixLm) || context.profile->from < Version{0, 22, 0}) return 0;
  const auto* encoder = widest(context);
  return encoder ? item_tokens(context, *encoder) : 0;
}

// Measured (V1 runner, outputs and inputs): Gemma 3, Mistral 3, Granite vision, Kimi-VL at 0.19, residual at most 0.005 GiB. The
// tower's own peak has no measured case: a layer's hidden states, q, k, v and MLP of all positions, as bounds twice as wide.
EncoderProfile encoder_profile(const Context& context) {
  const auto* encoder = widest(context);
  if (!encoder || context.workload->skip_mm_profiling || (context.mrv2 && !context.profile->encoder_on_mrv2)) return {};
  const double items = static_cast<double>(items_profiled(context, *encoder));
  const double each = static_cast<double>(frames(context, *encoder)) * context.element_bytes();
  const double outputs = bytes_of_outputs(context, *encoder, items);
  const double inputs = items * each * static_cast<double>(encoder->input_elements);
  const double layer = items * each * static_cast<double>(encoder->patches_per_item) *
                       (4.0 * encoder->hidden + std::max(3.0 * encoder->hidden, 2.0 * encoder->intermediate));
  const bool inputs_stay = !context.mrv2 || context.profile->from < kOutputsOnly;
  EncoderProfile out;
  out.resident = bytes(outputs + (inputs_stay ? inputs : 0));
  out.peak = {bytes(outputs + inputs + layer), out.resident, bytes(outputs + inputs + 2 * layer)};
  return out;
}

}  // namespace vramauto::engine::vllm
