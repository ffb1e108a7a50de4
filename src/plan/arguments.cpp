#include <algorithm>
#include <array>

#include "engine/option_values.hpp"
#include "plan/plan.hpp"

namespace vramauto::plan {
namespace {

// Options that vramauto itself reads; every other is the engine's.
constexpr std::array<std::string_view, 11> kOurs = {"engine",     "engine-version", "method",    "policy", "sequences", "input-len",
                                                    "output-len", "reserve",        "usage",     "estimator", "env"};
// Stated by the plan itself, whether set or not.
constexpr std::array<std::string_view, 4> kChosen = {"tensor-parallel-size", "pipeline-parallel-size", "gpu-memory-utilization",
                                                     "max-model-len"};

bool among(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
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
  out.push_back(flag);
  if (option.type == engine::OptionType::integer) {
    const auto number = engine::parse_count(option.name, value);
    out.push_back(number ? std::to_string(*number) : std::string(value));
  } else if (option.type == engine::OptionType::bytes) {
    const auto number = engine::parse_bytes(option.name, value);
    out.push_back(number ? std::to_string(*number) : std::string(value));
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

// Of a base model that was opened by its adapter.
void add_adapter(std::vector<std::string>& out, const Plan& plan, const model::Model& model) {
  if (model.adapter_path.empty() || !plan.estimate) return;
  const auto& names = plan.asked().set_names;
  constexpr std::uint32_t kUsualRank = 16;
  const auto rank = plan.estimate->effective.max_lora_rank;
  if (!plan.asked().enable_lora) out.push_back("--enable-lora");
  if (rank != kUsualRank && std::find(names.begin(), names.end(), "max-lora-rank") == names.end())
    out.insert(out.end(), {"--max-lora-rank", std::to_string(rank)});
  out.insert(out.end(), {"--lora-modules", fmt::format("adapter={}", model.adapter_path)});
}

// Caching states means caching prefixes, which some releases leave off for such models.
void add_prefix_caching(std::vector<std::string>& out, const Plan& plan) {
  const auto& asked = plan.asked();
  const bool states = asked.mamba_cache_mode == "align" || asked.mamba_cache_mode == "all";
  if (states && !asked.enable_prefix_caching && plan.estimate && plan.estimate->effective.enable_prefix_caching)
    out.push_back("--enable-prefix-caching");
}

// The engine serves a folder, whichever of its files was named here.
std::string target(const model::Model& model) {
  if (model.path.empty()) return model.id;
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
    if (option && !among(kOurs, option->name) && !among(kChosen, option->name)) add_set(out, *option, asked.set_values[i]);
  }
  add_prefix_caching(out, plan);
  add_adapter(out, plan, model);
  return out;
}

}  // namespace vramauto::plan
