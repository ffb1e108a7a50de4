// vLLM's own configuration file: keys are its options without dashes, read back into a line
// (FlexibleArgumentParser.load_config_file, vllm/utils.py until 0.10, vllm/utils/argparse_utils.py since). What every release reads
// alike: a switch that is on is true, one that is off is its opposite that is on (false was left out until 0.33), JSON is text
// (objects are read since 0.19 or a little before).
#include "client/format_documents.hpp"
#include "client/library.hpp"
#include "client/shell.hpp"
#include "client/yaml.hpp"

namespace client {
namespace {

constexpr unsigned kLists = 11;       // since then a list is read as words
constexpr unsigned kModel = 9;        // since then the model may stand in the file alone
constexpr unsigned kLevel = 12;       // --optimization-level
constexpr unsigned kMode = 11;        // what -O sets in the compilation config: "mode", before it "level"
constexpr unsigned kLevelInJson = 9;  // before: a bare number

[[noreturn]] void refuse(const Setting& setting, const std::string& message) {
  throw Failure{kError, "--" + setting.name, message};
}

void add_level(Document& out, const PlanView& plan, const Setting& setting) {
  const auto [name, level] = level_of(plan, setting);
  out[name] = level.is_object() ? Document(level.dump()) : level;
}

void add_list(Document& out, const PlanView& plan, const Setting& setting) {
  if (setting.values.size() > 1 && plan.engine_minor() < kLists)
    refuse(setting, "found " + std::to_string(setting.values.size()) + " values, which the file of vLLM " + plan.engine_version +
                        " cannot hold; --format args can");
  if (setting.values.size() == 1) {
    out[setting.name] = number_or_text(setting.values[0]);
    return;
  }
  auto list = Document::array();
  for (const auto& value : setting.values) list.push_back(number_or_text(value));
  out[setting.name] = std::move(list);
}

void add(Document& out, const PlanView& plan, const Setting& setting) {
  if (setting.name == "config") refuse(setting, "is a file like this one, which cannot name another; expected its options by name");
  if (setting.name == "optimization-level") return add_level(out, plan, setting);
  for (const auto& value : setting.values)
    if (!value.empty() && value[0] == '-')
      refuse(setting, "found \"" + printable(value) + "\", which vLLM would take for an option; --format args says it");
  if (setting.many()) return add_list(out, plan, setting);
  if (setting.values.empty())
    out[(setting.on ? "" : "no-") + setting.name] = true;
  else
    out[setting.name] = number_or_text(setting.values[0]);
}

}  // namespace

std::pair<std::string, Document> level_of(const PlanView& plan, const Setting& setting) {
  const auto minor = plan.engine_minor();
  const auto level = number_or_text(setting.values.at(0));
  if (minor >= kLevel) return {setting.name, level};
  if (plan.find("compilation-config"))
    refuse(setting, "vLLM " + plan.engine_version + " keeps it in its compilation config, which is set too; expected one of them");
  if (minor < kLevelInJson) return {"compilation-config", level};
  return {"compilation-config", Document{{minor < kMode ? "level" : "mode", level}}};
}

std::string format_yaml(const PlanView& plan) {
  auto document = Document::object();
  document["model"] = plan.model;
  for (const auto& setting : plan.settings) add(document, plan, setting);
  auto out = yaml_comment(plan.engine_minor() < kModel ? "vllm serve MODEL --config THIS_FILE.yaml"
                                                       : "vllm serve --config THIS_FILE.yaml");
  for (const auto& [name, value] : plan.command.environment) out += yaml_comment("and in its environment " + name + "=" + value);
  return out + yaml(document);
}

}  // namespace client
