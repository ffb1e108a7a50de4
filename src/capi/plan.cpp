#include <cstddef>

#include "capi/guard.hpp"
#include "capi/question.hpp"
#include "report/report.hpp"

using namespace vramauto;
using namespace vramauto::capi;

namespace {

report::Subject subject(const vramauto_plan& handle) {
  const auto& about = handle.about.request;
  return {handle.estimate.open->model, handle.estimate.blueprint.get(), about.draft, about.adapters};
}

// What is asked of the plan later needs all that it was made for, but the GPUs and the workload, of which it has its own.
void keep(vramauto_plan& handle, Question&& asked, const vramauto_workload* workload) {
  handle.estimate.blueprint = asked.blueprint;
  handle.about = std::move(asked);
  handle.about.request.devices = {};
  handle.about.request.workload = nullptr;
  if (!workload) return;
  handle.draft = workload->draft;
  handle.adapters = workload->adapters;
}

const engine::Warning* nth(const plan::Plan& plan, std::size_t i) {
  const std::size_t first = plan.estimate ? plan.estimate->warnings.size() : 0;
  if (i < first) return &plan.estimate->warnings[i];
  return i - first < plan.warnings.size() ? &plan.warnings[i - first] : nullptr;
}

vramauto_plan_info info_of(const plan::Plan& plan) {
  const auto& asked = plan.asked();
  vramauto_plan_info info{};
  info.fits = static_cast<std::uint32_t>(plan.fits);
  info.gpu_memory_utilization = plan.utilization;
  info.utilization_min = plan.utilization_min;
  info.utilization_max = plan.utilization_max;
  info.strategy = plan.strategy;
  info.tensor_parallel_size = asked.tensor_parallel_size;
  info.pipeline_parallel_size = asked.pipeline_parallel_size;
  info.data_parallel_size = asked.data_parallel_size;
  info.max_model_len = plan.max_model_len;
  info.max_model_len_limit = plan.cache_bytes.empty() ? VRAMAUTO_UNKNOWN : plan.max_model_len_limit;
  info.max_num_seqs = plan.estimate ? plan.estimate->effective.max_num_seqs : VRAMAUTO_UNKNOWN;
  info.kv_cache_bytes = plan.kv_cache_memory_bytes;
  info.kv_cache_tokens = plan.cache_bytes.empty() ? VRAMAUTO_UNKNOWN : plan.cache.tokens;
  info.headroom_bytes = plan.headroom_bytes;
  info.max_concurrency = plan.cache.max_concurrency;
  info.margin = plan.margin;
  info.certainty = plan.certainty;
  info.uncertainty_bytes = plan.uncertainty_bytes;
  info.least_certain = c_text(plan.least_certain);
  return info;
}

const char* reason_of(const vramauto_plan& handle) {
  std::call_once(handle.explained, [&] { handle.reason = reason(handle.plan); });
  return handle.reason.c_str();
}

void line_up(const vramauto_plan& handle) {
  std::call_once(handle.lined_up, [&] {
    handle.arguments = plan::arguments(handle.plan, handle.estimate.open->model);
    handle.environment = plan::environment(handle.plan);
  });
}

}  // namespace

vramauto_status vramauto_plan_calculate(const vramauto_context* ctx, const vramauto_devices* devices, const vramauto_model* model,
                                        const vramauto_workload* workload, vramauto_plan** out, vramauto_error* err) {
  return guard(err, [&]() -> Result<void> {
    TRY(require(ctx && model && out, "ctx, model and out must not be NULL"));
    auto asked = TRY(question(*ctx, devices, *model, workload));
    auto handle = std::make_unique<vramauto_plan>();
    handle->plan = TRY(plan::calculate(asked.request));
    handle->estimate.open = model->open;
    if (devices) handle->devices = devices->list;
    keep(*handle, std::move(asked), workload);
    if (handle->plan.estimate) {
      describe(handle->estimate, *handle->plan.estimate);
      ctx->core->log.warn(handle->plan.estimate->warnings);
    }
    ctx->core->log.warn(handle->plan.warnings);
    *out = handle.release();
    return {};
  });
}

vramauto_status vramauto_plan_get(const vramauto_plan* plan, vramauto_plan_info* out) {
  return guard_value<vramauto_status>(VRAMAUTO_E_MEMORY, [&]() -> vramauto_status {
    if (!plan || !out) return VRAMAUTO_E_ARGUMENT;
    auto info = info_of(plan->plan);
    // A sentence takes as long as all the rest: it is written for who has room for it.
    if (out->struct_size > offsetof(vramauto_plan_info, reason)) info.reason = reason_of(*plan);
    return write_struct(out, info);
  });
}

const vramauto_estimate* vramauto_plan_estimate(const vramauto_plan* plan) {
  return plan && plan->estimate.estimate ? &plan->estimate : nullptr;
}

const char* vramauto_plan_argument(const vramauto_plan* plan, size_t i) {
  return guard_value<const char*>(nullptr, [&]() -> const char* {
    if (!plan) return nullptr;
    line_up(*plan);
    return i < plan->arguments.size() ? plan->arguments[i].c_str() : nullptr;
  });
}

const char* vramauto_plan_environment(const vramauto_plan* plan, size_t i) {
  return guard_value<const char*>(nullptr, [&]() -> const char* {
    if (!plan) return nullptr;
    line_up(*plan);
    return i < plan->environment.size() ? plan->environment[i].c_str() : nullptr;
  });
}

const char* vramauto_plan_warning(const vramauto_plan* plan, size_t i, const char** code) {
  const auto* warning = plan ? nth(plan->plan, i) : nullptr;
  if (!warning) return nullptr;
  if (code) *code = warning->code.c_str();
  return warning->message.c_str();
}

size_t vramauto_plan_text(const vramauto_plan* plan, char* buf, size_t cap) {
  return guard_value<size_t>(0, [&] { return plan ? write_text(report::plan_text(plan->plan, subject(*plan)), buf, cap) : 0; });
}

size_t vramauto_plan_json(const vramauto_plan* plan, char* buf, size_t cap) {
  return guard_value<size_t>(0, [&] { return plan ? write_text(report::plan_json(plan->plan, subject(*plan)), buf, cap) : 0; });
}

void vramauto_plan_free(vramauto_plan* plan) { delete plan; }
