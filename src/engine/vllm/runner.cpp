#include "engine/vllm/runner.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "engine/vllm/profiles.hpp"
#include "engine/vllm/speculation.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr std::array<std::string_view, 3> kDense = {"Qwen3ForCausalLM", "LlamaForCausalLM", "MistralForCausalLM"};

// Architectures that have it whatever they are made of, and the rule that brought them.
struct Listed {
  std::string_view name;
  RunnerRule since;
};
constexpr Listed kListed[] = {
    {"DeepseekV2ForCausalLM", RunnerRule::listed},
    {"Qwen2MoeForCausalLM", RunnerRule::listed},
    {"GraniteMoeForCausalLM", RunnerRule::listed},
    {"InklingForCausalLM", RunnerRule::dense_0_26},
    {"InklingForConditionalGeneration", RunnerRule::dense_0_26},
    {"LongcatFlashNgramForCausalLM", RunnerRule::dense_0_26},
    {"KimiK3ForConditionalGeneration", RunnerRule::dense_0_27},
    {"DeepseekV4ForCausalLM", RunnerRule::dense_0_28},
};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
bool is_dense(std::string_view name) { return is_one_of(kDense, name); }

bool has_it(std::string_view name, RunnerRule rule) {
  return std::any_of(std::begin(kListed), std::end(kListed),
                     [&](const Listed& one) { return one.name == name && one.since <= rule; });
}

bool has_experts(const estimator::Blueprint& blueprint) {
  return std::any_of(blueprint.forwards.begin(), blueprint.forwards.end(), [](const auto& f) { return f.experts > 0; });
}

bool has_states(const estimator::Blueprint& blueprint) {
  return std::any_of(blueprint.caches.begin(), blueprint.caches.end(),
                     [](const auto& c) { return c.kind == VRAMAUTO_CACHE_STATE; });
}

// vLLM config/vllm.py of each release, use_v2_model_runner, _is_default_v2_model_runner_model and the list of architectures.
bool chosen_by_default(const Context& context) {
  const auto& blueprint = *context.blueprint;
  const std::string_view name = blueprint.architecture;
  const auto rule = context.profile->runner;
  const bool generates = context.generates(), listed = has_it(name, rule);
  switch (rule) {
    case RunnerRule::v0:
    case RunnerRule::v1:
      return false;
    case RunnerRule::qwen3:
      return name == kDense[0] && generates && context.effective.quantization.empty();
    case RunnerRule::three_dense:
      return is_dense(name) && generates && context.effective.quantization.empty();
    case RunnerRule::listed:
      return (is_dense(name) || listed) && generates;
    case RunnerRule::dense:
    case RunnerRule::dense_0_26:
      return generates && !blueprint.caches.empty() && !has_states(blueprint) && (listed || !has_experts(blueprint));
    case RunnerRule::dense_0_27:
    case RunnerRule::dense_0_28:  // models with states beside attention, too, where they are listed
      return generates && !blueprint.caches.empty() && (listed || (!has_states(blueprint) && !has_experts(blueprint)));
    case RunnerRule::all:  // but states kept for every block, as long as that could be asked for
      return context.workload->mamba_cache_mode != "all" || context.profile->state == StateRule::none_align ||
             context.profile->from < Version{0, 30, 0};
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

namespace {

// Unless it is switched off, or the first model runner drafts in a way that does not wait for it. vLLM 0.33, config/vllm.py.
bool schedules_ahead(const Context& context) {
  constexpr std::array<std::string_view, 5> kNotAhead = {"ngram", "suffix", "custom_class", "medusa", "mlp_speculator"};
  if (context.workload->async_scheduling) return *context.workload->async_scheduling;
  return context.generates() && (context.mrv2 || !is_one_of(kNotAhead, context.speculation.method));
}

}  // namespace

// vLLM 0.26, config/vllm.py, max_in_flight_tokens and max_concurrent_batches: asynchronous scheduling, on by default since 0.14
// for generation, adds a batch.
std::uint64_t in_flight_tokens(const Context& context) {
  std::uint64_t batches = 1;
  if (context.profile->in_flight == InFlight::concurrent_batches) {
    const auto pp = context.parallel.pp;
    if (!schedules_ahead(context))
      batches = pp;
    else if (context.mrv2)
      batches = pp + 1;
    else
      batches = pp == 1 ? 2 : pp;
  }
  return saturating_mul(batches, context.effective.max_num_batched_tokens);
}

}  // namespace vramauto::engine::vllm
