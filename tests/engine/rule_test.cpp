#include <doctest/doctest.h>

#include "engine/rule/rule.hpp"
#include "temporary.hpp"

using namespace vramauto;
namespace rule = engine::rule;

namespace {

double utilization(std::string_view name, std::uint64_t length, double gpu = 23.5, std::uint32_t tp = 1) {
  return rule::apply(rule::model_size(name).gib, gpu, length, tp).utilization;
}

}  // namespace

TEST_CASE("rule: 3B at 4096 on 23.5 GB gives 0.58") { CHECK(utilization("3B", 4096) == 0.58); }
TEST_CASE("rule: 1B at 2048 on 23.5 GB gives 0.50") { CHECK(utilization("1B", 2048) == 0.50); }
TEST_CASE("rule: 7B at 4096 on 23.5 GB gives 0.88") { CHECK(utilization("7B", 4096) == 0.88); }
TEST_CASE("rule: 7B at 8192 on 23.5 GB gives 0.95") { CHECK(utilization("7B", 8192) == 0.95); }
TEST_CASE("rule: Qwen/Qwen2.5-VL-3B-Instruct at 4096 gives 0.58") {
  CHECK(utilization("Qwen/Qwen2.5-VL-3B-Instruct", 4096) == 0.58);
}

TEST_CASE("rule: a 3B model at 4096 has size 6.0, cache 1.4 and needs 38 % of 23.5 GB") {
  const auto answer = rule::apply(rule::model_size("3B").gib, 23.5, 4096, 1);
  CHECK(answer.size_gib == 6.0);
  CHECK(answer.kv_gib == doctest::Approx(1.4).epsilon(0.01));
  CHECK(answer.need_gib / 23.5 == doctest::Approx(0.38).epsilon(0.01));
  CHECK(answer.strategy == VRAMAUTO_STRATEGY_CONSERVATIVE);
}

TEST_CASE("rule: a name without a number has size 7.0, cache 1.6, needs 44 % and gives 0.64") {
  const auto size = rule::model_size("some/model");
  const auto answer = rule::apply(size.gib, 23.5, 4096, 1);
  CHECK(size.gib == 7.0);
  CHECK(size.from == "default");
  CHECK(answer.kv_gib == doctest::Approx(1.6).epsilon(0.03));
  CHECK(answer.need_gib / 23.5 == doctest::Approx(0.44).epsilon(0.02));
  CHECK(answer.utilization == 0.64);
}

TEST_CASE("rule: 70B at 4096 over four ranks on 80 GB needs 81.3 and gives 0.95") {
  const auto answer = rule::apply(rule::model_size("70B").gib, 80, 4096, 4);
  CHECK(answer.size_gib == 140);
  CHECK(answer.kv_gib == doctest::Approx(32.8).epsilon(0.001));
  CHECK(answer.need_gib == doctest::Approx(81.3).epsilon(0.001));
  CHECK(answer.utilization == 0.95);
}

TEST_CASE("rule: without a GPU it answers 0.90 and no strategy") {
  const auto answer = rule::apply(6, 0, 4096, 1);
  CHECK(answer.utilization == 0.90);
  CHECK(answer.strategy == VRAMAUTO_STRATEGY_NONE);
}

TEST_CASE("rule: no length means 4096") { CHECK(rule::apply(6, 24, 0, 0).max_model_len == 4096); }

TEST_CASE("rule: a size counts where a name states it") {
  CHECK(rule::billions_in_name("7B") == 7);
  CHECK(rule::billions_in_name("TinyLlama/TinyLlama-1.1B-Chat") == 1.1);
  CHECK(rule::billions_in_name("vicuna-13b-v1.5") == 13);
  CHECK(rule::billions_in_name("mistralai/Mixtral-8x7B-Instruct") == 56);
  CHECK(rule::billions_in_name("Qwen/Qwen3-30B-A3B") == 30);
}

TEST_CASE("rule: bits and versions are no sizes") {
  CHECK(rule::billions_in_name("model-4bit") == 0);
  CHECK(rule::billions_in_name("model-8bit-7B") == 7);
  CHECK(rule::billions_in_name("Qwen2.5-VL") == 0);
  CHECK(rule::billions_in_name("Qwen2.5B") == 0);
  CHECK(rule::billions_in_name("") == 0);
  CHECK(rule::billions_in_name("-99999999999999999999999B") == 0);
}

TEST_CASE("rule: weight files of a directory are added, other files are not") {
  Temporary folder;
  folder.write("a.safetensors", std::string(1000, 'x'));
  folder.write("b.bin", std::string(24, 'x'));
  folder.write("config.json", "{}");
  const auto size = rule::model_size(folder.path());
  CHECK(size.from == "weight files");
  CHECK(size.gib == 1024.0 / static_cast<double>(kGiB));
}

TEST_CASE("rule: without weight files the configuration decides") {
  Temporary folder;
  folder.write("config.json", R"({"vocab_size": 1000, "hidden_size": 64, "num_hidden_layers": 2})");
  const auto size = rule::model_size(folder.path());
  CHECK(size.from == "config");
  CHECK(size.gib == (1000 * 64 + 2 * 8 * 64 * 64) * 2 / static_cast<double>(kGiB));
}

TEST_CASE("rule: keys missing from the configuration are 32000, 4096 and 32") {
  Temporary folder;
  folder.write("config.json", "{}");
  CHECK(rule::model_size(folder.path()).gib ==
        doctest::Approx((32000.0 * 4096 + 32 * 8 * 4096.0 * 4096) * 2 / static_cast<double>(kGiB)));
}

TEST_CASE("rule: a configuration that cannot be read counts as not there, with a warning") {
  Temporary folder;
  folder.write("config.json", "{not json");
  const auto size = rule::model_size(folder.path());
  CHECK(size.gib == 7.0);
  CHECK(size.warning.find("counted as not there") != std::string::npos);
}

TEST_CASE("rule: an empty directory is 7.0, whatever its name says") {
  Temporary folder;
  std::filesystem::create_directory(folder / "x-3B");
  CHECK(rule::model_size(folder / "x-3B").gib == 7.0);
}

TEST_CASE("rule: a model opened by id is sized by its name, one opened by path by its files") {
  Temporary folder;
  folder.write("a.bin", "1234");
  model::Model model;
  model.path = folder.path();
  CHECK(rule::model_size(model).from == "weight files");
  model.id = "Qwen/Qwen3-8B";
  CHECK(rule::model_size(model).gib == 16.0);
}
