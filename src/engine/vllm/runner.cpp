#include "engine/vllm/runner.hpp"

#include <algorithm>
#include <array>

#include "engine/vllm/profiles.hpp"
#include "engine/vllm/speculation.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr std::array<std::string_view, 3> kDense = {"Qwen3ForCausalLM", "LlamaForCausalLM", "MistralForCausalLM"};
constexpr std::array<std::string_view, 3> kMoe = {"DeepseekV2ForCausalLM", "Qwen2MoeForCausalLM", "GraniteMoeForCausalLM"};

template <std::size_t N>
bool listed(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_experts(const estimator::Blueprint& blueprint) {
  return std::any_of(blueprint.forwards.begin(), blueprint.forwards.end(), [](const auto& f) { return f.experts > 0; });
}

bool has_states(const estimator::Blueprint& blueprint) {
  return std::any_of(blueprint.caches.begin(), blueprint.caches.end(),
                     [](const auto& c) { return c.kind == VRAMAUTO_CACHE_STATE; });
}

// vLLM config/vllm.py of each release, use_v2_model_runner and the list of architectures beside it.
bool chosen_by_default(const Context& context) {
  const auto& blueprint = *context.blueprint;
  const std::string_view name = blueprint.architecture;
  switch (context.profile->runner) {
    case RunnerRule::v0:
    case RunnerRule::v1:
      return false;
    case RunnerRule::qwen3:
      return name == kDense[0] && context.effective.quantization.empty();
    case RunnerRule::three_dense:
      return listed(kDense, name) && context.effective.quantization.empty();
    case RunnerRule::three_dense_three_moe:
      return listed(kDense, name) || listed(kMoe, name);
    case RunnerRule::dense:
      return blueprint.traits.task == 1 && !blueprint.caches.empty() && !has_states(blueprint) &&
             (!has_experts(blueprint) || listed(kMoe, name));
    case RunnerRule::all:
      return true;
  }
  return false;
}

}  // namespace

bool uses_mrv2(const Context& context) {
  if (context.profile->mrv2_sampler == 0) return false;  // no release before 0.22 had it ready
  if (const auto asked = environment(*context.workload, "VLLM_USE_V2_MODEL_RUNNER")) return *asked != "0";
  if (context.draft_tokens && !drafts_on_mrv2(context.profile->from, context.speculation.method)) return false;
  return chosen_by_default(context);
}

// vLLM 0.26, config/vllm.py, max_in_flight_tokens and max_concurrent_batches: asynchronous scheduling, on by default since 0.14
// for generation, adds a batch.
std::uint64_t in_flight_tokens(const Context& context) {
  std::uint64_t batches = 1;
  if (context.profile->in_flight == InFlight::concurrent_batches) {
    const auto pp = context.parallel.pp;
    if (!context.generates())
      batches = pp;
    else if (context.mrv2)
      batches = pp + 1;
    else
      batches = pp == 1 ? 2 : pp;
  }
  return saturating_mul(batches, context.effective.max_num_batched_tokens);
}

}  // namespace vramauto::engine::vllm
