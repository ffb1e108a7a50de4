#include "engine/vllm/activation.hpp"

#include <algorithm>
#include <cmath>

#include "engine/vllm/encoders.hpp"
#include "engine/vllm/fits.hpp"
#include "engine/vllm/profiles.hpp"
#include "engine/vllm/quantization/placed.hpp"
#include "engine/vllm/workspaces.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Bytes kTopKTokens = 4;  // bytes of one fp32 value
constexpr Version kCublasOutside = {0, 33, 0};
constexpr Version kRemeasuredForward = {0, 20, 0};
constexpr std::uint32_t kHopperMultiprocessors = 132;

Bytes scaled(double factor, double elements) {
  const double bytes = factor * elements;
  return bytes >= 9.2e18 ? UINT64_MAX / 2 : static_cast<Bytes>(std::llround(std::max(0.0, bytes)));
}

std::uint64_t rows(const Context& context) {
  return std::min(context.effective.max_num_seqs, context.effective.max_num_batched_tokens);
}

// Size of torch's cuBLAS workspace: 32 MiB from Hopper on, 8.125 MiB before. From 0.33 on it is made before the first snapshot.
Bytes cublas(const Context& context) {
  if (context.profile->from >= kCublasOutside) return 0;
  return context.capability() >= 90 ? 32 * kMiB : 8 * kMiB + kMiB / 8;
}

// Triton's top-k and top-p kernel keeps one fp32 row of the vocabulary for each program: at most one for each multiprocessor.
// Measured: 36 starts of 0.17 to 0.20, residual at most 0.007 GiB.
Bytes triton_buffer(const Context& context) {
  if (context.mrv2 || context.profile->sampler != SamplerPath::triton) return 0;
  const auto processors =
      context.device && context.device->multiprocessors ? context.device->multiprocessors : kHopperMultiprocessors;
  return saturating_mul(kTopKTokens * std::min<std::uint64_t>(processors, rows(context)), context.vocabulary());
}

bool quantises_inputs_to_int8(const Context& context) {
  if (!context.formats) return false;
  const auto& format = context.formats->format(context.formats->rules.linear);
  return format.scheme == quantization::Scheme::int8 && format.dynamic_input;
}

const fits::Factor& hidden_factor(const Context& context, std::uint32_t stage) {
  if (stage == 0 && context.parallel.pp > 1) return fits::kForwardFirstStage;
  if (quantises_inputs_to_int8(context)) return fits::kForwardInt8;
  if (context.profile->from < kRemeasuredForward) return fits::kForward;
  if (context.parallel.tp > 1) return fits::kForwardPeers;
  return context.effective.enforce_eager ? fits::kForwardEager : fits::kForwardCompiled;
}

void add(Amount& sum, const Amount& more) {
  sum.best = saturating_add(sum.best, more.best);
  sum.low = saturating_add(sum.low, more.low);
  sum.high = saturating_add(sum.high, more.high);
}

// Beside the hidden states: the MLP at its widest, or what latent attention multiplies back.
Amount forward_of(const Context& context, std::uint32_t stage) {
  const double hidden = context.blueprint->traits.hidden, tp = context.parallel.tp;
  const double tokens = static_cast<double>(context.effective.max_num_batched_tokens) * context.element_bytes();
  double widest = 0;
  for (const auto& forward : context.blueprint->forwards)
    if (!(forward.flags & VRAMAUTO_DRAFT))
      widest = std::max(widest, (forward.flags & VRAMAUTO_UNGATED ? 2.0 : 3.0) * forward.intermediate / tp);
  const auto& factor = hidden_factor(context, stage);
  const double beside = std::max(tokens * widest, static_cast<double>(latent_workspace(context)));
  return {scaled(1, beside + tokens * factor.best * hidden), scaled(1, beside + tokens * factor.low * hidden),
          scaled(1, beside + tokens * factor.high * hidden)};
}

// Beside the logits: the hidden states of the forward pass, still held, and the rows selected from them (V1 copies them once more).
Amount sampler_of(const Context& context, SamplerCost cost) {
  // Made-up logits of a draft and of what follows it, and the rows picked from them, while the first are held: vLLM 0.33 and 0.11,
  // v1/worker/gpu_model_runner.py, _dummy_sampler_run. Up to 0.10 of the draft alone, without sampling what follows.
  if (context.draft_tokens && !context.mrv2 && context.profile->v1) {
    const double b = context.element_bytes();
    const bool both = context.profile->from >= Version{0, 11, 0};
    cost.best += both ? 3 * b : 0;
    cost.high += both ? 3 * b : b;
  }
  const auto width = context.element_bytes();
  const double hidden = context.blueprint->traits.hidden, r = static_cast<double>(rows(context));
  const double logits = r * static_cast<double>(context.vocabulary());
  const double states =
      (static_cast<double>(context.effective.max_num_batched_tokens) + (context.mrv2 ? 1 : 2) * r) * hidden * width;
  const double fixed = states + static_cast<double>(triton_buffer(context)) + static_cast<double>(cublas(context));
  return {scaled(1, cost.best * logits + fixed), scaled(1, cost.low * logits + fixed), scaled(1, cost.high * logits + fixed)};
}

// What a stage receives from the one before it stays: hidden states and residual. vLLM 0.19, v1/worker/gpu_model_runner.py,
// sync_and_slice_intermediate_tensors. Logged of four stages of two starts, within 0.01 GiB.
Bytes received(const Context& context) {
  return saturating_mul(2 * context.effective.max_num_batched_tokens, context.blueprint->traits.hidden * context.element_bytes());
}

}  // namespace

namespace {

// The draft runs over as many tokens while what the model gave is still held: EAGLE 3 takes three layers' states besides. vLLM 0.33
// and 0.19, v1/worker/gpu_model_runner.py, _dummy_run. Not measured: layers of the model's own that draft only widen the bound.
void add_draft(const Context& context, Amount& forward) {
  if (context.draft_tokens == 0) return;
  const auto state =
      saturating_mul(context.effective.max_num_batched_tokens, Bytes{context.blueprint->traits.hidden} * context.element_bytes());
  if (context.draft_layers) forward.high = saturating_add(forward.high, 2 * state);
  if (!context.drafter) return;
  const bool layers_too = context.speculation.method == "eagle3";
  if (layers_too) add(forward, {3 * state, 0, 3 * state});
  auto own = forward_of(*context.drafter, context.drafter->parallel.pp - 1);
  add(own, Amount::exact(state + (layers_too ? 3 * state : 0)));
  forward = {std::max(forward.best, own.best), std::max(forward.low, own.low), std::max(forward.high, own.high)};
}

}  // namespace

Amount Activation::peak() const {
  return {std::max({forward.best, sampler.best, encoder.best}), std::max({forward.low, sampler.low, encoder.low}),
          std::max({forward.high, sampler.high, encoder.high})};
}

std::string_view Activation::phase() const {
  if (encoder.best > std::max(sampler.best, forward.best)) return "encoder";
  return sampler.best >= forward.best ? "sampler" : "forward pass";
}

// b bytes of the logits themselves, then what sampling in fp32 adds: 36 with a full sort, 12 in place with exponential noise.
// Measured: 38.02 (6 starts up to 0.16) and 14.017 (36 starts of 0.17 to 0.20) at b = 2; MRV2's are counted from the tensors alive.
SamplerCost sampler_cost(const Context& context) {
  const double b = context.element_bytes();
  if (context.mrv2) {
    if (context.profile->mrv2_sampler <= 2) return {b, b, b + 4};
    const bool triton = environment(*context.workload, "VLLM_USE_FLASHINFER_SAMPLER").value_or("1") == "0" ||
                        context.capability() < 80 ||
                        (context.device && context.device->multiprocessors && context.device->multiprocessors <= 16);
    return triton ? SamplerCost{b + 4, b, b + 12} : SamplerCost{b + 12, b + 4, b + 12};
  }
  switch (context.profile->sampler) {
    case SamplerPath::sort:
      return {b + 36, b + 36, b + 36};
    case SamplerPath::flashinfer_if_importable:
      return {b + 36, b + 12, b + 36};
    case SamplerPath::triton:
    case SamplerPath::flashinfer:
      return {b + 12, b + 12, b + 12};
  }
  return {};
}

Activation activation_of_stage(const Context& context, std::uint32_t stage) {
  const bool last = stage + 1 == context.parallel.pp;
  Activation out;
  out.forward = forward_of(context, stage);
  out.fitted_to = hidden_factor(context, stage).source;
  if (last) add_draft(context, out.forward);
  if (last && context.generates()) out.sampler = sampler_of(context, sampler_cost(context));
  const auto experts = expert_workspace(context);
  add(out.forward, experts.amount);
  if (experts.stays && last && context.generates()) add(out.sampler, experts.amount);
  if (stage > 0) {
    const auto held = Amount::exact(received(context));
    add(out.forward, held);
    if (out.sampler.best) add(out.sampler, held);
    return out;
  }
  const auto encoder = encoder_profile(context);
  out.encoder = encoder.peak;
  add(out.forward, Amount::exact(encoder.resident));
  if (out.sampler.best) add(out.sampler, Amount::exact(encoder.resident));
  return out;
}

Amount unprofiled_sampler(const Context& context, const Activation& profiled) {
  if (!context.mrv2 || context.profile->mrv2_sampler > 2 || profiled.sampler.best == 0) return {};
  const double b = context.element_bytes();
  const auto full = sampler_of(context, {b + 12, b + 8, b + 12}), peak = profiled.peak();
  const auto beyond = [](Bytes a, Bytes c) { return a > c ? a - c : Bytes{0}; };
  return {beyond(full.low, peak.best), 0, beyond(full.high, peak.low)};
}

}  // namespace vramauto::engine::vllm
