#include "capi/guard.hpp"
#include "capi/handles.hpp"
#include "support/text.hpp"

using namespace vramauto;
using namespace vramauto::capi;

namespace {

// A draft model may be any; how the engine runs it, if it does, is seen when it is priced.
Result<void> attach(vramauto_workload& workload, std::string_view role, const vramauto_model& model) {
  constexpr std::size_t kMostAdapters = 4096;
  if (role == "speculative") return workload.draft = model.open, Result<void>{};
  if (role != "lora")
    return fail(VRAMAUTO_E_ARGUMENT, "role", "found \"{}\", expected speculative or lora", text::shown(role, 100));
  const auto& opened = model.open->model;
  if (opened.adapter_path.empty())
    return fail(VRAMAUTO_E_ARGUMENT, opened.path.empty() ? opened.id : opened.path,
                "is no LoRA adapter: expected a folder with an adapter_config.json");
  if (workload.adapters.size() >= kMostAdapters)
    return fail(VRAMAUTO_E_LIMIT, "role", "found more than {} adapters", kMostAdapters);
  workload.adapters.push_back(model.open);
  return {};
}

}  // namespace

size_t vramauto_option_count(void) { return engine::options().size(); }

vramauto_status vramauto_option_get(size_t i, vramauto_option_info* out) {
  if (i >= engine::options().size()) return VRAMAUTO_E_ARGUMENT;
  const auto& option = engine::options()[i];
  vramauto_option_info info{};
  info.type = static_cast<std::uint32_t>(option.type);
  info.name = c_text(option.name);
  info.short_name = c_text(option.short_name);
  info.choices = c_text(option.choices);
  info.default_text = c_text(option.default_text);
  info.help = c_text(option.help);
  return write_struct(out, info);
}

vramauto_status vramauto_workload_new(const vramauto_context* ctx, vramauto_workload** out, vramauto_error* err) {
  return guard(err, [&]() -> Result<void> {
    TRY(require(ctx && out, "ctx and out must not be NULL"));
    *out = new vramauto_workload{};
    return {};
  });
}

vramauto_status vramauto_workload_set(vramauto_workload* workload, const char* name, const char* value, vramauto_error* err) {
  return guard(err, [&]() -> Result<void> {
    TRY(require(workload && name, "workload and name must not be NULL"));
    return engine::set(workload->options, name, value ? std::optional<std::string_view>(value) : std::nullopt);
  });
}

vramauto_status vramauto_workload_attach(vramauto_workload* workload, const char* role, const vramauto_model* model,
                                         vramauto_error* err) {
  return guard(err, [&]() -> Result<void> {
    TRY(require(workload && role && model, "workload, role and model must not be NULL"));
    return attach(*workload, role, *model);
  });
}

void vramauto_workload_free(vramauto_workload* workload) { delete workload; }
