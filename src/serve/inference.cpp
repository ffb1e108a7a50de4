#include "serve/inference.hpp"

#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "client/launch.hpp"
#include "serve/json_writer.hpp"
#include "serve/load_options.hpp"
#include "serve/plan_request.hpp"
#include "serve/refusal.hpp"
#include "support/text.hpp"

namespace serve {
namespace {

constexpr std::size_t kLinesTold = 50;
constexpr int kEnginePort = 8000;  // vLLM's own default

struct LoadRequest {
  std::string model;
  double utilization = 0;
  OptionTexts options;
  bool force = false;
};

LoadRequest read_load_request(const std::string& body) {
  const auto document = read_body(body);
  Fields fields(document.root(), "");
  LoadRequest out;
  const auto model = fields.text("model_path");
  if (!model) throw Refusal{400, "missing_field", "model_path", "found none, expected a model's path or id"};
  out.model = *model;
  out.utilization = fields.number("gpu_memory_utilization").value_or(0);
  if (!(out.utilization >= 0 && out.utilization <= 1))
    throw Refusal{400, "out_of_range", "gpu_memory_utilization",
                  fmt::format("found {}, expected 0 (automatic) to 1", out.utilization)};
  const auto length = fields.count("max_model_len").value_or(0);
  out.options = read_options(fields, "options");
  out.force = fields.flag("force");
  fields.nothing_else();
  for (const auto& [name, value] : out.options)
    if (name == "gpu-memory-utilization" || name == "max-model-len")
      throw Refusal{400, "conflicting_fields", "options." + name,
                    "found it among the options, expected it as a field of the request"};
  if (out.utilization > 0) out.options.emplace_back("gpu-memory-utilization", fmt::format("{}", out.utilization));
  if (length > 0) out.options.emplace_back("max-model-len", fmt::format("{}", length));
  return out;
}

// Where a request has an option: two are fields of their own.
std::string place_of(std::string option) {
  if (option != "gpu-memory-utilization" && option != "max-model-len") return "options." + option;
  std::replace(option.begin(), option.end(), '-', '_');
  return option;
}

PlanRequest question(Library& library, const LoadRequest& request, const client::EngineOptions& options) {
  PlanRequest out;
  out.workload =
      made<client::Workload>("", [&](auto to, auto err) { return vramauto_workload_new(library.context.get(), to, err); });
  for (const auto& [name, value] : client::engine_variables(environ)) set_option(out.workload.get(), name, value, "environment");
  for (const auto& [name, value] : options.set) set_option(out.workload.get(), name, value, place_of(name));
  out.devices = library.devices.here("");
  if (vramauto_devices_count(out.devices.get()) == 0) out.devices = nullptr;
  out.model_field = "model_path";
  out.model = library.models.open(request.model, out.model_field);
  return out;
}

// "--port 8000" or "--port=8000" in what the engine is given.
int port_in(const std::vector<std::string>& arguments) {
  const std::string name = "--port";
  for (auto at = arguments.rbegin(); at != arguments.rend(); ++at) {
    if (*at == name && at != arguments.rbegin()) return std::atoi(std::prev(at)->c_str());
    if (at->starts_with(name + "=")) return std::atoi(at->c_str() + name.size() + 1);
  }
  return kEnginePort;
}

double utilization_of(const client::Plan& plan) {
  vramauto_plan_info info;
  VRAMAUTO_INIT(info);
  return vramauto_plan_get(plan.get(), &info) == VRAMAUTO_OK ? info.gpu_memory_utilization : 0;
}

std::string utc(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char out[32];
  return {out, std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json exit_json(const std::optional<Ended>& exit) {
  if (!exit) return nullptr;
  return exit->code ? Json{{"code", *exit->code}} : Json{{"signal", *exit->signal}};
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

Answer Inference::load(const std::string& body) {
  const auto request = read_load_request(body);
  engine_.check_free();
  const auto options = read_load_options(request.options);
  const auto plan = calculate(library_, question(library_, request, options));
  const auto plan_json = json_of(plan);
  if (!request.force && !fits(plan))
    throw Refusal{422, "does_not_fit", "model_path",
                  "the plan says that this does not fit, expected one that does (or \"force\": true)", plan_json};
  auto launch = client::launch(plan.get(), command_, options, environ);
  const auto command = launch.argv;
  EngineStart start{launch.argv.front(),           request.model,        std::move(launch.argv),
                    std::move(launch.environment), utilization_of(plan), 0};
  start.port = port_in(start.arguments);
  const auto pid = engine_.start(std::move(start));
  const Json told = {{"state", name_of(EngineState::loading)}, {"pid", pid}, {"command", command}};
  return {202, with_member(written(told), "plan", plan_json)};
}

Answer Inference::status() const {
  const auto now = engine_.status(kLinesTold);
  return {200, written({{"state", name_of(now.state)},
                        {"since", utc(now.since)},
                        {"model_path", text_or_null(now.model)},
                        {"gpu_memory_utilization", now.utilization > 0 ? Json(now.utilization) : Json(nullptr)},
                        {"pid", now.pid ? Json(now.pid) : Json(nullptr)},
                        {"phase", text_or_null(now.phase)},
                        {"reason", text_or_null(now.reason)},
                        {"log", now.log},
                        {"exit", exit_json(now.exit)},
                        {"measured",
                         {{"model_loading_gib", or_null(now.measured.model_loading_gib)},
                          {"kv_cache_gib", or_null(now.measured.kv_cache_gib)},
                          {"kv_cache_tokens", or_null(now.measured.kv_cache_tokens)}}}})};
}

Answer Inference::unload() { return {200, written({{"state", name_of(engine_.stop())}})}; }

std::vector<Route> Inference::routes() {
  return {
      {"POST", "/api/v1/inference/load", false, [this](const auto& request) { return load(request.body); }},
      {"GET", "/api/v1/inference/status", false, [this](const auto&) { return status(); }},
      {"POST", "/api/v1/inference/unload", false,
       [this](const auto& request) {
         if (!request.body.empty()) {
           const auto document = read_body(request.body);
           Fields(document.root(), "").nothing_else();
         }
         return unload();
       }},
  };
}

}  // namespace serve
