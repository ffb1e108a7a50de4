#include "model/class_defaults.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "model/class_defaults_table.hpp"
#include "support/text.hpp"

namespace vramauto::model {
namespace {

using json::Value;

constexpr std::int64_t max_layers = 1024;  // beyond any model; a pattern is written out for no more
constexpr int max_depth = 4;               // the table nests three: omni, thinker, text

// Takes the next word off `rest`.
std::string_view take_word(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto word = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return word;
}

bool has_word(std::string_view words, std::string_view wanted) {
  while (!words.empty())
    if (take_word(words, ' ') == wanted) return true;
  return false;
}

const ClassDefaults* find_class(std::string_view type) {
  if (type.empty()) return nullptr;
  for (const auto rows : {text_class_defaults(), media_class_defaults(), own_class_defaults()})
    for (const auto& row : rows)
      if (has_word(row.types, type)) return &row;
  return nullptr;
}

std::string_view type_of(const Value& config) {
  const auto* type = config.find("model_type");
  return type && type->is(json::Type::string) ? type->text : std::string_view{};
}

// What is missing in one object of the configuration.
struct Patch {
  std::string pointer, members;
  std::vector<std::string_view> names;

  void add(std::string_view name, std::string_view value) {
    if (std::ranges::find(names, name) != names.end()) return;
    names.push_back(name);
    members += fmt::format("{}\"{}\":{}", members.empty() ? "" : ",", name, value);
  }
};

bool states_any(const Value& config, std::string_view names) {
  while (!names.empty())
    if (config.find(take_word(names, '|'))) return true;
  return false;
}

std::int64_t positive(const Value* value) {
  return value && value->is(json::Type::integer) ? std::max<std::int64_t>(value->integer, 0) : 0;
}

// transformers derives layer_types in __post_init__ (configuration_gemma2.py, _gemma3.py, _cohere2.py, _olmo3.py, _gpt_oss.py,
// _exaone4.py).
void add_layer_types(const Value& config, std::int64_t every, Patch& patch) {
  const auto* pattern = config.find("sliding_window_pattern");  // a number, or one letter a layer: "LLLG" (EXAONE 4)
  if (pattern && pattern->is(json::Type::string)) every = static_cast<std::int64_t>(pattern->text.size());
  if (const auto stated = positive(pattern)) every = stated;
  const auto layers = positive(config.find("num_hidden_layers"));
  const auto* window = config.find("sliding_window");
  if (config.find("layer_types") || layers == 0 || layers > max_layers || every <= 0 || (window && window->is(json::Type::null)))
    return;
  std::string types = "[";
  for (std::int64_t layer = 1; layer <= layers; ++layer)
    types += fmt::format("{}\"{}\"", layer > 1 ? "," : "", layer % every ? "sliding_attention" : "full_attention");
  patch.add("layer_types", types + "]");
}

// Whether the language model has a configuration of its own below, under whatever name.
bool holds_language(const Value& config) {
  constexpr std::array keys{"text_config", "llm_config", "language_config", "thinker_config"};
  return std::ranges::any_of(keys, [&](std::string_view key) {
    const auto* nested = config.find(key);
    return nested && nested->is(json::Type::object);
  });
}

bool names_nested(const ClassDefaults* row) { return row && row->keys.find("_config") != std::string_view::npos; }

struct Filler {
  std::vector<Patch> patches;

  void fill(const Value& config, const ClassDefaults& row, std::string pointer, int depth) {
    Patch patch{std::move(pointer), {}, {}};
    fill_keys(config, row, patch, depth);
    if (!patch.members.empty()) patches.push_back(std::move(patch));
  }

  void fill_keys(const Value& config, const ClassDefaults& row, Patch& patch, int depth) {
    for (auto rest = row.keys; !rest.empty();) {
      const auto word = take_word(rest, ' ');
      const auto split = word.find_first_of("=~:?!");
      const auto names = word.substr(0, split);
      const auto value = word.substr(split + 1);
      if (word[split] == '~') {
        add_layer_types(config, value[0] - '0', patch);
      } else if (word[split] == '!' && !config.find(names)) {
        add_whole(names, value, patch, depth);
      } else if (word[split] != '=') {
        fill_nested(config, names, value, word[split] != '?', patch, depth);
      } else if (!states_any(config, names)) {
        patch.add(names.substr(0, names.find('|')), value);
      }
    }
  }

  // A class that does not look beside it: what is not there is all defaults.
  void add_whole(std::string_view key, std::string_view type, Patch& patch, int depth) {
    const auto* row = find_class(type);
    if (!row || depth >= max_depth) return;
    Patch all{patch.pointer, {}, {}};
    all.add("model_type", fmt::format("\"{}\"", type));
    fill_keys(Value{}, *row, all, depth + 1);
    patch.add(key, fmt::format("{{{}}}", all.members));
  }

  void fill_nested(const Value& parent, std::string_view key, std::string_view type, bool fixed, Patch& patch, int depth) {
    if (depth >= max_depth) return;
    const auto* nested = parent.find(key);
    if (!nested && key == "text_config" && !holds_language(parent)) {
      if (const auto* row = find_class(type)) fill_keys(parent, *row, patch, depth + 1);
    }
    if (!nested || !nested->is(json::Type::object)) return;
    const auto stated = type_of(*nested);
    const auto* row = find_class(fixed || stated.empty() ? type : stated);
    if (!row) return;
    auto pointer = fmt::format("{}/{}", patch.pointer, key);
    if (!nested->find("model_type")) patches.push_back({pointer, fmt::format("\"model_type\":\"{}\"", type), {}});
    fill(*nested, *row, std::move(pointer), depth + 1);
  }

  // Configurations inside one whose class is not known, or names none for them: InternVL's llm_config, DeepSeek-VL2's
  // language_config.
  void fill_by_own_type(const Value& parent) {
    constexpr std::array keys{"text_config", "llm_config", "language_config", "vision_config", "audio_config"};
    for (const std::string_view key : keys) {
      const auto* nested = parent.find(key);
      if (!nested || !nested->is(json::Type::object)) continue;
      const auto* row = find_class(type_of(*nested));
      if (row && !names_nested(row)) fill(*nested, *row, fmt::format("/{}", key), 1);
    }
  }
};

}  // namespace

json::Document fill_class_defaults(json::Document config) {
  const auto& root = config.root();
  if (!root.is(json::Type::object)) return config;
  Filler filler;
  const auto* row = find_class(type_of(root));
  // A language model's class on top of another configuration (Ministral 3) is that model's, told twice: the keys are below.
  if (row && (names_nested(row) || !holds_language(root))) filler.fill(root, *row, "", 0);
  if (!names_nested(row)) filler.fill_by_own_type(root);
  for (const auto& patch : filler.patches)
    if (const auto members = json::parse("class defaults", fmt::format("{{{}}}", patch.members)))
      config = config.with_defaults(patch.pointer, *members);
  return config;
}

}  // namespace vramauto::model
