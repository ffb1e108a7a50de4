#include "client/plan_view.hpp"

#include <algorithm>

#include "client/document.hpp"
#include "client/library.hpp"
#include "client/option_table.hpp"

namespace client {
namespace {

bool starts_with(const std::string& text, const char* start) { return text.rfind(start, 0) == 0; }

Setting setting_of(const std::string& flag) {
  if (starts_with(flag, "-O")) return {"optimization-level", kInteger, true, {flag.substr(2)}};
  const auto name = flag.substr(std::min<std::size_t>(2, flag.size()));
  const auto option = option_named(name);
  return option ? Setting{option.name, option.type, !option.negated, {}} : Setting{name, kText, true, {}};
}

// The plan's line: a switch is alone, everything else has a value, whatever it begins with, and a list goes on to the next option.
std::vector<Setting> settings_of(const std::vector<std::string>& arguments) {
  std::vector<Setting> out;
  for (std::size_t at = 2; at < arguments.size();) {
    auto setting = setting_of(arguments[at++]);
    if (setting.type != kSwitch && setting.values.empty() && at < arguments.size()) setting.values.push_back(arguments[at++]);
    while (setting.many() && at < arguments.size() && !starts_with(arguments[at], "-")) setting.values.push_back(arguments[at++]);
    out.push_back(std::move(setting));
  }
  return out;
}

std::string text_or_empty(const Document& value) { return value.is_string() ? value.get<std::string>() : std::string(); }

// The first change that would make it fit, as options.
std::string nearest_of(const Document& alternatives) {
  for (const auto& one : alternatives) {
    if (one.at("fits") != true) continue;
    std::string out;
    for (const auto& [key, value] : one.at("change").items()) {
      if (value.is_object()) continue;  // the environment
      auto flag = key;
      std::replace(flag.begin(), flag.end(), '_', '-');
      out.append(out.empty() ? "--" : " --").append(flag);
      if (!value.is_boolean()) out.append(" ").append(value.is_string() ? value.get<std::string>() : value.dump());
    }
    if (!out.empty()) return out;
  }
  return "";
}

std::uint64_t bytes_of(const Document& value) { return value.is_number_unsigned() ? value.get<std::uint64_t>() : VRAMAUTO_UNKNOWN; }

std::vector<Gpu> gpus_of(const Document& listed, const vramauto_devices* devices) {
  std::vector<Gpu> out;
  for (const auto& one : listed) {
    Gpu gpu;
    gpu.index = one.at("index").get<std::uint32_t>();
    gpu.name = text_or_empty(one.at("name"));
    gpu.total_bytes = bytes_of(one.at("total_bytes"));
    gpu.free_bytes = bytes_of(one.at("free_bytes"));
    vramauto_device_info info;
    VRAMAUTO_INIT(info);
    if (devices && !vramauto_devices_get(devices, out.size(), &info)) {
      gpu.uuid = info.uuid;
      gpu.mig = info.flags & 2;
    }
    gpu.mig = gpu.mig || gpu.name.find("MIG ") != std::string::npos;
    out.push_back(std::move(gpu));
  }
  return out;
}

void place(PlanView& view, const Document& placement) {
  if (!placement.is_object()) return;
  for (const auto& rank : placement.at("ranks")) {
    const auto at = rank.at("device").get<std::size_t>();
    if (at >= view.gpus.size()) continue;
    view.gpus[at].node = rank.at("node").get<std::uint32_t>();
    view.ranks.push_back(at);
  }
}

}  // namespace

bool Setting::many() const { return type == kWords; }

const Setting* PlanView::find(const std::string& name) const {
  const auto found = std::find_if(settings.begin(), settings.end(), [&](const Setting& one) { return one.name == name; });
  return found == settings.end() ? nullptr : &*found;
}

void PlanView::drop(const std::string& name) {
  settings.erase(std::remove_if(settings.begin(), settings.end(), [&](const Setting& one) { return one.name == name; }),
                 settings.end());
}

bool PlanView::sets(const std::string& variable) const {
  const auto& list = command.environment;
  return std::any_of(list.begin(), list.end(), [&](const auto& one) { return one.first == variable; });
}

bool PlanView::one_node() const {
  return std::all_of(ranks.begin(), ranks.end(), [&](std::size_t at) { return gpus[at].node == gpus[ranks[0]].node; });
}

unsigned PlanView::engine_minor() const {
  const auto dot = engine_version.find('.');
  const auto minor = dot == std::string::npos ? 0 : std::strtoul(engine_version.c_str() + dot + 1, nullptr, 10);
  return engine_version.empty() || engine_version[0] != '0' ? 1000 : static_cast<unsigned>(minor);
}

PlanView view_of(const vramauto_plan* plan, const vramauto_devices* devices) {
  const auto read = read_json(text_of([&](char* buffer, std::size_t size) { return vramauto_plan_json(plan, buffer, size); }));
  if (!read) throw Failure{kError, "", "the plan's own JSON cannot be read"};
  const auto& json = *read;
  PlanView out;
  out.command = engine_command(plan);
  if (out.command.arguments.size() > 1) out.model = out.command.arguments[1];
  if (out.model.rfind('-', 0) == 0) out.model = "./" + out.model;  // else taken for an option
  out.settings = settings_of(out.command.arguments);
  if (json.at("engine").is_object()) out.engine_version = text_or_empty(json.at("engine").at("version"));
  out.model_id = text_or_empty(json.at("model").at("id"));
  out.model_path = text_or_empty(json.at("model").at("path"));
  out.model_is_local = !out.model_path.empty() && out.model != out.model_id;  // one of the hub's cache goes by its id
  out.gpus = gpus_of(json.at("devices"), devices);
  place(out, json.at("placement"));
  out.nearest = nearest_of(json.at("result").at("alternatives"));
  for (const auto& warning : json.at("warnings")) out.warnings.push_back(warning.at("message").get<std::string>());
  vramauto_plan_info info;
  VRAMAUTO_INIT(info);
  if (vramauto_plan_get(plan, &info)) return out;
  out.fits = info.fits;
  out.reason = info.reason;
  out.tensor_parallel_size = std::max(1u, info.tensor_parallel_size);
  out.pipeline_parallel_size = std::max(1u, info.pipeline_parallel_size);
  out.data_parallel_size = std::max(1u, info.data_parallel_size);
  return out;
}

}  // namespace client
