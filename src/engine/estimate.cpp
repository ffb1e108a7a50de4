#include "engine/estimate.hpp"

#include "engine/vllm/vllm.hpp"

namespace vramauto::engine {

Amount Rank::fixed() const {
  Amount sum = weights;
  const auto add = [&](const Amount& amount) {
    sum.best = saturating_add(sum.best, amount.best);
    sum.low = saturating_add(sum.low, amount.low);
    sum.high = saturating_add(sum.high, amount.high);
  };
  add(activation);
  add(non_torch);
  add(other_in_budget);
  if (graphs_in_budget) add(graphs);
  return sum;
}

Result<std::unique_ptr<Estimate>> estimate(const Request& request) {
  if (!request.model || !request.workload) return fail(VRAMAUTO_E_ARGUMENT, "estimate", "a model and a workload are needed");
  if (!request.blueprint)
    return fail(VRAMAUTO_E_NO_ESTIMATOR, request.model->id.empty() ? request.model->path : request.model->id,
                "the engine's arithmetic needs a configuration; the rule of thumb (--method rule) needs only a name or a size");
  if (request.workload->engine == "vllm") return vllm::estimate(request);
  return fail(VRAMAUTO_E_UNSUPPORTED, "engine", "found \"{}\", expected vllm", request.workload->engine);
}

std::string refusal(const Workload& workload, std::string_view architecture) {
  return workload.engine == "vllm" && !architecture.empty() ? vllm::refusal(workload, architecture) : std::string();
}

}  // namespace vramauto::engine
