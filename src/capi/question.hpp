// What plans and estimates are asked about: the handles of one call, put together as the engine wants them.
#pragma once

#include "capi/handles.hpp"

namespace vramauto::capi {

// devices NULL: GPUs of unknown size. workload NULL: every default. The rule of thumb needs no blueprint.
Result<Question> question(const vramauto_context& ctx, const vramauto_devices* devices, const vramauto_model& model,
                          const vramauto_workload* workload);

// What an estimate's handle tells besides the estimate itself.
void describe(vramauto_estimate& handle, const engine::Estimate& estimate);

}  // namespace vramauto::capi
