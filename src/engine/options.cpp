#include "engine/options.hpp"

#include <algorithm>

#include "engine/option_table.hpp"
#include "engine/option_values.hpp"
#include "support/text.hpp"

namespace vramauto::engine {
namespace {

using namespace option;

// The table as a whole. Made once: so many rows of texts that differ in nothing but their name would only make the file larger.
struct Table {
  std::vector<Option> options;
  std::string names;  // the neutral ones, each with a NUL behind it: the C ABI hands them out as they are

  Table() : names(neutral_names()) {
    constexpr std::string_view kHelp = "takes no GPU memory; read so that a whole command line can be given";
    for (const auto& entry : entries()) options.push_back(entry.option);
    for (std::size_t at = 0, end = 0; at < names.size(); at = end + 1) {
      end = std::min(names.find(' ', at), names.size());
      const char mark = names[end - 1];
      const auto type = mark == '!' ? OptionType::switch_ : mark == '*' ? OptionType::words : OptionType::text;
      const bool marked = type != OptionType::text;
      names[end] = names[end - marked] = '\0';
      const std::string_view name(names.data() + at, end - at - marked);
      options.push_back({type, name, "", "", "", kHelp, false});
    }
  }
};

const Table& table() {
  static const Table kTable;
  return kTable;
}

bool same(std::string_view known, std::string_view name) {
  return known.size() == name.size() && !known.empty() &&
         std::equal(known.begin(), known.end(), name.begin(), [](char a, char b) { return a == b || (a == '-' && b == '_'); });
}

const Entry* find_entry(std::string_view name) {
  for (const auto& entry : entries())
    if (same(entry.option.name, name) || same(entry.option.short_name, name)) return &entry;
  return nullptr;
}

const Option* find_neutral(std::string_view name) {
  for (const auto& option : table().options)
    if (!option.takes_memory && same(option.name, name)) return &option;
  return nullptr;
}

Unexpected unknown(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& option : table().options) names.push_back(option.name);
  const auto shown = name.substr(0, 100);
  const auto nearest = text::nearest(shown, names.data(), names.size());
  if (nearest.empty()) return fail(VRAMAUTO_E_ARGUMENT, shown, "there is no option of this name");
  return fail(VRAMAUTO_E_ARGUMENT, shown, "there is no option of this name; the nearest is {}", nearest);
}

void remember(Workload& workload, std::string_view name, Value value) {
  const auto at = std::find(workload.set_names.begin(), workload.set_names.end(), name);
  const auto of = workload.set_values.begin() + (at - workload.set_names.begin());
  const bool known = at != workload.set_names.end();
  if (value && known) {
    *of = *value;
  } else if (value) {
    workload.set_names.emplace_back(name);
    workload.set_values.emplace_back(*value);
  } else if (known) {
    workload.set_names.erase(at);
    workload.set_values.erase(of);
  }
}

}  // namespace

std::span<const Option> options() { return table().options; }

const Option* find_option(std::string_view name_or_short) {
  const auto* entry = find_entry(name_or_short);
  return entry ? &table().options[static_cast<std::size_t>(entry - entries().data())] : find_neutral(name_or_short);
}

Served served(const Option& option) {
  const auto* entry = find_entry(option.name);
  return entry ? entry->served : Served{};
}

namespace {

// In an argument vector a list ends where the next option begins: it must not be empty, nor have a later word that looks like one.
Result<void> check_words(const Option& option, std::string_view value) {
  std::size_t count = 0;
  for (auto rest = value; !rest.empty();) {
    const auto word = rest.substr(0, rest.find('\n'));
    if (count > 0 && word.starts_with('-'))
      return fail(VRAMAUTO_E_ARGUMENT, option.name, "found \"{}\" among its words, expected none that begins with a dash",
                  text::shown(word));
    count += !text::trim(word).empty();
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  if (count == 0) return fail(VRAMAUTO_E_ARGUMENT, option.name, "found nothing, expected at least one word");
  return {};
}

// What takes no memory: a text, words, or a switch that is one.
Result<void> set_neutral(Workload& workload, const Option& option, Value value) {
  const Entry entry{option};
  if (value && option.type == OptionType::switch_) TRY(parse_switch(option.name, *value));
  if (value) TRY(text_in(entry, *value));
  remember(workload, option.name, value);
  return {};
}

}  // namespace

Result<void> set(Workload& workload, std::string_view name, std::optional<std::string_view> value) {
  const auto* option = find_option(name);
  const bool negated = !option && (name.starts_with("no-") || name.starts_with("no_"));
  if (negated) option = find_option(name.substr(3));
  if (!option || (negated && option->type != OptionType::switch_)) return unknown(name);
  if (negated && value) {
    const bool off = TRY(parse_switch(name, *value));
    value = off ? "false" : "true";
  }
  if (value && option->type == OptionType::words) TRY(check_words(*option, *value));
  const auto* entry = find_entry(option->name);
  if (!entry) return set_neutral(workload, *option, value);
  TRY(entry->target.apply(workload, *entry, value));
  remember(workload, option->name, value);
  return {};
}

}  // namespace vramauto::engine
