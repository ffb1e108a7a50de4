#include "serve/plan_request.hpp"

#include <cmath>

#include "client/option_table.hpp"
#include "serve/json_writer.hpp"
#include "serve/refusal.hpp"
#include "support/text.hpp"

namespace serve {
namespace {

using vramauto::json::Type;
using vramauto::json::Value;

constexpr std::size_t kMostAdapters = 64;

std::string option_text(const Value& value, const std::string& where) {
  switch (value.type) {
    case Type::boolean:
      return value.integer ? "true" : "false";
    case Type::integer:
      return fmt::format("{}", value.integer);
    case Type::real:
      if (!std::isfinite(value.real))
        throw Refusal{400, "out_of_range", where, "found a number that is not finite, expected one that is"};
      return fmt::format("{}", value.real);
    case Type::object:  // for options that are JSON
      return copied(value).dump();
    default:
      return plain_text(value, where);
  }
}

// A list's words, a line each as the library takes them.
std::string words_text(const Value& list, const std::string& where) {
  std::string out;
  for (const auto& item : list.items) {
    const auto word = option_text(item, where);
    if (word.find('\n') != word.npos) throw Refusal{400, "invalid_text", where, "found a line break in a word, expected none"};
    out += (&item == list.items.data() ? "" : "\n") + word;
  }
  return out;
}

bool takes_words(std::string_view name) { return client::option_named(std::string(name)).type == client::kWords; }

// "2x RTX 4090", or a list of such texts.
std::string gpus_text(const Value& value) {
  if (!value.is(Type::array)) return plain_text(value, "gpus");
  std::string out;
  for (const auto& item : value.items) out += (out.empty() ? "" : ", ") + plain_text(item, "gpus");
  return out;
}

SharedDevices read_devices(Library& library, Fields& fields) {
  const auto* gpus = fields.find("gpus");
  const auto memory = fields.text("gpu_memory");
  const auto* devices = fields.find("devices");
  const auto free = fields.text("free").value_or("");
  if ((gpus != nullptr) + memory.has_value() + (devices != nullptr) > 1)
    throw Refusal{400, "conflicting_fields", "gpus", "found more than one of gpus, gpu_memory and devices, expected one"};
  if (gpus) return library.devices.named(gpus_text(*gpus), free, "gpus");
  if (memory) return library.devices.named(*memory, free, "gpu_memory");
  if (devices && !devices->is(Type::object))
    throw Refusal{400, "wrong_type", "devices",
                  fmt::format("found {}, expected an object as GET /api/v1/devices gives it", vramauto::json::type_name(devices->type))};
  if (devices) return library.devices.named(copied(*devices).dump(), free, "devices");
  auto here = library.devices.here(free);
  return vramauto_devices_count(here.get()) ? here : nullptr;
}

void read_workload(Fields& fields, vramauto_workload* workload) {
  for (const auto& [name, value] : read_options(fields, "options")) set_option(workload, name, value, "options." + name);
  for (const auto& [name, value] : read_options(fields, "environment")) {
    if (name.find('=') != name.npos)
      throw Refusal{400, "invalid_argument", "environment." + vramauto::text::shown(name), "found = in a name, expected none"};
    set_option(workload, "env", name + "=" + value, "environment." + name);
  }
}

std::optional<client::Format> read_format(Fields& fields) {
  const auto name = fields.text("format");
  if (!name) return std::nullopt;
  const auto format = client::format_named(*name);
  if (!format)
    throw Refusal{400, "invalid_argument", "format",
                  "found " + vramauto::text::shown(*name) + ", expected one of " + std::string(client::kFormats)};
  return format;
}

void attach(vramauto_workload* workload, const char* role, const SharedModel& model, const std::string& where) {
  vramauto_error err;
  VRAMAUTO_INIT(err);
  if (vramauto_workload_attach(workload, role, model.get(), &err)) throw refusal(err, where);
}

void read_attached(Library& library, Fields& fields, vramauto_workload* workload) {
  if (const auto draft = fields.text("draft_model"))
    attach(workload, "speculative", library.models.open(*draft, "draft_model"), "draft_model");
  const auto* adapters = fields.find("lora_models");
  if (!adapters) return;
  if (!adapters->is(Type::array))
    throw Refusal{400, "wrong_type", "lora_models",
                  fmt::format("found {}, expected a list of adapters", vramauto::json::type_name(adapters->type))};
  if (adapters->items.size() > kMostAdapters)
    throw Refusal{400, "beyond_limit", "lora_models",
                  fmt::format("found {} adapters, expected at most {}", adapters->items.size(), kMostAdapters)};
  for (const auto& one : adapters->items)
    attach(workload, "lora", library.models.open(plain_text(one, "lora_models"), "lora_models"), "lora_models");
}

}  // namespace

OptionTexts read_options(Fields& fields, const char* name) {
  OptionTexts out;
  const auto* found = fields.find(name);
  if (!found) return out;
  const Fields options(*found, name);
  for (const auto& member : found->items) {
    const auto where = options.name_of(member.key);
    if (member.key.find('\0') != member.key.npos)
      throw Refusal{400, "invalid_text", where, "found a NUL character in a name, expected none"};
    if (member.is(Type::null)) continue;
    const bool list = member.is(Type::array) && takes_words(member.key);
    out.emplace_back(member.key, list ? words_text(member, where) : option_text(member, where));
  }
  return out;
}

void set_option(vramauto_workload* workload, const std::string& name, const std::string& value, const std::string& where) {
  vramauto_error err;
  VRAMAUTO_INIT(err);
  if (vramauto_workload_set(workload, name.c_str(), value.c_str(), &err)) throw refusal(err, where);
}

PlanRequest read_plan_request(Library& library, const std::string& body) {
  const auto document = read_body(body);
  Fields fields(document.root(), "");
  PlanRequest out;
  const auto model = fields.text("model");
  if (!model) throw Refusal{400, "missing_field", "model", "found none, expected a model's path or id"};
  out.workload =
      made<client::Workload>("", [&](auto to, auto err) { return vramauto_workload_new(library.context.get(), to, err); });
  out.devices = read_devices(library, fields);
  read_workload(fields, out.workload.get());
  out.format = read_format(fields);
  read_attached(library, fields, out.workload.get());
  fields.nothing_else();
  out.model = library.models.open(*model, "model");
  return out;
}

client::Plan calculate(Library& library, const PlanRequest& request) {
  try {
    return made<client::Plan>("", [&](auto out, auto err) {
      return vramauto_plan_calculate(library.context.get(), request.devices.get(), request.model.get(), request.workload.get(), out,
                                     err);
    });
  } catch (Refusal& refusal) {
    if (refusal.where == "model") refusal.where = request.model_field;
    throw;
  }
}

std::string json_of(const client::Plan& plan) {
  return client::text_of([&](char* buffer, std::size_t size) { return vramauto_plan_json(plan.get(), buffer, size); });
}

bool fits(const client::Plan& plan) {
  vramauto_plan_info info;
  VRAMAUTO_INIT(info);
  return vramauto_plan_get(plan.get(), &info) != VRAMAUTO_OK || info.fits != 0;
}

}  // namespace serve
