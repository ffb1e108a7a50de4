// Models of which nothing is known but their tensors.
#include <algorithm>

#include <doctest/doctest.h>

#include "engine/estimate.hpp"
#include "example.hpp"

using namespace vramauto;

namespace {

estimator::Blueprint guess(std::string_view architecture) {
  auto out = example::llama_8b();
  out.architecture = architecture;
  out.guess = true;
  estimator::Weights weights{};
  weights.layers = {0, 32, 32, 32};
  weights.rows = weights.cols = 4096;
  weights.copies = 1;
  weights.pattern = "layers.*.w";
  out.weights.push_back(weights);
  return out;
}

Result<std::unique_ptr<engine::Estimate>> priced(const estimator::Blueprint& blueprint, std::string_view version = "0.33") {
  static const model::Model model;
  const auto asked = example::workload({{"engine-version", version}});
  const std::vector<detect::Device> devices{example::h100()};
  engine::Request request{&model, &blueprint, devices, &asked};
  return engine::estimate(request);
}

bool warns(const engine::Estimate& estimate, std::string_view code) {
  return std::any_of(estimate.warnings.begin(), estimate.warnings.end(), [&](const auto& one) { return one.code == code; });
}

}  // namespace

TEST_CASE("guess: bounds are wide, the sums are those of the components, and warnings say so") {
  const auto e = priced(guess("FooForCausalLM"));
  REQUIRE_MESSAGE(e, e.error().message);
  const auto& rank = (*e)->ranks[0];
  CHECK(rank.weights.low < rank.weights.best);
  CHECK(rank.weights.high >= rank.weights.best + rank.weights.best / 6);
  CHECK(rank.activation.high >= 2 * rank.activation.best);
  Bytes best = 0, high = 0;
  for (const auto& part : rank.components)
    if (part.kind == VRAMAUTO_KIND_WEIGHTS) best += part.amount.best, high += part.amount.high;
  CHECK(best == rank.weights.best);
  CHECK(high == rank.weights.high);
  CHECK(warns(**e, "guess"));
  CHECK(warns(**e, "architecture_unknown"));
}

TEST_CASE("guess: an architecture of the engine's own list is not called unknown") {
  const auto e = priced(guess("LlamaForCausalLM"));
  REQUIRE(e);
  CHECK(warns(**e, "guess"));
  CHECK_FALSE(warns(**e, "architecture_unknown"));
}

TEST_CASE("guess: what the engine no longer serves stays refused") {
  const auto e = priced(guess("QWenLMHeadModel"));
  REQUIRE_FALSE(e);
  CHECK(e.error().message.find("was supported in vLLM until") != std::string::npos);
}

TEST_CASE("guess: releases without transformers' classes refuse what they do not list") {
  const auto e = priced(guess("FooForCausalLM"), "0.6.6");
  REQUIRE_FALSE(e);
  CHECK(e.error().status == VRAMAUTO_E_UNSUPPORTED);
}

TEST_CASE("guess: an architecture that is described but not listed is refused as ever") {
  auto known = guess("FooForCausalLM");
  known.guess = false;
  CHECK_FALSE(priced(known));
}
