#include <algorithm>
#include <array>

#include "engine/option_values.hpp"
#include "plan/plan.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace vramauto::plan {
namespace {

// Options that vramauto itself reads; every other is the engine's.
constexpr std::array<std::string_view, 11> kOurs = {"engine",     "engine-version", "method", "policy",    "sequences", "input-len",
                                                    "output-len", "reserve",        "usage",  "estimator", "env"};
// Stated by the plan itself, whether set or not.
constexpr std::array<std::string_view, 5> kChosen = {"tensor-parallel-size", "pipeline-parallel-size", "gpu-memory-utilization",
                                                     "device-memory-utilization", "max-model-len"};

bool among(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Of what is read here, words are numbers and names; others may hold anything but a line's end.
void add_words(std::vector<std::string>& out, std::string_view value, bool plain) {
  for (auto rest = value; !rest.empty();) {
    const auto end = rest.find_first_of(plain ? ", \n" : "\n");
    if (end != 0) out.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
}

// The draft model is named where the user's own text does not.
std::string with_draft(std::string_view config, const std::string& draft) {
  const auto document = json::parse("speculative-config", config.empty() ? "{}" : config);
  if (draft.empty() || !document || document->root().find("model")) return std::string(config);
  const auto rest = text::trim(text::trim(config).substr(1));
  return fmt::format("{{\"model\": {}{}{}", json::quoted(draft), rest == "}" ? "" : ", ", rest);
}

// What was set, in the words of the release that is asked for, with what else the engine has to be told.
std::string as_read(const Plan& plan, std::string_view name, const std::string& value) {
  if (!plan.estimate) return value;
  if (name == "speculative-config") return with_draft(value, plan.estimate->draft);
  return name == "limit-mm-per-prompt" ? plan.estimate->limits.value_or(value) : value;
}

// As the engine reads it: counts and sizes in digits, a switch by its name alone.
void add_set(std::vector<std::string>& out, const engine::Option& option, std::string_view value) {
  const auto flag = fmt::format("--{}", option.name);
  if (option.type == engine::OptionType::integer && text::lower(text::trim(value)) == "auto") return;  // nothing chose: the default
  if (option.type == engine::OptionType::switch_) {
    const auto on = engine::parse_switch(option.name, value);
    out.push_back(on && !*on ? fmt::format("--no-{}", option.name) : flag);
    return;
  }
  if (option.name == "optimization-level") {  // before 0.12 the short name was all there was
    out.push_back(fmt::format("-O{}", text::trim(value)));
    return;
  }
  out.push_back(flag);
  if (option.type == engine::OptionType::integer) {
    const auto number = engine::parse_count(option.name, value);
    out.push_back(number ? std::to_string(*number) : std::string(value));
  } else if (option.type == engine::OptionType::bytes) {
    const auto number = engine::parse_bytes(option.name, value);
    out.push_back(number ? std::to_string(*number) : std::string(value));
  } else if (option.type == engine::OptionType::words) {
    add_words(out, value, option.takes_memory);
  } else {
    out.emplace_back(value);
  }
}

void add_chosen(std::vector<std::string>& out, const Plan& plan) {
  const auto& asked = plan.asked();
  const auto add = [&](std::string_view flag, std::string value) {
    out.emplace_back(flag);
    out.push_back(std::move(value));
  };
  add("--tensor-parallel-size", std::to_string(asked.tensor_parallel_size));
  if (asked.pipeline_parallel_size > 1) add("--pipeline-parallel-size", std::to_string(asked.pipeline_parallel_size));
  if (plan.utilization > 0) add("--gpu-memory-utilization", fmt::format("{}", plan.utilization));
  if (plan.max_model_len && (!plan.rule || asked.max_model_len)) add("--max-model-len", std::to_string(plan.max_model_len));
}

// Of a base model that was opened by its adapter, and adapters that were attached.
void add_adapters(std::vector<std::string>& out, const Plan& plan, const model::Model& model) {
  if (!plan.estimate || (model.adapter_path.empty() && plan.estimate->adapters.empty())) return;
  const auto& names = plan.asked().set_names;
  constexpr std::uint32_t kUsualRank = 16;
  const auto rank = plan.estimate->effective.max_lora_rank;
  if (!plan.asked().enable_lora) out.push_back("--enable-lora");
  if (rank != kUsualRank && std::find(names.begin(), names.end(), "max-lora-rank") == names.end())
    out.insert(out.end(), {"--max-lora-rank", std::to_string(rank)});
  out.push_back("--lora-modules");
  std::size_t number = 0;
  const auto add = [&](const std::string& path) {
    ++number;
    out.push_back(number == 1 ? fmt::format("adapter={}", path) : fmt::format("adapter{}={}", number, path));
  };
  if (!model.adapter_path.empty()) add(model.adapter_path);
  for (const auto& path : plan.estimate->adapters) add(path);
}

// Caching states means caching prefixes, which some releases leave off for such models.
void add_prefix_caching(std::vector<std::string>& out, const Plan& plan) {
  const auto& asked = plan.asked();
  const bool states = asked.mamba_cache_mode == "align" || asked.mamba_cache_mode == "all";
  if (states && !asked.enable_prefix_caching && plan.estimate && plan.estimate->effective.enable_prefix_caching)
    out.push_back("--enable-prefix-caching");
}

// The engine serves a folder, whichever of its files was named here; and by its id what it would find in the same cache itself:
// clients ask for the model by that name, another machine or a container has other folders, and what is not there yet is fetched.
std::string target(const model::Model& model) {
  const bool cached = model.source == model::Source::cache && !model.path.ends_with(".gguf");  // a file says which of several
  if (model.path.empty() || cached) return model.id;
  for (const std::string_view ending : {".json", ".safetensors"}) {
    const auto slash = model.path.rfind('/');
    if (model.path.ends_with(ending))
      return slash == std::string::npos ? "." : model.path.substr(0, std::max<std::size_t>(slash, 1));
  }
  return model.path;
}

}  // namespace

std::vector<std::string> arguments(const Plan& plan, const model::Model& model) {
  std::vector<std::string> out = {"serve", target(model)};
  add_chosen(out, plan);
  const auto& asked = plan.asked();
  for (std::size_t i = 0; i < asked.set_names.size() && i < asked.set_values.size(); ++i) {
    const auto* option = engine::find_option(asked.set_names[i]);
    if (!option || among(kOurs, option->name) || among(kChosen, option->name)) continue;
    add_set(out, *option, as_read(plan, option->name, asked.set_values[i]));
  }
  const bool named = std::find(asked.set_names.begin(), asked.set_names.end(), "revision") != asked.set_names.end();
  if (!model.revision.empty() && !named) out.insert(out.end(), {"--revision", model.revision});
  add_prefix_caching(out, plan);
  add_adapters(out, plan, model);
  return out;
}

}  // namespace vramauto::plan
