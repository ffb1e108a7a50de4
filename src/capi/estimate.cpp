#include "capi/guard.hpp"
#include "capi/question.hpp"
#include "report/report.hpp"

using namespace vramauto;
using namespace vramauto::capi;

namespace {

report::Subject subject(const vramauto_estimate& handle) { return {handle.open->model, handle.blueprint.get()}; }

std::uint64_t component_count(const engine::Estimate& estimate) {
  std::uint64_t count = 0;
  for (const auto& rank : estimate.ranks) count += rank.components.size();
  return count;
}

vramauto_component component_info(const engine::Rank& rank, const engine::Component& component) {
  vramauto_component info{};
  info.rank = rank.rank;
  info.kind = component.kind;
  info.flags = component.outside_budget ? 1 : 0;
  info.bytes = component.amount.best;
  info.low_bytes = component.amount.low;
  info.high_bytes = component.amount.high;
  info.name = c_text(component.name);
  info.source = c_text(component.source);
  return info;
}

}  // namespace

vramauto_status vramauto_estimate_run(const vramauto_context* ctx, const vramauto_devices* devices, const vramauto_model* model,
                                      const vramauto_workload* workload, vramauto_estimate** out, vramauto_error* err) {
  return guard(err, [&]() -> Result<void> {
    TRY(require(ctx && model && out, "ctx, model and out must not be NULL"));
    auto asked = TRY(question(*ctx, devices, *model, workload));
    auto estimate = TRY(plan::price(asked.request));
    ctx->core->log.warn(estimate->warnings);
    auto handle = std::make_unique<vramauto_estimate>();
    handle->open = model->open;
    handle->blueprint = std::move(asked.blueprint);
    describe(*handle, *estimate);
    handle->owned = std::move(estimate);
    *out = handle.release();
    return {};
  });
}

vramauto_status vramauto_estimate_get(const vramauto_estimate* estimate, vramauto_estimate_info* out) {
  if (!estimate || !estimate->estimate) return VRAMAUTO_E_ARGUMENT;
  const auto& priced = *estimate->estimate;
  vramauto_estimate_info info{};
  info.ranks = static_cast<std::uint32_t>(priced.ranks.size());
  info.components = component_count(priced);
  info.cache_groups = priced.groups.size();
  info.notes = priced.notes.size() + estimate->blueprint->notes.size();
  info.parameters = report::parameters(subject(*estimate));
  info.peak_bytes = estimate->peak;
  info.estimator = estimate->blueprint->estimator.c_str();
  info.plugin = estimate->blueprint->plugin.c_str();
  info.engine = priced.engine.c_str();
  info.engine_version = priced.version.c_str();
  return write_struct(out, info);
}

vramauto_status vramauto_estimate_component(const vramauto_estimate* estimate, uint64_t i, vramauto_component* out) {
  if (!estimate || !estimate->estimate) return VRAMAUTO_E_ARGUMENT;
  for (const auto& rank : estimate->estimate->ranks) {
    if (i < rank.components.size()) return write_struct(out, component_info(rank, rank.components[i]));
    i -= rank.components.size();
  }
  return VRAMAUTO_E_ARGUMENT;
}

vramauto_status vramauto_estimate_cache_group(const vramauto_estimate* estimate, uint64_t i, vramauto_cache_group* out) {
  if (!estimate || !estimate->estimate || i >= estimate->estimate->groups.size()) return VRAMAUTO_E_ARGUMENT;
  const auto& group = estimate->estimate->groups[i];
  vramauto_cache_group info{};
  info.layers = group.layers;
  info.block_tokens = group.block_tokens;
  info.block_bytes = group.block_bytes;
  info.window_tokens = group.window_tokens;
  info.sequence_bytes = group.sequence_bytes;
  info.kind = c_text(group.kind);
  return write_struct(out, info);
}

const char* vramauto_estimate_note(const vramauto_estimate* estimate, uint64_t i) {
  if (!estimate || !estimate->estimate) return nullptr;
  const auto &first = estimate->estimate->notes, &more = estimate->blueprint->notes;
  if (i < first.size()) return first[i].c_str();
  return i - first.size() < more.size() ? more[i - first.size()].c_str() : nullptr;
}

size_t vramauto_estimate_json(const vramauto_estimate* estimate, char* buf, size_t cap) {
  return guard_value<size_t>(0, [&] {
    if (!estimate || !estimate->estimate) return size_t{0};
    return write_text(report::estimate_json(*estimate->estimate, subject(*estimate)), buf, cap);
  });
}

void vramauto_estimate_free(vramauto_estimate* estimate) { delete estimate; }
