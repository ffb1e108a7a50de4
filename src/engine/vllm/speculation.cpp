// Sources: vLLM 0.33, config/speculative.py, SpeculativeConfig.__post_init__; v1/worker/gpu_model_runner.py of each release for the
// methods it has.
#include "engine/vllm/speculation.hpp"

#include <algorithm>
#include <array>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/quantization/placed.hpp"
#include "engine/vllm/stages.hpp"
#include "support/json.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr std::string_view kWhere = "speculative-config";

struct Method {
  std::string_view name;
  Drafter drafter;
  Version since, until;         // of engine V1
  bool v0 = false;              // engine V0 had it
  Version mrv2_since = kNever;  // the second model runner
};

constexpr std::array kMethods = {
    Method{"ngram", Drafter::tokens, kAlways, kNever, true, {0, 32, 0}},
    Method{"ngram_gpu", Drafter::tokens, {0, 18, 0}, kNever, false, {0, 32, 0}},
    Method{"suffix", Drafter::tokens, {0, 11, 1}, kNever},
    Method{"custom_class", Drafter::tokens, {0, 22, 0}, kNever},
    Method{"mtp", Drafter::own_layers, kAlways, kNever, true, {0, 22, 0}},
    Method{"eagle", Drafter::head, kAlways, kNever, true, {0, 22, 0}},
    Method{"eagle3", Drafter::head, {0, 8, 5}, kNever, false, {0, 22, 0}},
    Method{"dflash", Drafter::head, {0, 20, 0}, kNever, false, {0, 24, 0}},
    Method{"dspark", Drafter::head, {0, 25, 0}, kNever, false, {0, 25, 0}},
    Method{"medusa", Drafter::head, {0, 9, 0}, {0, 33, 0}, true},
    Method{"mlp_speculator", Drafter::head, kNever, kNever, true},
    Method{"extract_hidden_states", Drafter::tokens, {0, 17, 0}, kNever, false, {0, 29, 0}},
    Method{"draft_model", Drafter::model, {0, 15, 0}, kNever, true, {0, 31, 0}},
};

// Names that end in mtp are older ones of one method; "[ngram]" stood for ngram.
const Method* find_method(std::string_view name) {
  if (name == "[ngram]") name = "ngram";
  if (name.ends_with("mtp")) name = "mtp";
  const auto found = std::find_if(kMethods.begin(), kMethods.end(), [&](const Method& method) { return method.name == name; });
  return found == kMethods.end() ? nullptr : &*found;
}

// Told by the draft model's name and type where the method is left out.
std::string_view method_of(const model::Model& draft) {
  const auto name = text::lower(draft.id.empty() ? draft.path : draft.id);
  const auto has = [&](std::string_view word) { return name.find(word) != std::string::npos; };
  if (has("eagle-")) return "eagle";
  if (has("eagle3")) return "eagle3";
  if (has("dflash")) return "dflash";
  if (has("dspark")) return "dspark";
  if (draft.model_type == "medusa" || draft.model_type == "mlp_speculator") return draft.model_type;
  return draft.model_type.ends_with("mtp") ? "mtp" : "draft_model";
}

Result<void> check_served(const Method& method, const Profile& profile) {
  const auto& version = profile.from;
  if (profile.v1 ? method.since <= version && version < method.until : method.v0) return {};
  if (method.since == kNever)
    return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "found method {}, which only engine V0 has (up to 0.10, VLLM_USE_V1=0)",
                method.name);
  if (profile.v1 && version >= method.until)
    return fail(VRAMAUTO_E_UNSUPPORTED, kWhere,
                "found method {}, which vLLM has up to {} only; the rules asked for are those of {}", method.name,
                to_string({method.until.major, method.until.minor - 1, 0}), profile.name);
  return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "found method {}, which exists from vLLM {} on; the rules asked for are those of {}",
              method.name, to_string(method.since), profile.name);
}

// null is as good as left out.
const json::Value* given(const json::Value& root, std::string_view key) {
  const auto* value = root.find(key);
  return value && !value->is(json::Type::null) ? value : nullptr;
}

// The method that is named, or told by what drafts. vLLM 0.33, config/speculative.py, __post_init__ and _verify_args; before, too.
Result<std::string_view> method_of(const json::Value& root, const model::Model* draft) {
  const auto *named = given(root, "method"), *model = given(root, "model");
  if (named && !named->is(json::Type::string))
    return fail(VRAMAUTO_E_ARGUMENT, kWhere, "method is {}, expected a string", json::type_name(named->type));
  if (named) return named->text;
  if (draft) return method_of(*draft);
  if (!model)
    return fail(VRAMAUTO_E_ARGUMENT, kWhere, "found neither \"method\" nor \"model\", expected what drafts; vLLM refuses it, too");
  const bool tokens = model->is(json::Type::string) && (model->text == "ngram" || model->text == "[ngram]");
  return tokens ? "ngram" : "draft_model";
}

// num_speculative_tokens; where it is left out, what the layers that draft were trained for, or the depth of the suffix trees.
Result<std::uint32_t> tokens_of(const json::Value& root, std::uint32_t trained, bool suffix) {
  constexpr std::uint32_t kSuffixDepth = 24;  // vLLM 0.11 to 0.33, suffix_decoding_max_tree_depth
  constexpr std::int64_t kMost = 1024;
  const auto* tokens = given(root, "num_speculative_tokens");
  if (!tokens && suffix) tokens = given(root, "suffix_decoding_max_tree_depth");
  if (!tokens && suffix) return kSuffixDepth;
  if (!tokens && trained) return trained;
  if (!tokens) return fail(VRAMAUTO_E_ARGUMENT, kWhere, "num_speculative_tokens is missing, expected how many tokens are drafted");
  if (!tokens->is(json::Type::integer) || tokens->integer < 1 || tokens->integer > kMost)
    return fail(VRAMAUTO_E_ARGUMENT, kWhere, "num_speculative_tokens is no whole number from 1 to {}", kMost);
  const auto count = static_cast<std::uint32_t>(tokens->integer);
  if (trained && count > trained && count % trained != 0)
    return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "num_speculative_tokens:{} must be divisible by n_predict={}", count, trained);
  return count;
}

// draft_tensor_parallel_size is 1 or the target's; the drafters of V1 are built by the target's ranks whatever it says.
Result<void> check_draft_ranks(const json::Value& root, std::uint32_t tp, Drafter drafter) {
  const auto* asked = root.find("draft_tensor_parallel_size");
  if (!asked || !asked->is(json::Type::integer) || asked->integer == tp) return {};
  if (asked->integer != 1)
    return fail(VRAMAUTO_E_UNSUPPORTED, kWhere,
                "speculative_draft_tensor_parallel_size={} cannot be other value than 1 or target model tensor_parallel_size",
                asked->integer);
  if (drafter != Drafter::model) return {};
  return fail(VRAMAUTO_E_UNSUPPORTED, kWhere,
              "Currently, 'draft_tensor_parallel_size' and 'tensor_parallel_size' must be the same. Got {} and {}.", asked->integer,
              tp);
}

std::uint32_t vocabulary(const model::Model& model) {
  const auto* vocab = model.config.root().find("vocab_size");
  return vocab && vocab->is(json::Type::integer) && vocab->integer > 0 ? static_cast<std::uint32_t>(vocab->integer) : 0;
}

Unexpected of_the_draft(Error error) {
  error.message += " (of the draft model)";
  return Unexpected(std::move(error));
}

}  // namespace

Result<Speculation> read_speculation(const Context& context) {
  const auto& asked = context.workload->speculative_config;
  if (asked.empty() && !context.draft.model) return Speculation{};
  const auto document = TRY(json::parse(std::string(kWhere), asked.empty() ? "{}" : asked));
  const auto& root = document.root();
  const auto name = TRY(method_of(root, context.draft.model));
  const auto* method = find_method(name);
  if (!method)
    return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "found method \"{}\", which is none of vLLM's that are known here",
                text::shown(name));
  TRY(check_served(*method, *context.profile));
  Speculation out{method->drafter, method->name};
  const auto* sampling = root.find("draft_sample_method");
  out.keeps_logits = sampling && sampling->is(json::Type::string) && sampling->text == "probabilistic";
  std::uint32_t trained = 0;
  if (method->drafter == Drafter::own_layers) {
    trained = context.blueprint->traits.draft_layers;
    if (trained == 0 && !context.draft.model)
      return fail(VRAMAUTO_E_UNSUPPORTED, kWhere, "found method {}, but no layers that draft are known of this model", name);
    if (context.draft.model) out.drafter = Drafter::head;
  }
  out.tokens = TRY(tokens_of(root, trained, method->name == "suffix"));
  TRY(check_draft_ranks(root, context.parallel.tp, out.drafter));
  return out;
}

bool drafts_on_mrv2(const Version& version, std::string_view method) {
  const auto* found = find_method(method);
  return !found || found->mrv2_since <= version;
}

Result<std::shared_ptr<const Context>> drafter_of(const Context& target, const Version& version) {
  const auto& speculation = target.speculation;
  const bool loads = speculation.drafter == Drafter::model || speculation.drafter == Drafter::head;
  if (!loads || !target.draft.model || !target.draft.blueprint) return std::shared_ptr<const Context>();
  auto out = std::make_shared<Context>(target);
  out->model = target.draft.model;
  out->blueprint = target.draft.blueprint;
  const auto& blueprint = *out->blueprint;
  const auto architecture = find_architecture(blueprint.architecture, version);
  static constexpr Architecture kHead{};
  out->architecture = architecture ? *architecture : &kHead;
  if (!architecture && speculation.drafter == Drafter::model) return of_the_draft(architecture.error());
  const auto wanted = vocabulary(*target.model), found = vocabulary(*out->model);
  if (speculation.drafter == Drafter::model && wanted && found && wanted != found)
    return fail(
        VRAMAUTO_E_UNSUPPORTED, kWhere,
        "Target and draft model should have the same vocabulary size. Target model vocab_size={}. Draft model vocab_size={}.",
        wanted, found);
  out->composite.reset();
  out->parallel.pp = 1;
  out->parallel.stage_layers = {blueprint.traits.layers};
  out->draft_layers = false;
  out->adapters = {};
  out->effective.max_lora_rank = 0;
  // vLLM 0.33, v1/spec_decode/llm_base_proposer.py, _maybe_share_embeddings.
  const auto &own = blueprint.traits, &traits = target.blueprint->traits;
  out->shares_embedding =
      speculation.drafter == Drafter::head && target.parallel.pp == 1 && own.vocab == traits.vocab && own.hidden == traits.hidden;
  if (auto fits = check_parallel(blueprint, out->parallel, *out->architecture); !fits) return of_the_draft(fits.error());
  auto formats = quantization::placed_formats(*out->model, blueprint, "");
  if (!formats) return of_the_draft(formats.error());
  out->formats = std::move(*formats);
  return std::shared_ptr<const Context>(std::move(out));
}

}  // namespace vramauto::engine::vllm
