#include "engine/vllm/resolve.hpp"

#include <algorithm>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/batch.hpp"
#include "engine/vllm/encoders.hpp"
#include "engine/vllm/graphs.hpp"
#include "engine/vllm/lora.hpp"
#include "engine/vllm/quantization/served.hpp"
#include "engine/vllm/runner.hpp"
#include "engine/vllm/speculation.hpp"
#include "engine/vllm/stages.hpp"
#include "engine/vllm/states.hpp"

namespace vramauto::engine::vllm {
namespace {

const json::Value* config_value(const model::Model& model, std::string_view key) {
  const auto& root = model.config.root();
  if (const auto* value = root.find(key)) return value;
  const auto* text = root.find("text_config");
  return text ? text->find(key) : nullptr;
}

std::uint64_t config_length(const model::Model& model, std::string_view key) {
  const auto* value = config_value(model, key);
  return value && value->is(json::Type::integer) && value->integer > 0 ? static_cast<std::uint64_t>(value->integer) : 0;
}

bool is_longrope(const model::Model& model) {
  for (const std::string_view key : {"rope_scaling", "rope_parameters"})
    if (const auto* rope = config_value(model, key))
      for (const std::string_view name : {"rope_type", "type"})
        if (const auto* type = rope->find(name); type && (type->text == "longrope" || type->text == "su")) return true;
  return false;
}

bool switched_on(const Workload& workload, std::string_view name) {
  const auto value = environment(workload, name);
  return value && *value != "0" && *value != "false" && *value != "False" && !value->empty();
}

// vLLM 0.33, config/model.py, _get_and_verify_max_len.
Result<std::uint64_t> resolve_length(const Context& context) {
  const auto own = own_length(context);
  const auto asked = context.workload->max_model_len;
  if (!asked) return own;
  const auto most = longest_accepted(*context.model, own);
  if (*asked > most && !switched_on(*context.workload, "VLLM_ALLOW_LONG_MAX_MODEL_LEN"))
    return fail(
        VRAMAUTO_E_UNSUPPORTED, "max-model-len",
        "found {}, the model's own length is {}: vLLM refuses more unless VLLM_ALLOW_LONG_MAX_MODEL_LEN=1 is in its environment",
        *asked, most);
  return *asked;
}

// Beside what check_parallel looks at. vLLM 0.33, config/model.py, verify_with_parallel_config.
Result<void> check_context_parallel(const Context& context) {
  const auto dcp = context.parallel.dcp, tp = context.parallel.tp;
  if (dcp <= 1) return {};
  constexpr std::string_view where = "decode-context-parallel-size";
  if (context.profile->context_parallel == ContextParallel::none)
    return fail(VRAMAUTO_E_UNSUPPORTED, where, "it exists from vLLM 0.10.2 on, the version asked for has the rules of {}",
                context.profile->name);
  if (tp % dcp != 0)
    return fail(VRAMAUTO_E_UNSUPPORTED, where, "found {}, expected a divisor of the tensor parallel size {}", dcp, tp);
  for (const auto& cache : context.blueprint->caches)
    if (cache.kind == VRAMAUTO_CACHE_FULL && cache.heads && dcp > std::max(1u, tp / cache.heads))
      return fail(VRAMAUTO_E_UNSUPPORTED, where, "found {}, expected at most {}: {} tensor-parallel ranks for {} KV heads", dcp,
                  std::max(1u, tp / cache.heads), tp, cache.heads);
  return {};
}

// vLLM 0.33, config/parallel.py, EPLBConfig and _validate_parallel_config; up to 0.11 an option of its own.
Result<std::uint32_t> redundant_experts(const Workload& asked, const Parallel& parallel) {
  if (!asked.enable_eplb) return 0u;
  if (!parallel.expert_parallel)
    return fail(VRAMAUTO_E_UNSUPPORTED, "enable-eplb", "enable_expert_parallel must be True to use EPLB, on more than one rank.");
  if (asked.eplb_config.empty()) return asked.num_redundant_experts;
  const auto document = TRY(json::parse("eplb-config", asked.eplb_config));
  const auto* given = document.root().find("num_redundant_experts");
  if (!given) return asked.num_redundant_experts;
  if (!given->is(json::Type::integer) || given->integer < 0 || given->integer > 1 << 20)
    return fail(VRAMAUTO_E_ARGUMENT, "eplb-config", "num_redundant_experts is no whole number from 0 to {}", 1 << 20);
  return static_cast<std::uint32_t>(given->integer);
}

// Options that were named and that this release has not, or not any more.
Result<void> check_options(const Workload& asked, const Found& version) {
  if (!version.known) return {};
  for (const std::string_view name : asked.set_names) {
    const auto* option = find_option(name);
    const auto in = option ? served(*option) : Served{};
    if (version.version.minor < in.since)
      return fail(VRAMAUTO_E_UNSUPPORTED, name, "it exists from vLLM 0.{} on, {} was asked for", in.since, version.text);
    if (version.version.minor >= in.until)
      return fail(VRAMAUTO_E_UNSUPPORTED, name, "it exists up to vLLM 0.{}, {} was asked for", in.until - 1, version.text);
  }
  return {};
}

Result<Parallel> resolve_parallel(const Context& context, const Version& version) {
  const auto& asked = *context.workload;
  Parallel out;
  out.tp = asked.tensor_parallel_size;
  out.pp = asked.pipeline_parallel_size;
  out.dp = asked.data_parallel_size;
  out.dcp = asked.decode_context_parallel_size;
  out.expert_parallel = asked.enable_expert_parallel && std::uint64_t{out.tp} * out.dp > 1;
  const auto& blueprint = *context.blueprint;
  out.whole_shared_experts = out.expert_parallel && out.tp > 1 && out.dp > 1 &&
                             has_whole_shared_experts(blueprint.text.empty() ? blueprint.architecture : blueprint.text, version);
  out.redundant_experts = TRY(redundant_experts(asked, out));
  constexpr std::uint64_t kMostRanks = 65536;
  if (std::uint64_t{out.tp} * out.pp * out.dp > kMostRanks)
    return fail(VRAMAUTO_E_LIMIT, "tensor-parallel-size", "found {} x {} x {} ranks, expected at most {}", out.tp, out.pp, out.dp,
                kMostRanks);
  const auto& facts = *context.architecture;
  out.whole_towers = (asked.mm_encoder_tp_mode == "data" && facts.whole_towers) || facts.undivided_towers ||
                     (facts.undivided_from_params && context.model->mistral_format);
  TRY(check_parallel(*context.blueprint, out, *context.architecture));
  out.stage_layers = TRY(split_layers(context.blueprint->traits.layers, out.pp, version, asked));
  TRY(check_borrowed(*context.blueprint, out));
  return out;
}

// vLLM 0.33, config/scheduler.py, verify_max_model_len and the check beside it.
Result<void> check_batch(const Effective& effective) {
  const auto tokens = effective.max_num_batched_tokens;
  constexpr std::string_view where = "max-num-batched-tokens";
  if (!effective.enable_chunked_prefill && tokens < effective.max_model_len)
    return fail(VRAMAUTO_E_UNSUPPORTED, where,
                "found {}, expected at least max-model-len {}: without chunked prefill one step holds a whole prompt", tokens,
                effective.max_model_len);
  if (tokens < effective.max_num_seqs)
    return fail(VRAMAUTO_E_UNSUPPORTED, where, "found {}, expected at least max-num-seqs {}", tokens, effective.max_num_seqs);
  return {};
}

// A pooling model whose configuration turns causal attention off: vLLM 0.33, models/llama.py, qwen2.py, qwen3.py, gemma3.py.
bool is_encoder_only(const Context& context) {
  if (context.architecture->encoder_only) return true;
  if (context.generates()) return false;
  if (context.blueprint->caches.empty()) return true;
  const auto* causal = config_value(*context.model, "is_causal");
  const auto* both_ways = config_value(*context.model, "use_bidirectional_attention");
  return (causal && causal->is(json::Type::boolean) && causal->integer == 0) ||
         (both_ways && both_ways->is(json::Type::boolean) && both_ways->integer != 0);
}

// Chunked prefill and prefix caching unless asked otherwise: V1's decoders, and what is pooled from the last token of one. vLLM
// 0.33, config/model.py, is_chunked_prefill_supported and is_prefix_caching_supported.
bool splits_prompts(const Context& context) {
  constexpr Version kPoolsInV1{0, 10, 0};
  if (!context.profile->v1 || context.blueprint->traits.task == 3) return false;
  if (context.generates()) return true;
  return context.profile->from >= kPoolsInV1 && !context.encoder_only && !context.architecture->pools_whole_prompt;
}

// A way to cache states has no effect without prefix caching: who names one asks for both. The plan's arguments say so.
bool asks_for_states(const Context& context) {
  const auto& mode = context.workload->mamba_cache_mode;
  return mode == "align" || mode == "all";
}

// Recurrent states are kept at block boundaries since 0.28 where attention is beside them, never by themselves.
bool caches_prefixes(const Context& context) {
  const auto memory = memory_of(*context.blueprint);
  return memory != Memory::states && (memory != Memory::both || context.profile->state_prefix_caching || asks_for_states(context));
}

Result<void> resolve_effective(Context& context) {
  const auto& asked = *context.workload;
  auto& out = context.effective;
  out.max_model_len = TRY(resolve_length(context));
  out.enforce_eager = asked.enforce_eager;
  out.max_lora_rank = TRY(lora_rank(context));
  context.encoder_only = is_encoder_only(context);
  const bool splits = splits_prompts(context);
  out.enable_prefix_caching = asked.enable_prefix_caching.value_or(splits && caches_prefixes(context));
  out.enable_chunked_prefill = asked.enable_chunked_prefill.value_or(splits);
  const auto batch = resolve_batch(*context.profile, asked, context.device, out.max_model_len, out.enable_chunked_prefill,
                                   whole_item_tokens(context));
  out.max_num_batched_tokens = batch.tokens;
  out.max_num_seqs = batch.sequences;
  context.formats = TRY(quantization::placed_formats(*context.model, *context.blueprint, asked.quantization));
  out.quantization = context.formats->rules.method;
  TRY(quantization::check_served(context));
  return check_batch(out);
}

// A class that the engine has no list entry for runs through transformers, where that has it: vLLM 0.33, models/registry.py,
// _try_resolve_transformers; since 0.7. What is only guessed at is answered as if it had; what is known to be refused stays
// refused.
constexpr Architecture kUnlisted{.names = {}, .backend = Backend::transformers};
constexpr Version kTransformersBackend{0, 7, 0};

Result<const Architecture*> architecture_of(const estimator::Blueprint& blueprint, const Version& version) {
  const auto& name = blueprint.architecture;
  if (!blueprint.guess || is_listed(name) || version < kTransformersBackend) return find_architecture(name, version);
  return &kUnlisted;
}

}  // namespace

std::optional<std::string_view> environment(const Workload& workload, std::string_view name) {
  for (const std::string_view entry : workload.env)
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) return entry.substr(name.size() + 1);
  return std::nullopt;
}

// Releases that came with transformers 4 took keys of a text model that a composite's file has at its top; later ones take the
// defaults of the text's class.
std::uint64_t own_length(const Context& context) {
  constexpr Version kTransformers5{0, 20, 0};
  const std::uint64_t described = context.blueprint->traits.max_model_len;
  if (context.blueprint->text.empty() || context.profile->from >= kTransformers5 || is_longrope(*context.model)) return described;
  const auto* stated = context.model->config.root().find("max_position_embeddings");
  return stated && stated->is(json::Type::integer) && stated->integer > 0 ? static_cast<std::uint64_t>(stated->integer) : described;
}

std::uint64_t longest_accepted(const model::Model& model, std::uint64_t own) {
  auto most = std::max(own, config_length(model, "model_max_length"));
  if (is_longrope(model)) most = std::max(most, config_length(model, "max_position_embeddings"));
  return most;
}

Result<Resolved> resolve(const Request& request, const Workload& workload) {
  Resolved out;
  auto& context = out.context;
  context.model = request.model;
  context.blueprint = request.blueprint;
  context.workload = &workload;
  context.draft = request.draft;
  context.adapters = request.adapters;
  context.device = request.devices.empty() ? nullptr : &request.devices.front();
  const bool found = workload.engine_version == "auto" && request.installed && !request.installed->version.empty();
  const std::string_view version = found ? request.installed->version : workload.engine_version;
  out.version = find_profile(version, environment(workload, "VLLM_USE_V1").value_or("1") == "0");
  context.profile = out.version.profile;
  TRY(check_options(workload, out.version));
  TRY(check_compilation(workload, out.version.version));
  context.architecture = TRY(architecture_of(*context.blueprint, out.version.version));
  if (const auto& text = context.blueprint->text; !text.empty() && text != context.blueprint->architecture) {
    context.composite = std::make_shared<Architecture>(composite_of(*context.architecture, text, out.version.version));
    context.architecture = context.composite.get();
  }
  context.parallel = TRY(resolve_parallel(context, out.version.version));
  TRY(check_context_parallel(context));
  context.dtype = TRY(resolve_dtype(context));
  context.speculation = TRY(read_speculation(context));
  context.draft_tokens = context.speculation.tokens;
  context.draft_layers = context.speculation.drafter == Drafter::own_layers;
  TRY(resolve_effective(context));
  context.mrv2 = uses_mrv2(context);
  out.cache = TRY(resolve_cache_dtype(context));
  if (context.architecture->ignores_cache_dtype) out.cache = plain_cache(context);
  context.kv_dtype = out.cache.dtype;
  if (context.architecture->refuses_fp8_cache && out.cache.bits == 8)
    return fail(VRAMAUTO_E_UNSUPPORTED, "kv-cache-dtype", "found {}: vLLM has no attention kernel with such a cache for {}",
                workload.kv_cache_dtype, context.blueprint->architecture);
  context.drafter = TRY(drafter_of(context, out.version.version));
  return out;
}

}  // namespace vramauto::engine::vllm
