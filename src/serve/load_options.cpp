#include "serve/load_options.hpp"

#include <algorithm>
#include <string_view>

#include "client/option_table.hpp"
#include "serve/refusal.hpp"
#include "support/text.hpp"

namespace serve {
namespace {

// Switches that are the operator's, and texts that are numbers or names of the engine's own (vLLM 0.33, engine/arg_utils.py).
constexpr std::string_view kNotByRequest[] = {"trust-remote-code", "trust-request-chat-template", "headless",
                                              "ray-workers-use-nsight"};
constexpr std::string_view kByRequest[] = {"attention-backend", "cudagraph-capture-sizes",
                                           "engine-version",    "limit-mm-per-prompt",
                                           "max-logprobs",      "port",
                                           "scheduling-policy", "seed",
                                           "served-model-name"};

template <std::size_t Count>
bool has(const std::string_view (&names)[Count], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::uint32_t type_of(const std::string& name) {
  if (const auto option = client::option_named(name); option && name == option.name) return option.type;
  throw Refusal{400, "invalid_argument", "options." + vramauto::text::shown(name),
                "there is no option of this name; GET /api/v1/options lists them"};
}

std::string word(const std::string& name, const std::string& value, bool is_switch) {
  if (!is_switch) return "--" + name + "=" + value;
  if (value != "true" && value != "false")
    throw Refusal{400, "wrong_type", "options." + name, "found " + vramauto::text::shown(value) + ", expected true or false"};
  return (value == "true" ? "--" : "--no-") + name;
}

}  // namespace

client::EngineOptions read_load_options(const OptionTexts& given) {
  std::vector<std::string> words;
  for (const auto& [name, value] : given) {
    const auto type = type_of(name);
    if ((type > client::kChoice && !has(kByRequest, name)) || has(kNotByRequest, name))
      throw Refusal{403, "option_not_allowed", "options." + name,
                    "found an option that only the service's operator may set, with --engine-command"};
    words.push_back(word(name, value, type == client::kSwitch));
  }
  return client::read_engine_options(words);
}

}  // namespace serve
