#include "engine/vllm/footprint.hpp"

#include <algorithm>

#include "engine/vllm/fits.hpp"
#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm {
namespace {

Amount sum(const Amount& a, const Amount& b) {
  return {saturating_add(a.best, b.best), saturating_add(a.low, b.low), saturating_add(a.high, b.high)};
}

const fits::NonTorch& row_of(const Context& context) {
  const auto* row = &fits::kNonTorch.front();
  for (const auto& candidate : fits::kNonTorch)
    if (candidate.from <= context.profile->from) row = &candidate;
  return *row;
}

bool has_states(const Context& context) {
  for (const auto& cache : context.blueprint->caches)
    if (cache.kind == VRAMAUTO_CACHE_STATE) return true;
  return false;
}

Bytes beyond_nvidia_cards(const detect::Device& device) {
  if (device.unified_memory) return fits::kSharedMemory;
  const std::string_view name = device.name;
  return name.starts_with("AMD") || name.starts_with("Intel") ? fits::kOtherRuntime : 0;
}

// Local memory is there once for every thread that can be resident: 2048 a multiprocessor in data-centre GPUs, 1536 in others.
Bytes resident_threads(const Context& context) {
  constexpr Bytes kHopperProcessors = 132;
  const auto* device = context.device;
  const Bytes processors = device && device->multiprocessors ? device->multiprocessors : kHopperProcessors;
  const auto capability = context.capability();
  return processors * (capability == 86 || capability == 89 || capability >= 110 ? 1536 : 2048);
}

// vLLM 0.17 to 0.20, v1/sample/ops/topk_topp_sampler.py, apply_top_k_top_p: fewer rows than eight are sorted by torch.
bool samples_with_triton(const Context& context) {
  const auto rows = std::min(context.effective.max_num_seqs, context.effective.max_num_batched_tokens);
  return !context.mrv2 && context.profile->sampler == SamplerPath::triton && rows >= 8;
}

Amount spilled_registers(const Context& context) {
  const auto vocabulary = context.blueprint->traits.vocab;
  if (!samples_with_triton(context) || vocabulary % 4 == 0) return {};
  const auto all = fits::kSpilledByThread * resident_threads(context);
  if (vocabulary % 2 == 0) return {0, 0, all};  // pairs can be loaded: not seen
  if (context.parallel.tp * context.parallel.pp == 1) return Amount::exact(all);
  return {fits::kSpilledBesidePeers * resident_threads(context), 0, all};
}

// What the row says is a single rank's with Triton's sampler, or several ranks'.
Amount without_sampler(const Amount& row) {
  const auto less = [](Bytes amount) { return amount > fits::kSamplerKernels ? amount - fits::kSamplerKernels : 0; };
  return {less(row.best), less(row.low), less(row.high)};
}

}  // namespace

Amount cuda_context(const Context& context) {
  const auto capability = context.capability();
  if (capability >= 100 && capability < 120) return fits::kContextBlackwell;
  return capability >= 90 && capability < 100 ? fits::kContextHopper : fits::kContext;
}

Amount communication(const Context& context) {
  const auto& parallel = context.parallel;
  if (parallel.tp > 1) return fits::kPeers;
  return parallel.pp > 1 || parallel.dp > 1 ? fits::kStages : Amount{};
}

NonTorch non_torch(const Context& context, bool sampler) {
  const auto& row = row_of(context);
  const auto& parallel = context.parallel;
  auto out = row.by_tp[parallel.tp == 1 ? 0 : parallel.tp < 4 ? 1 : 2];
  const auto from = context.profile->from;
  const bool row_samples = from >= Version{0, 17, 0} && from < Version{0, 20, 0} && parallel.tp == 1;
  if (row_samples && !(sampler && parallel.pp == 1 && samples_with_triton(context))) out = without_sampler(out);
  // Logged on Hopper only, and of four ranks at most: elsewhere as much as larger kernels, as little as what is loaded for any.
  if (from >= Version{0, 11, 0} && from < Version{0, 20, 0} && (context.capability() / 10 != 9 || parallel.tp > 4))
    out.low /= 4, out.high += out.high / 4;
  if (sampler) out = sum(out, spilled_registers(context));
  if (has_states(context)) out.high = saturating_add(out.high, fits::kStateKernels);
  if (context.device) out.high = saturating_add(out.high, beyond_nvidia_cards(*context.device));
  return {out, row.source};
}

// vLLM v1/worker/gpu_worker.py, init_device: the order of snapshot and init_distributed changed in 0.11.0; cuBLAS handles and
// workspace (32 MiB of torch, some MiB of the library) came before the snapshot in 0.33.
Startup startup(const Context& context) {
  const auto cuda = cuda_context(context), peers = communication(context);
  switch (context.profile->snapshot) {
    case Snapshot::none:
      return {{}, sum(cuda, peers)};
    case Snapshot::before_distributed:
      return {cuda, peers};
    case Snapshot::after_distributed:
      return {sum(cuda, peers), {}};
    case Snapshot::after_distributed_and_cublas:
      return {sum(sum(cuda, peers), fits::between(0.05, 0.02, 0.10)), {}};
  }
  return {};
}

}  // namespace vramauto::engine::vllm
