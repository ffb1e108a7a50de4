#include "engine/option_targets.hpp"

#include <algorithm>

#include "engine/option_values.hpp"
#include "support/json.hpp"

namespace vramauto::engine::option {
namespace {

// What an option's value may be is checked in one place for all members of its kind: each of these is there once.
const Workload& defaults() {
  static const Workload kDefaults;
  return kDefaults;
}

}  // namespace

void Member::reset(Workload& workload) const {
  const auto back = [&](auto member) { workload.*member = defaults().*member; };
  switch (type_) {
    case Type::none:
      return;
    case Type::flag:
      return back(flag_);
    case Type::maybe_flag:
      return back(maybe_flag_);
    case Type::narrow:
      return back(narrow_);
    case Type::maybe_narrow:
      return back(maybe_narrow_);
    case Type::wide:
      return back(wide_);
    case Type::maybe_wide:
      return back(maybe_wide_);
    case Type::real:
      return back(real_);
    case Type::text:
      return back(text_);
    case Type::list:
      return back(list_);
  }
}

void Member::set(Workload& workload, std::uint64_t number) const {
  switch (type_) {
    case Type::flag:
      workload.*flag_ = number != 0;
      return;
    case Type::maybe_flag:
      workload.*maybe_flag_ = number != 0;
      return;
    case Type::narrow:
      workload.*narrow_ = static_cast<std::uint32_t>(number);
      return;
    case Type::maybe_narrow:
      workload.*maybe_narrow_ = static_cast<std::uint32_t>(number);
      return;
    case Type::wide:
      workload.*wide_ = number;
      return;
    case Type::maybe_wide:
      workload.*maybe_wide_ = number;
      return;
    default:
      return;
  }
}

Result<std::uint64_t> count_of(const Entry& entry, std::string_view value) {
  const auto name = entry.option.name;
  const auto n = TRY(parse_count(name, value));
  const auto least = static_cast<std::uint64_t>(entry.least), most = static_cast<std::uint64_t>(entry.most);
  if (n < least || n > most)
    return fail(VRAMAUTO_E_ARGUMENT, name, "found {}, expected a whole number from {} to {}", value, least, most);
  return n;
}

Result<std::string> text_in(const Entry& entry, std::string_view value) {
  if (value.size() > 4096)
    return fail(VRAMAUTO_E_LIMIT, entry.option.name, "found {} characters, expected at most 4096", value.size());
  return std::string(value);
}

Result<std::string> object_in(const Entry& entry, std::string_view value) {
  const auto document = TRY(json::parse(entry.option.name, value));
  if (!document.root().is(json::Type::object))
    return fail(VRAMAUTO_E_ARGUMENT, entry.option.name, "found {}, expected a JSON object", json::type_name(document.root().type));
  return text_in(entry, value);
}

// vLLM 0.6 to 0.8, config.py, CompilationConfig.from_cli: one digit is the level.
Result<std::string> object_or_level_in(const Entry& entry, std::string_view value) {
  if (value.size() == 1 && value[0] >= '0' && value[0] <= '3') return std::string(value);
  return object_in(entry, value);
}

Result<std::string> choice_of(const Entry& entry, std::string_view value) {
  for (auto rest = entry.option.choices; !rest.empty();) {
    const auto word = rest.substr(0, rest.find('|'));
    if (word == value) return std::string(word);
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  return fail(VRAMAUTO_E_ARGUMENT, entry.option.name, "found \"{}\", expected one of {}", value, entry.option.choices);
}

Result<Bytes> size_in(const Entry& entry, std::string_view value) {
  const auto name = entry.option.name;
  const auto n = TRY(parse_bytes(name, value));
  if (n < static_cast<Bytes>(entry.least) || n > (Bytes{1} << 50))
    return fail(VRAMAUTO_E_ARGUMENT, name, "found {}, expected a size from {} byte to 1024TiB", value,
                static_cast<Bytes>(entry.least));
  return n;
}

Result<std::uint64_t> switch_in(const Entry& entry, std::string_view value) {
  return std::uint64_t{TRY(parse_switch(entry.option.name, value))};
}

// Gibibytes, as the engine counts them.
Result<double> gibibytes_in(const Entry& entry, std::string_view value) {
  const auto n = TRY(parse_number(entry.option.name, value));
  if (n > entry.most) return fail(VRAMAUTO_E_ARGUMENT, entry.option.name, "found {}, expected GiB from 0 to {}", value, entry.most);
  return n;
}

// Whole numbers, separated by commas, spaces or lines.
Result<std::vector<std::uint32_t>> numbers_in(const Entry& entry, std::string_view value) {
  const auto text = TRY(text_in(entry, value));
  std::vector<std::uint32_t> out;
  for (auto rest = text::trim(text); !rest.empty();) {
    const auto end = rest.find_first_of(", \n");
    out.push_back(static_cast<std::uint32_t>(TRY(count_of(entry, rest.substr(0, end)))));
    rest = end == std::string_view::npos ? std::string_view() : text::trim(rest.substr(end + 1));
  }
  return out;
}

// "auto" and -1 ask the engine for the longest that fits (vLLM 0.33, utils/argparse_utils.py, human_readable_int_or_auto).
Result<void> max_model_len(Workload& workload, const Entry& entry, Value value) {
  workload.max_model_len_auto = false;
  if (value && (text::lower(text::trim(*value)) == "auto" || text::trim(*value) == "-1")) {
    workload.max_model_len.reset();
    workload.max_model_len_auto = true;
    return {};
  }
  return store<count_of>(workload, entry, value, &Workload::max_model_len);
}

Result<void> sequences(Workload& workload, const Entry& entry, Value value) {
  TRY(store<count_of>(workload, entry, value, &Workload::sequences));
  workload.sequences_set = value.has_value();
  return {};
}

Result<void> utilization(Workload& workload, const Entry& entry, Value value) {
  workload.gpu_memory_utilization.reset();
  if (!value) return {};
  const auto found = TRY(parse_number(entry.option.name, *value));
  if (found > 1)
    return fail(VRAMAUTO_E_ARGUMENT, entry.option.name,
                "found {}, expected a share of the GPU's memory above 0 and up to 1, or 0 (automatic)", *value);
  if (found > 0) workload.gpu_memory_utilization = found;
  return {};
}

// What is known here of the engine's ranks for prompts alone: that there is one.
Result<void> only_one(Workload&, const Entry& entry, Value value) {
  if (value) TRY(choice_of(entry, *value));
  return {};
}

// The engine's to read; warned of where it may change what is taken.
Result<void> unread(Workload&, const Entry& entry, Value value) {
  if (value) TRY(text_in(entry, *value));
  return {};
}

Result<void> reserve(Workload& workload, const Entry& entry, Value value) {
  TRY(store<size_in>(workload, entry, value, &Workload::reserve));
  workload.reserve_set = value.has_value();
  return {};
}

// May be given again: each adds a variable or changes one.
Result<void> environment(Workload& workload, const Entry& entry, Value value) {
  if (!value) return workload.env.clear(), Result<void>{};
  const auto at = value->find('=');
  if (at == 0 || at == std::string_view::npos || value->size() > 4096)
    return fail(VRAMAUTO_E_ARGUMENT, entry.option.name, "found \"{}\", expected NAME=VALUE", value->substr(0, 100));
  const auto name = value->substr(0, at + 1);
  std::erase_if(workload.env, [&](const std::string& known) { return known.starts_with(name); });
  if (workload.env.size() >= 256) return fail(VRAMAUTO_E_LIMIT, entry.option.name, "found more than 256 variables");
  workload.env.emplace_back(*value);
  return {};
}

}  // namespace vramauto::engine::option
