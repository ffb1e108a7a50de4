// vLLM's arithmetic behind the engine's interface.
#pragma once

#include "engine/estimate.hpp"

namespace vramauto::engine::vllm {

Result<std::unique_ptr<Estimate>> estimate(const Request& request);
std::string refusal(const Workload& workload, std::string_view architecture);

}  // namespace vramauto::engine::vllm
