// What fewer sequences and newer releases change, by the rules each release was read and measured to have, worked out here: one
// dense model on one GPU, both model runners, graphs on and off.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "engine/estimate.hpp"
#include "example.hpp"

using namespace vramauto;

namespace {

constexpr double kMebi = 1048576.0, kTokens = 8192, kHidden = 4096, kIntermediate = 12288, kVocabulary = 151936, kWidth = 2;
constexpr double kLength = 40960, kBlock = 16, kMany = 1024, kFew = 256;

// 36 layers of 4096, as Qwen3-8B has them.
estimator::Blueprint qwen3_8b() {
  auto out = example::blueprint(36, 4096, 12288, 151936, 40960, {example::layers_with(VRAMAUTO_CACHE_FULL, 0, 36, 1, 1, 8, 128)});
  out.architecture = "Qwen3ForCausalLM";
  return out;
}

struct Start {
  std::string_view version;
  bool mrv2 = false, eager = false;

  engine::Rank with(double sequences) const {
    static const auto described = qwen3_8b();
    static const model::Model model;
    const std::vector devices = {example::h100()};
    auto asked = example::workload({{"engine-version", version},
                                    {"max-num-seqs", std::to_string(static_cast<int>(sequences))},
                                    {"max-num-batched-tokens", "8192"},
                                    {"env", mrv2 ? "VLLM_USE_V2_MODEL_RUNNER=1" : "VLLM_USE_V2_MODEL_RUNNER=0"}});
    if (eager) REQUIRE(engine::set(asked, "enforce-eager", "true"));
    const auto estimate = engine::estimate({&model, &described, devices, &asked});
    REQUIRE(estimate);
    return (*estimate)->ranks.at(0);
  }
  double activation(double sequences) const { return static_cast<double>(with(sequences).activation.best); }
  double inside(double sequences) const { return static_cast<double>(with(sequences).fixed().best); }
  double outside(double sequences) const { return static_cast<double>(with(sequences).outside.best); }
};

// Sampling `per_word` bytes for each row and word, beside the hidden states of the step and of the rows (V1 keeps two copies of
// these), torch's cuBLAS workspace and Triton's buffer of one row for each of 132 multiprocessors.
struct Sampler {
  double per_word, copies = 2, cublas = 32 * kMebi;
  bool triton = false;
  double at(double sequences) const {
    return per_word * sequences * kVocabulary + (kTokens + copies * sequences) * kHidden * kWidth + cublas +
           (triton ? 4 * 132 * kVocabulary : 0);
  }
};
constexpr Sampler kSort{38}, kTriton{14, 2, 32 * kMebi, true}, kFlashInfer{14};
constexpr Sampler kGreedy{2, 1}, kAllParameters{14, 1, 0}, kV1In033{14, 2, 0};

// The forward pass holds three widths of the MLP and between 2.8 and 4.25 hidden states a token: 4.25 measured up to 0.19.
constexpr double forward(double hidden_states) { return kTokens * kWidth * (3 * kIntermediate + hidden_states * kHidden); }
constexpr double kForward = forward(4.25), kForwardLeast = forward(2.8);

constexpr double penalties(double sequences) { return sequences * (4 * kVocabulary + 4 * kVocabulary / 32); }
constexpr double table(double sequences) { return sequences * kLength / kBlock * 4; }

bool close(double found, double expected) { return std::abs(found - expected) < 0.5 * kMebi; }
bool between(double found, double least, double most) { return found > least - 0.5 * kMebi && found < most + 0.5 * kMebi; }

const Start kV1Starts[] = {{"0.15"}, {"0.15", false, true}, {"0.16"}, {"0.16", false, true}};

}  // namespace

TEST_CASE("directions: up to 0.16 the sort of 1024 rows decides; 256 free 38 bytes for each row and word less") {
  for (const auto& start : kV1Starts) {
    CAPTURE(start.version);
    CHECK(close(start.activation(kMany), kSort.at(kMany)));
    CHECK(close(start.activation(kFew), kSort.at(kFew)));
    CHECK(close(start.inside(kMany) - start.inside(kFew), 38 * 768 * kVocabulary + 2 * 768 * kHidden * kWidth));
  }
}

TEST_CASE("directions: from 0.17 on 1024 rows still decide on the V1 runner, 256 leave it to the forward pass") {
  for (const std::string_view version : {"0.17", "0.19"}) {
    const Start start{version};
    CHECK(close(start.activation(kMany), kTriton.at(kMany)));
    CHECK(close(start.activation(kFew), kForward));
    CHECK(close(start.inside(kMany) - start.inside(kFew), kTriton.at(kMany) - kForward));
  }
  for (const bool eager : {false, true}) {
    CHECK(close(Start{"0.20.0", false, eager}.activation(kMany), kTriton.at(kMany)));
    CHECK(between(Start{"0.20.0", false, eager}.activation(kFew), std::max(kForwardLeast, kTriton.at(kFew)), kForward));
    for (const std::string_view version : {"0.21", "0.26", "0.27", "0.32"}) {
      CHECK(close(Start{version, false, eager}.activation(kMany), kFlashInfer.at(kMany)));
      CHECK(between(Start{version, false, eager}.activation(kFew), kForwardLeast, kForward));
    }
    CHECK(close(Start{"0.33", false, eager}.activation(kMany), kV1In033.at(kMany)));
  }
}

TEST_CASE("directions: 0.16 to 0.17: the sampler gives back 24 bytes for each row and word, less Triton's buffer") {
  const double many = Start{"0.16"}.activation(kMany) - Start{"0.17"}.activation(kMany);
  CHECK(close(many, 24 * kMany * kVocabulary - 4 * 132 * kVocabulary));
  const double few = Start{"0.16"}.activation(kFew) - Start{"0.17"}.activation(kFew);
  CHECK(close(few, kSort.at(kFew) - kForward));
  CHECK(few < many);
}

TEST_CASE("directions: 0.19 to 0.20: graphs come out of the budget, and fall with the sequences") {
  // 51 piecewise sizes either way; 51 or 35 full ones. Each graph is estimated at 1 MiB or more; 24 MiB is the most that was seen.
  for (const bool eager : {false, true}) {
    const Start before{"0.19", false, eager}, after{"0.20.0", false, eager};
    CHECK_FALSE(before.with(kMany).graphs_in_budget);
    CHECK(after.with(kMany).graphs_in_budget == !eager);
    const double graphs = static_cast<double>(after.with(kMany).graphs.best) - static_cast<double>(after.with(kFew).graphs.best);
    CHECK(between(graphs, eager ? 0 : 16 * 1 * kMebi, eager ? 0 : 16 * 24 * kMebi));
    CHECK(close(after.inside(kMany) - after.inside(kFew), after.activation(kMany) - after.activation(kFew) + graphs));
    CHECK(close(before.inside(kMany) - before.inside(kFew), before.activation(kMany) - before.activation(kFew)));
  }
  CHECK(close(Start{"0.19"}.activation(kMany), Start{"0.20.0"}.activation(kMany)));
}

TEST_CASE("directions: 0.20 of 80 GB is 2 % more budget than 0.19") {
  const auto budget = [](std::string_view version) {
    const auto described = qwen3_8b();
    const model::Model model;
    const std::vector devices = {example::h100()};
    const auto asked = example::workload({{"engine-version", version}});
    const auto estimate = engine::estimate({&model, &described, devices, &asked});
    REQUIRE(estimate);
    return static_cast<double>((*estimate)->budget((*estimate)->ranks[0], (*estimate)->default_utilization));
  };
  const double total = static_cast<double>(example::h100().total_bytes);
  CHECK(budget("0.19") == doctest::Approx(0.90 * total));
  CHECK(budget("0.20") == doctest::Approx(0.92 * total));
}

TEST_CASE("directions: MRV2 up to 0.32 samples greedily: its activations do not know the sequences") {
  for (const std::string_view version : {"0.22", "0.26", "0.27", "0.32"})
    for (const bool eager : {false, true}) {
      CAPTURE(version);
      const Start start{version, true, eager};
      CHECK(kGreedy.at(kMany) < kForwardLeast);
      CHECK(between(start.activation(kMany), kForwardLeast, kForward));
      CHECK(start.activation(kMany) == start.activation(kFew));
    }
}

TEST_CASE("directions: 0.26 to 0.27: runner buffers move into the budget, MRV2's block tables do not") {
  const double counts = penalties(kMany) - penalties(kFew), tables = table(kMany) - table(kFew);
  for (const bool eager : {false, true}) {
    const Start before{"0.26", true, eager}, after{"0.27", true, eager};
    CHECK(close(before.inside(kMany) - before.inside(kFew), 0));
    CHECK(close(after.inside(kMany) - after.inside(kFew), counts));
    CHECK(before.outside(kMany) - before.outside(kFew) > counts);
    const Start v1_before{"0.26", false, eager}, v1_after{"0.27", false, eager};
    const auto beside = [](const Start& start) {  // what falls beside activations and graphs
      const auto many = start.with(kMany), few = start.with(kFew);
      const auto known = [](const engine::Rank& rank) {
        return static_cast<double>(rank.activation.best + (rank.graphs_in_budget ? rank.graphs.best : 0));
      };
      return start.inside(kMany) - start.inside(kFew) - (known(many) - known(few));
    };
    CHECK(close(beside(v1_before), 0));
    CHECK(close(beside(v1_after), tables));
  }
}

TEST_CASE("directions: MRV2's graphs come out of the budget from 0.29 on, and fall with the sequences") {
  for (const std::string_view version : {"0.27", "0.28", "0.29", "0.32", "0.33"})
    for (const bool eager : {false, true}) {
      CAPTURE(version);
      const Start start{version, true, eager};
      const bool counted = !eager && version >= "0.29";
      CHECK(start.with(kMany).graphs_in_budget == counted);
      const double graphs = static_cast<double>(start.with(kMany).graphs.best) - static_cast<double>(start.with(kFew).graphs.best);
      CHECK(between(graphs, eager ? 0 : 16 * 1 * kMebi, eager ? 0 : 16 * 24 * kMebi));
      CHECK(close(start.inside(kMany) - start.inside(kFew), start.activation(kMany) - start.activation(kFew) +
                                                                (penalties(kMany) - penalties(kFew)) + (counted ? graphs : 0)));
    }
}

TEST_CASE("directions: 0.32 to 0.33: MRV2 profiles every parameter; 1024 sequences pay for it, 256 little or nothing") {
  for (const bool eager : {false, true}) {
    const Start before{"0.32", true, eager}, after{"0.33", true, eager};
    CHECK(close(after.activation(kMany), kAllParameters.at(kMany)));
    const double many = after.activation(kMany) - before.activation(kMany), few = after.activation(kFew) - before.activation(kFew);
    CHECK(between(many, kAllParameters.at(kMany) - kForward, kAllParameters.at(kMany) - kForwardLeast));
    CHECK(many < 12 * kMany * kVocabulary);
    CHECK(between(few, 0, 0.4 * 1024 * kMebi));
    CHECK(few < many);
    CHECK(after.inside(kMany) - after.inside(kFew) > before.inside(kMany) - before.inside(kFew));
  }
}

TEST_CASE("directions: 0.32 to 0.33: cuBLAS leaves the V1 runner's sampler phase") {
  for (const bool eager : {false, true})
    CHECK(close(Start{"0.32", false, eager}.activation(kMany) - Start{"0.33", false, eager}.activation(kMany), 32 * kMebi));
}
