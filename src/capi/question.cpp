#include "capi/question.hpp"

#include <algorithm>

namespace vramauto::capi {
namespace {

const engine::Workload& defaults() {
  static const engine::Workload kDefaults;
  return kDefaults;
}

// Where nobody can describe a model, the engine may have a reason not to run it at all.
Result<std::shared_ptr<const estimator::Blueprint>> described(const vramauto_context& ctx, const vramauto_model& model,
                                                              const engine::Workload& options, const engine::Installed* installed) {
  auto out = model.open->blueprint(ctx.core, options.estimator);
  if (out || (out.error().status != VRAMAUTO_E_NO_ESTIMATOR && out.error().status != VRAMAUTO_E_UNSUPPORTED)) return out;
  auto asked = options;
  if (installed) asked.engine_version = installed->version;
  const auto why = engine::refusal(asked, model.open->model.architecture);
  if (!why.empty()) out.error().message += "; the engine does not run it either: " + why;
  return out;
}

// Models beside the one that is served.
Result<void> add_attached(const vramauto_context& ctx, const vramauto_workload& workload, Question& out) {
  out.adapters.reserve(workload.adapters.size());
  for (const auto& adapter : workload.adapters) out.adapters.push_back(&adapter->model);
  out.request.adapters = out.adapters;
  if (!workload.draft) return {};
  out.request.draft.model = &workload.draft->model;
  if (workload.options.method == "rule") return {};
  auto described = workload.draft->blueprint(ctx.core, "");
  if (!described) {
    described.error().message += " (of the draft model)";
    return Unexpected(std::move(described.error()));
  }
  out.draft = std::move(*described);
  out.request.draft.blueprint = out.draft.get();
  return {};
}

}  // namespace

Result<Question> question(const vramauto_context& ctx, const vramauto_devices* devices, const vramauto_model& model,
                          const vramauto_workload* workload) {
  Question out;
  const auto& options = workload ? workload->options : defaults();
  if (options.engine_version == "auto") {
    const auto here = engine::Surroundings::of_process(ctx.core->opening.use_environment);
    out.installed = std::make_unique<engine::Installed>(engine::find_installed(options.engine, here));
  }
  if (options.method != "rule") out.blueprint = TRY(described(ctx, model, options, out.installed.get()));
  out.request.model = &model.open->model;
  out.request.blueprint = out.blueprint.get();
  if (devices) out.request.devices = *devices->list;
  out.request.workload = &options;
  out.request.installed = out.installed.get();
  if (workload) TRY(add_attached(ctx, *workload, out));
  return out;
}

void describe(vramauto_estimate& handle, const engine::Estimate& estimate) {
  handle.estimate = &estimate;
  for (const auto& rank : estimate.ranks) handle.peak = std::max(handle.peak, saturating_add(rank.fixed().best, rank.outside.best));
}

}  // namespace vramauto::capi
