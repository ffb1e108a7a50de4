#include <doctest/doctest.h>

#include "fake.hpp"

using namespace vramauto;

namespace {

plan::Plan by_name(const std::string& name, std::vector<detect::Device> devices, const engine::Workload& workload = {}) {
  model::Model model;
  model.id = name;
  engine::Request request;
  request.model = &model;
  request.devices = devices;
  request.workload = &workload;
  auto plan = plan::calculate(request);
  REQUIRE(plan);
  plan->devices = {};  // they end here
  return std::move(*plan);
}

std::vector<detect::Device> gpu(double gib) {
  auto out = gpus(1);
  out[0].total_bytes = static_cast<Bytes>(gib * static_cast<double>(kGiB));
  return out;
}

}  // namespace

TEST_CASE("a model of which only the name is known is answered by the rule, with a warning") {
  const auto plan = by_name("x/y-3B", gpu(23.5));
  CHECK(plan.rule);
  CHECK(plan.utilization == 0.58);
  CHECK(plan.fits == plan::Fits::unknown);
  REQUIRE(plan.warnings.size() == 1);
  CHECK(plan.warnings[0].code == "method_rule");
}

TEST_CASE("the rule uses the smallest of the GPUs in use") {
  auto devices = gpu(80);
  devices.push_back(gpu(23.5)[0]);
  engine::Workload two;
  two.tensor_parallel_size = 2;
  CHECK(by_name("x-3B", devices, two).rule_gpu_gib == 23.5);
  CHECK(by_name("x-3B", devices).rule_gpu_gib == 80);
}

TEST_CASE("the rule without a GPU gives 0.90 and a warning") {
  const auto plan = by_name("x-3B", {});
  CHECK(plan.utilization == 0.90);
  CHECK(plan.warnings[0].code == "no_gpu");
}

TEST_CASE("the rule keeps a given utilization") {
  engine::Workload given;
  given.gpu_memory_utilization = 0.61;
  const auto plan = by_name("x-3B", gpu(23.5), given);
  CHECK(plan.utilization == 0.61);
  CHECK(plan.strategy == VRAMAUTO_STRATEGY_GIVEN);
}

TEST_CASE("a name that says nothing needs --method rule") {
  model::Model model;
  model.id = "nothing";
  model.warnings.push_back({std::string(model::kNameSaysNothing), "is nowhere"});
  engine::Workload workload;
  engine::Request request;
  request.model = &model;
  request.workload = &workload;
  const auto plan = plan::calculate(request);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().status == VRAMAUTO_E_NOT_FOUND);
  CHECK(plan.error().message == "is nowhere");
  workload.method = "rule";
  CHECK(plan::calculate(request));
}

TEST_CASE("fewer GPUs than ranks are refused with both numbers") {
  model::Model model;
  engine::Workload workload;
  workload.tensor_parallel_size = 4;
  const auto devices = gpus(2);
  estimator::Blueprint blueprint;
  engine::Request request;
  request.model = &model;
  request.blueprint = &blueprint;
  request.workload = &workload;
  request.devices = devices;
  const auto priced = plan::price(request);
  REQUIRE_FALSE(priced);
  CHECK(priced.error().message == "tensor 4 x pipeline 1 x data parallel 1 needs 4 GPUs, found 2");
}
