#include "serve/service.hpp"

#include "client/devices.hpp"
#include "client/option_list.hpp"
#include "serve/json_writer.hpp"
#include "serve/openapi.hpp"
#include "serve/page/assets.hpp"
#include "serve/plan_request.hpp"
#include "serve/refusal.hpp"
#include "support/text.hpp"

namespace serve {
namespace {

// Of what is embedded: it changes with the program only.
std::string etag_of(std::string_view content) {
  std::uint64_t sum = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : content) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("\"{:016x}\"", sum);
}

// A string; null where the plan does not fit.
std::string formatted_json(client::Format format, const client::Plan& plan, const SharedDevices& devices) {
  try {
    return Json(client::formatted(format, client::view_of(plan.get(), devices.get())))
        .dump(-1, ' ', false, Json::error_handler_t::replace);
  } catch (const client::Failure& failure) {
    if (failure.exit == client::kDoesNotFit) return "null";
    throw Refusal{422, "cannot_format", failure.where, failure.message};
  }
}

std::string gpus_json(const Library& library) {
  auto list = Json::array();
  vramauto_device_info info;
  VRAMAUTO_INIT(info);
  for (std::size_t i = 0; const char* name = vramauto_catalogue_gpu(i); ++i) {
    const auto one = client::parsed_devices(library.context, client::kError, name);
    const bool known = vramauto_devices_get(one.get(), 0, &info) == VRAMAUTO_OK && info.total_bytes != VRAMAUTO_UNKNOWN;
    list.push_back({{"name", name}, {"total_bytes", known ? Json(info.total_bytes) : Json(nullptr)}});
  }
  return written({{"gpus", std::move(list)}});
}

Route constant(std::string path, bool open, std::string content, std::string type, std::string etag) {
  return {"GET", std::move(path), open, [=](const httplib::Request&) { return Answer{200, content, type, etag}; }};
}

}  // namespace

Answer Service::plan(const std::string& body) {
  const auto request = read_plan_request(library_, body);
  const auto plan = calculate(library_, request);
  if (on_plan) on_plan(fits(plan));
  if (!request.format) return {200, json_of(plan)};
  return {200, with_member(json_of(plan), "formatted", formatted_json(*request.format, plan, request.devices))};
}

Answer Service::devices() {
  const auto here = library_.devices.here("");
  return {200, client::text_of([&](char* buffer, std::size_t size) { return vramauto_devices_json(here.get(), buffer, size); })};
}

Answer Service::models() const {
  auto list = Json::array();
  for (std::size_t i = 0; const char* id = vramauto_catalogue_model(i); ++i) list.push_back({{"id", id}, {"source", "catalogue"}});
  for (auto& name : library_.models.roots().models()) list.push_back({{"id", std::move(name)}, {"source", "root"}});
  return {200, written({{"models", std::move(list)}})};
}

std::vector<Route> Service::routes() {
  const auto options = client::options_json(), gpus = gpus_json(library_);
  std::vector<Route> out = {
      {"POST", "/api/v1/plan", false, [this](const auto& request) { return plan(request.body); }},
      {"GET", "/api/v1/devices", false, [this](const auto&) { return devices(); }},
      {"GET", "/api/v1/models", false, [this](const auto&) { return models(); }},
      constant("/api/v1/options", false, options, "application/json", etag_of(options)),
      constant("/api/v1/gpus", false, gpus, "application/json", etag_of(gpus)),
      constant("/openapi.json", true, openapi_json(), "application/json", etag_of(openapi_json())),
      constant("/healthz", true, written({{"status", "ok"}}), "application/json", ""),
  };
  for (const auto& asset : assets())
    out.push_back(
        constant(std::string(asset.path), true, std::string(asset.content), std::string(asset.type), etag_of(asset.content)));
  return out;
}

}  // namespace serve
