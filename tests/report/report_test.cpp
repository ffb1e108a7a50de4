#include <doctest/doctest.h>

#include "../plan/fake.hpp"
#include "report/bar.hpp"
#include "report/report.hpp"
#include "support/json.hpp"

using namespace vramauto;

namespace {

model::Model a_model() {
  model::Model model;
  model.path = "/models/it's x";
  model.architecture = "LlamaForCausalLM";
  model.source = model::Source::config;
  model.has_config = true;
  return model;
}

plan::Plan by_rule(double gpu_gib) {
  plan::Plan plan;
  plan.rule = true;
  plan.rule_gpu_gib = gpu_gib;
  plan.rule_size_gib = 6;
  plan.rule_kv_gib = 1.404;
  plan.rule_need_gib = 8.885;
  plan.rule_max_model_len = 4096;
  plan.strategy = VRAMAUTO_STRATEGY_CONSERVATIVE;
  plan.utilization = 0.58;
  return plan;
}

}  // namespace

TEST_CASE("the rule's report is the origin's, line by line") {
  CHECK(report::rule_text(by_rule(23.5)) ==
        "🔧 Auto mode enabled for GPU memory utilization\n"
        "💾 Detected GPU memory: 23.5 GB\n"
        "📊 Estimated model size: 6.0 GB\n"
        "🗄️  Estimated KV cache: 1.4 GB (for max_model_len=4096)\n"
        "✓ Model requires ~38% of GPU memory\n"
        "  Using conservative utilization: 0.58 (leaves room for batching)\n"
        "✓ Calculated GPU memory utilization: 0.58\n");
}

TEST_CASE("the line to paste is quoted for a shell") {
  const std::string words[] = {"vllm", "serve", "/models/it's x", "--compilation-config", "{\"a\": 1}", ""};
  CHECK(report::shell_line(words) == "vllm serve '/models/it'\\''s x' --compilation-config '{\"a\": 1}' ''");
}

TEST_CASE("the bar has its width, whatever the amounts") {
  const std::vector<report::Segment> parts = {{"a", "#", 30}, {"b", "=", 20}, {"free", ".", 50}};
  CHECK(report::bar(parts, 100, 10) == "###==.....");
  CHECK(report::bar({{"a", "#", 1000}}, 100, 10) == "##########");
  CHECK(report::bar({{"a", "#", 0}}, 0, 10) == "");
}

TEST_CASE("text: how much is known of the cache, and what is least certain") {
  const auto model = a_model();
  const auto told = [&](Bytes high, bool guess) {
    auto estimate = fake(10 * kGiB, 1000);
    estimate->ranks[0].components.push_back({"sampler", VRAMAUTO_KIND_ACTIVATIONS, {kGiB, kGiB, high}, false, "test"});
    estimate->guess = guess;
    return report::plan_text(solved(std::move(estimate)), {model, nullptr});
  };
  CHECK(told(3 * kGiB, false).find("\ncertainty within 2.00 GiB; least certain: sampler\n") != std::string::npos);
  CHECK(told(3 * kGiB, true).find("\ncertainty a guess, within 2.00 GiB; least certain: sampler\n") != std::string::npos);
  CHECK(told(kGiB, false).find("\ncertainty exact\n") != std::string::npos);
}

TEST_CASE("text: a cache that does not grow with a sequence has no size of a token") {
  const auto model = a_model();
  auto grows = fake(69 * kGiB, 10240), stays = fake(69 * kGiB, 10240);
  grows->bytes_per_token = 1024;
  stays->bytes_per_token = 0;
  CHECK(report::plan_text(solved(std::move(grows)), {model, nullptr}).find("KiB a token") != std::string::npos);
  CHECK(report::plan_text(solved(std::move(stays)), {model, nullptr}).find("KiB a token") == std::string::npos);
}

TEST_CASE("JSON: the cache's numbers are what the estimate reports at the chosen utilization") {
  const auto model = a_model();
  const auto plan = solved(fake(69 * kGiB, 10240));
  const auto text = report::plan_json(plan, {model, nullptr});
  const auto json = json::parse("plan", text);
  REQUIRE(json);
  CHECK(json->at("/schema")->text == "vramauto.plan/1");
  CHECK(json->at("/result/gpu_memory_utilization")->real == 0.88);
  CHECK(json->at("/kv_cache/tokens")->integer == 18 * 1024);
  CHECK(json->at("/ranks/0/kv_cache_bytes")->integer == static_cast<std::int64_t>(18 * kGiB));
  CHECK(json->at("/vllm_args/1")->text == "/models/it's x");
}

TEST_CASE("JSON: what is not known is null") {
  auto estimate = fake(69 * kGiB, 10240);
  estimate->ranks[0].total_bytes = VRAMAUTO_UNKNOWN;
  const auto model = a_model();
  const auto json = json::parse("plan", report::plan_json(solved(std::move(estimate)), {model, nullptr}));
  REQUIRE(json);
  for (const auto* at : {"/result/fits", "/result/margin", "/result/gpu_memory_utilization", "/result/headroom_bytes",
                         "/kv_cache/tokens", "/ranks/0/budget_bytes", "/model/id", "/model/stored_bytes"})
    CHECK_MESSAGE(json->at(at)->is(json::Type::null), at);
}

TEST_CASE("JSON: on a GPU of unknown size a rank's cache is what one sequence needs") {
  auto estimate = fake(69 * kGiB, 10240);
  estimate->ranks[0].total_bytes = VRAMAUTO_UNKNOWN;
  const auto needed = estimate->cache_bytes(estimate->ranks[0], estimate->effective.max_model_len, 1, true);
  const auto model = a_model();
  const auto json = json::parse("plan", report::plan_json(solved(std::move(estimate)), {model, nullptr}));
  REQUIRE(json);
  CHECK(json->at("/ranks/0/kv_cache_bytes")->integer == static_cast<std::int64_t>(needed));
}

TEST_CASE("JSON: a path that is no UTF-8 still gives JSON") {
  auto model = a_model();
  model.path = "/models/\xff\xfe";
  CHECK(json::parse("plan", report::plan_json(solved(fake(69 * kGiB, 10240)), {model, nullptr})));
}

TEST_CASE("text: what maximal would give stands beside a lower choice, and not beside an equal one") {
  const auto model = a_model();
  const auto lower = report::plan_text(solved(fake(69 * kGiB, 10240)), {model, nullptr});
  CHECK(lower.find("--policy maximal gives utilization 0.95, 25,600 tokens, 2.50 sequences of 10,240 at once") !=
        std::string::npos);
  auto estimate = fake(69 * kGiB, 10240);
  estimate->workload.policy = "maximal";
  CHECK(report::plan_text(solved(std::move(estimate)), {model, nullptr}).find("--policy maximal gives") == std::string::npos);
}

TEST_CASE("text: equal ranks share one bar") {
  const auto model = a_model();
  const auto text = report::plan_text(solved(fake(69 * kGiB, 10240, 4)), {model, nullptr});
  CHECK(text.find("rank 0-3") != std::string::npos);
  CHECK(text.find("4 x Test GPU") != std::string::npos);
}

TEST_CASE("parameters: counted from the description, tied ones once") {
  const auto model = a_model();
  estimator::Blueprint blueprint;
  estimator::Weights weights{};
  weights.layers = {0, 4, 1, 1};
  weights.rows = 10;
  weights.cols = 3;
  weights.copies = 1;
  weights.flags = VRAMAUTO_BIAS;
  blueprint.weights = {weights, weights};
  blueprint.weights[1].flags = VRAMAUTO_TIED;
  CHECK(report::parameters({model, &blueprint}) == 4 * (10 * 3 + 10));
}
