#include <doctest/doctest.h>

#include "fake.hpp"

using namespace vramauto;
using Words = std::vector<std::string>;

namespace {

Words line(std::initializer_list<std::pair<const char*, const char*>> options, const std::string& path = "/models/x") {
  auto estimate = fake(69 * kGiB, 10240);
  for (const auto& [name, value] : options) REQUIRE(engine::set(estimate->workload, name, value));
  model::Model model;
  model.path = path;
  return plan::arguments(solved(std::move(estimate)), model);
}

}  // namespace

TEST_CASE("arguments: the model, then what was chosen") {
  CHECK(line({}) ==
        Words{"serve", "/models/x", "--tensor-parallel-size", "1", "--gpu-memory-utilization", "0.88", "--max-model-len", "10240"});
}

TEST_CASE("arguments: what was set for the engine is passed on, in digits; what was set for vramauto is not") {
  const auto words = line({{"max-num-batched-tokens", "32k"}, {"policy", "balanced"}, {"engine-version", "0.19"}});
  CHECK(Words(words.begin() + 8, words.end()) == Words{"--max-num-batched-tokens", "32000"});
}

TEST_CASE("arguments: what has two names is stated once, whichever it was given by") {
  CHECK(line({{"device-memory-utilization", "0.9"}}) ==
        Words{"serve", "/models/x", "--tensor-parallel-size", "1", "--gpu-memory-utilization", "0.9", "--max-model-len", "10240"});
}

TEST_CASE("arguments: limits are pairs for a release that reads no JSON") {
  auto estimate = fake(69 * kGiB, 10240);
  REQUIRE(engine::set(estimate->workload, "limit-mm-per-prompt", "{\"image\": 2}"));
  estimate->limits = "image=2";
  const auto words = plan::arguments(solved(std::move(estimate)), model::Model{});
  CHECK(Words(words.begin() + 8, words.end()) == Words{"--limit-mm-per-prompt", "image=2"});
}

TEST_CASE("arguments: a switch is its name, or the name of its opposite") {
  const auto words = line({{"enforce-eager", "true"}, {"enable-prefix-caching", "false"}});
  CHECK(Words(words.begin() + 8, words.end()) == Words{"--enforce-eager", "--no-enable-prefix-caching"});
}

TEST_CASE("arguments: an option that was taken back is not passed on") {
  auto estimate = fake(69 * kGiB, 10240);
  REQUIRE(engine::set(estimate->workload, "block-size", "32"));
  REQUIRE(engine::set(estimate->workload, "block-size", std::nullopt));
  CHECK(plan::arguments(solved(std::move(estimate)), model::Model{}).size() == 8);
}

TEST_CASE("arguments: of a file of the model its folder is served") {
  CHECK(line({}, "/models/x/config.json")[1] == "/models/x");
  CHECK(line({}, "config.json")[1] == ".");
}
