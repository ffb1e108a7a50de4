// Which of the two V1 model runners serves a model, and how many steps it keeps in flight.
#pragma once

#include "engine/vllm/context.hpp"

namespace vramauto::engine::vllm {

// Needs profile, blueprint and workload. VLLM_USE_V2_MODEL_RUNNER decides where it is set.
bool uses_mrv2(const Context& context);

// Tokens scheduled whose cache may not be freed yet: what a sliding window holds beyond itself.
std::uint64_t in_flight_tokens(const Context& context);

}  // namespace vramauto::engine::vllm
