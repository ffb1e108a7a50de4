#include "engine/vllm/all_reduce.hpp"

#include <algorithm>
#include <array>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kFused{0, 17, 0}, kAnyLayout{0, 21, 0}, kPlainBuffers{0, 22, 0}, kNoStages{0, 23, 0}, kStagesAgain{0, 24, 0};
// CUDA recommends whole steps of 512 MiB for memory that can be multicast. FlashInfer up to 0.6.8 rounds each buffer up to them.
constexpr Bytes kMulticastStep = 512 * kMiB, kStep = 2 * kMiB;
constexpr Bytes kFlags = 256 * 4;  // of each rank

// Largest message that is fused, MiB: vLLM 0.33, compilation/passes/fusion/allreduce_rms_fusion.py,
// FI_ALLREDUCE_FUSION_MAX_SIZE_MB.
struct Largest {
  std::uint32_t capability, tp;
  double mib;
};
constexpr std::array kLargest = {
    Largest{90, 2, 64}, Largest{90, 4, 2},   Largest{90, 8, 0.5}, Largest{100, 2, 64}, Largest{100, 4, 32},
    Largest{100, 8, 1}, Largest{103, 2, 64}, Largest{103, 4, 64}, Largest{103, 8, 2},
};

// vLLM 0.17 to 0.33, config/vllm.py, enable_allreduce_rms_fusion; the pass exists where the model is compiled.
Bytes largest_fused(const Context& context) {
  const auto from = context.profile->from;
  const auto& parallel = context.parallel;
  if (from < kFused || context.effective.enforce_eager || context.architecture->not_compiled) return 0;
  if (from < kAnyLayout && (parallel.dp > 1 || parallel.pp > 1)) return 0;
  if (from >= kNoStages && from < kStagesAgain && parallel.pp > 1) return 0;
  for (const auto& row : kLargest)
    if (row.capability == context.capability() && row.tp == parallel.tp) return static_cast<Bytes>(row.mib * kMiB);
  return 0;
}

// Without a switch between the GPUs multicast fails, and with it the workspace.
bool without_switch(const Context& context) {
  const std::string_view name = context.device ? std::string_view(context.device->name) : std::string_view();
  return name.find("PCIe") != name.npos || name.find("NVL") != name.npos;
}

}  // namespace

// FlashInfer 0.6.6 and 0.6.11, comm/trtllm_ar.py, trtllm_create_ipc_workspace_for_all_reduce_fusion: a buffer for the messages of
// all ranks, flags, and three times the messages for the one-shot kernels. At 0.19 on H100 they make 1.5 of the 2.07 to 2.21 GiB
// that 24 starts logged; what is left is what 0.11 logged without them.
Amount all_reduce_workspace(const Context& context) {
  const auto largest = largest_fused(context);
  if (largest == 0) return {};
  const Bytes row = Bytes{context.blueprint->traits.hidden} * context.element_bytes();
  const auto tokens = std::min(largest / std::max<Bytes>(1, row), context.effective.max_num_batched_tokens);
  const auto messages = saturating_mul(saturating_mul(tokens, row), context.parallel.tp);
  const auto step = context.profile->from < kPlainBuffers ? kMulticastStep : kStep;
  const auto all = round_up(messages + 1, step) + round_up(kFlags * context.parallel.tp, step) + round_up(3 * messages + 1, step);
  return without_switch(context) ? Amount{0, 0, all} : Amount::exact(all);
}

}  // namespace vramauto::engine::vllm
