#include "engine/vllm/batch.hpp"

#include <algorithm>

#include "engine/vllm/profiles.hpp"
#include "support/text.hpp"

namespace vramauto::engine::vllm {
namespace {

// What the engine compares is NVML's total. Where only cudaMemGetInfo's is known the difference, under 1 GiB, crosses no threshold.
Bytes driver_total(const detect::Device* device) {
  if (!device) return VRAMAUTO_UNKNOWN;
  return device->driver_total_bytes != VRAMAUTO_UNKNOWN ? device->driver_total_bytes : device->total_bytes;
}

bool named(const detect::Device* device, std::string_view lower_word) {
  return device && text::lower(device->name).find(lower_word) != std::string::npos;
}

// Sources: vLLM engine/arg_utils.py, _set_default_args_v1 (0.8.0, 0.8.4, 0.8.5, 0.9.0), get_batch_defaults (0.28, 0.33).
// A GPU of unknown size counts as one of the small class, which is what the engine does when it cannot ask.
bool is_large(BatchRule rule, const detect::Device* device) {
  if (rule == BatchRule::hopper || rule == BatchRule::hopper_many) return named(device, "h100") || named(device, "h200");
  const auto total = driver_total(device);
  if (total == VRAMAUTO_UNKNOWN || total < 70 * kGiB) return false;
  if (rule == BatchRule::huge_not_gb10 && device->compute_major == 12 && device->compute_minor == 1) return false;
  return rule == BatchRule::big || !named(device, "a100");
}

bool is_huge(BatchRule rule, const detect::Device* device) {
  const auto total = driver_total(device);
  return rule >= BatchRule::huge && total != VRAMAUTO_UNKNOWN && total >= 160 * kGiB;
}

}  // namespace

Batch default_batch(const Profile& profile, const detect::Device* device, bool llm_class) {
  const auto rule = profile.batch;
  if (rule == BatchRule::v0) return {2048, 256};
  if (is_huge(rule, device)) return {16384, 1024};
  if (is_large(rule, device)) return {llm_class ? 16384u : 8192u, 1024};
  return {llm_class ? 8192u : 2048u, rule == BatchRule::hopper_many ? 1024u : 256u};
}

// Source: vLLM 0.33, engine/arg_utils.py, _set_default_max_num_seqs_and_batched_tokens_args.
Batch resolve_batch(const Profile& profile, const Workload& workload, const detect::Device* device, std::uint64_t max_model_len,
                    bool chunked_prefill, std::uint64_t whole_item) {
  auto batch = default_batch(profile, device, workload.usage == "llm");
  if (workload.performance_mode == "throughput") batch = {2 * batch.tokens, 2 * batch.sequences};
  if (workload.max_num_seqs) batch.sequences = *workload.max_num_seqs;
  if (workload.max_num_batched_tokens) {
    batch.tokens = *workload.max_num_batched_tokens;
  } else {
    if (!chunked_prefill) batch.tokens = std::max(batch.tokens, max_model_len);
    batch.tokens = std::max(batch.tokens, whole_item);
    batch.tokens = std::min(batch.tokens, saturating_mul(batch.sequences, max_model_len));
  }
  if (!workload.max_num_seqs) batch.sequences = std::min(batch.sequences, batch.tokens);
  return batch;
}

}  // namespace vramauto::engine::vllm
