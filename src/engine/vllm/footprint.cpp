#include "engine/vllm/footprint.hpp"

#include <array>

#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Bytes gib(double amount) { return static_cast<Bytes>(amount * static_cast<double>(kGiB)); }
constexpr Amount between(double best, double low, double high) { return {gib(best), gib(low), gib(high)}; }

Amount sum(const Amount& a, const Amount& b) {
  return {saturating_add(a.best, b.best), saturating_add(a.low, b.low), saturating_add(a.high, b.high)};
}

// GiB per rank at 1, 2 and 4 or more tensor-parallel ranks. Measured on H100 unless a bound is wide, which marks a guess:
// 0.10 on 24 to 80 GB cards, communication apart; 0.11 five models and one at two ranks; 0.18 and 0.19 22, 13 and 11 starts; from
// 0.20 on single starts on several GPUs; from 0.27 on what is consumed beside weights and penalty buffers.
struct Row {
  Version from;
  std::array<Amount, 3> by_tp;
};
constexpr std::array kRows = {
    Row{{0, 0, 0}, {between(0.20, 0.04, 1.2), between(0.40, 0.04, 1.9), between(0.45, 0.04, 1.9)}},
    Row{{0, 9, 1}, {between(0.05, 0.02, 0.20), between(0.45, 0.02, 1.0), between(0.50, 0.02, 1.0)}},
    Row{{0, 11, 0}, {between(0.13, 0.04, 0.20), between(0.55, 0.20, 0.70), between(0.60, 0.30, 1.0)}},
    Row{{0, 17, 0}, {between(0.19, 0.10, 0.30), between(0.60, 0.30, 2.2), between(0.65, 0.30, 2.3)}},
    Row{{0, 18, 0}, {between(0.25, 0.20, 0.48), between(2.09, 2.0, 2.2), between(2.18, 2.1, 2.3)}},
    Row{{0, 20, 0}, {between(0.15, 0.05, 0.30), between(0.50, 0.05, 2.2), between(0.60, 0.30, 2.3)}},
    Row{{0, 22, 0}, {between(0.13, 0.05, 0.30), between(0.40, 0.05, 1.0), between(0.60, 0.30, 1.0)}},
    Row{{0, 27, 0}, {between(0.13, 0.06, 0.35), between(0.10, 0.05, 0.70), between(0.50, 0.10, 1.0)}},
};

// Kernels of the sampler are loaded on the last stage only: a stage without showed 0.07 where the others show 0.25 (0.19).
constexpr double kSamplerKernels = 0.18;

}  // namespace

// Total less free at the first snapshot of starts with one rank: H100 0.51, B200 0.70, 24 GB and 48 GB cards 0.44 and 0.49.
Amount cuda_context(const Context& context) {
  const auto capability = context.capability();
  if (capability >= 100 && capability < 120) return between(0.70, 0.45, 0.85);
  if (capability >= 90 && capability < 100) return between(0.51, 0.33, 0.60);
  return between(0.45, 0.25, 0.55);
}

// The same with two, four and pipelined ranks on H100: 1.53, 1.55 and 1.45; one start at two ranks on H200: 0.60.
Amount communication(const Context& context) {
  const auto& parallel = context.parallel;
  if (parallel.tp > 1) return between(1.03, 0.09, 1.6);
  if (parallel.pp > 1 || parallel.dp > 1) return between(0.94, 0.09, 1.2);
  return {};
}

Amount non_torch(const Context& context, bool sampler) {
  const Row* row = &kRows.front();
  for (const auto& candidate : kRows)
    if (candidate.from <= context.profile->from) row = &candidate;
  auto out = row->by_tp[context.parallel.tp == 1 ? 0 : context.parallel.tp < 4 ? 1 : 2];
  if (!sampler && context.profile->from >= Version{0, 17, 0} && context.profile->from < Version{0, 20, 0} &&
      out.best > gib(kSamplerKernels)) {
    out.best -= gib(kSamplerKernels);
    out.low -= gib(kSamplerKernels);
  }
  return out;
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
      return {sum(sum(cuda, peers), between(0.05, 0.02, 0.10)), {}};
  }
  return {};
}

}  // namespace vramauto::engine::vllm
