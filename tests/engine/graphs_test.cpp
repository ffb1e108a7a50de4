#include <doctest/doctest.h>

#include "engine/vllm/graphs.hpp"
#include "example.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;
using example::Bench;

TEST_CASE("graphs: 1024 sequences on H100 capture 51 piecewise and 51 full sizes up to 512") {
  const auto sizes = capture_sizes(Bench(example::llama_8b(), "0.19", 8192, 1024).context);
  CHECK(sizes.piecewise == 51);
  CHECK(sizes.full == 51);
  CHECK(sizes.largest == 512);
}

TEST_CASE("graphs: full graphs stop at the number of sequences") {
  const auto sizes = capture_sizes(Bench(example::llama_8b(), "0.19", 8192, 256).context);
  CHECK(sizes.piecewise == 51);
  CHECK(sizes.full == 35);
}

TEST_CASE("graphs: up to 0.10 67 sizes, piecewise only") {
  const auto sizes = capture_sizes(Bench(example::llama_8b(), "0.9.2", 8192, 256).context);
  CHECK(sizes.piecewise == 67);
  CHECK(sizes.full == 0);
}

TEST_CASE("graphs: compute capability 10 captures up to 1024 from 0.28 on") {
  const auto b200 = example::gpu("NVIDIA B200", 178, 100, 148);
  CHECK(capture_sizes(Bench(example::llama_8b(), "0.27", 8192, 1024, 1, 1, b200).context).largest == 512);
  CHECK(capture_sizes(Bench(example::llama_8b(), "0.28", 8192, 1024, 1, 1, b200).context).largest == 1024);
}

TEST_CASE("graphs: from 0.31 on a number of sequences off the grid is a size of its own") {
  CHECK(capture_sizes(Bench(example::llama_8b(), "0.30", 8192, 100).context).piecewise == 28);
  CHECK(capture_sizes(Bench(example::llama_8b(), "0.31", 8192, 100).context).piecewise == 29);
}

TEST_CASE("graphs: eager has none") {
  Bench bench(example::llama_8b(), "0.33", 8192, 1024);
  bench.context.effective.enforce_eager = true;
  CHECK(capture_sizes(bench.context).piecewise == 0);
  CHECK(graphs_of_stage(bench.context, capture_sizes(bench.context), 0).amount.high == 0);
}

TEST_CASE("graphs: compilation-config chooses mode and sizes") {
  Bench bench(example::llama_8b(), "0.33", 8192, 1024);
  bench.asked.compilation_config = R"({"cudagraph_mode": "PIECEWISE", "cudagraph_capture_sizes": [1, 2, 4]})";
  CHECK(capture_sizes(bench.context).piecewise == 3);
  CHECK(capture_sizes(bench.context).full == 0);
  bench.asked.compilation_config = R"({"max_cudagraph_capture_size": 8})";
  CHECK(capture_sizes(bench.context).piecewise == 4);
  bench.asked.compilation_config = R"({"cudagraph_mode": "NONE"})";
  CHECK(capture_sizes(bench.context).piecewise == 0);
}

TEST_CASE("graphs: 0.19 does not subtract its estimate unless told to") {
  Bench bench(example::llama_8b(), "0.19", 8192, 1024);
  const auto sizes = capture_sizes(bench.context);
  CHECK_FALSE(graphs_of_stage(bench.context, sizes, 0).in_budget);
  REQUIRE(engine::set(bench.asked, "env", "VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS=1"));
  CHECK(graphs_of_stage(bench.context, sizes, 0).in_budget);
}

TEST_CASE("graphs: 0.19 with 51 + 51 graphs takes 0.39 and 0.0154 GiB a layer") {
  const Bench bench(example::llama_8b(), "0.19", 8192, 1024);
  CHECK(example::gib(graphs_of_stage(bench.context, capture_sizes(bench.context), 0).amount.best) ==
        doctest::Approx(0.39 + 0.0154 * 32).epsilon(0.001));
}

TEST_CASE("graphs: MRV2 reserves nothing for them up to 0.28") {
  Bench bench(example::llama_8b(), "0.28", 8192, 1024);
  bench.context.mrv2 = true;
  CHECK_FALSE(graphs_of_stage(bench.context, capture_sizes(bench.context), 0).in_budget);
  bench.context.profile = find_profile("0.29").profile;
  CHECK(graphs_of_stage(bench.context, capture_sizes(bench.context), 0).in_budget);
}

TEST_CASE("graphs: from 0.20.1 on a number of batched tokens off the grid is a size of its own") {
  CHECK(capture_sizes(Bench(example::llama_8b(), "0.20.0", 100, 64).context).piecewise == 15);
  CHECK(capture_sizes(Bench(example::llama_8b(), "0.20.1", 100, 64).context).piecewise == 16);
  CHECK(capture_sizes(Bench(example::llama_8b(), "0.20.1", 100, 64).context).full == 11);
  CHECK(capture_sizes(Bench(example::llama_8b(), "0.20.1", 96, 64).context).piecewise == 15);
}

TEST_CASE("graphs: AMD's are estimated from 0.26 on, Intel's from 0.31 on") {
  const auto estimated = [](std::string_view version, std::string name) {
    Bench bench(example::llama_8b(), version, 8192, 256, 1, 1, example::gpu(std::move(name), 192, 0, 304));
    bench.context.mrv2 = bench.context.profile->mrv2_graphs_estimated;
    return graphs_of_stage(bench.context, capture_sizes(bench.context), 0).in_budget;
  };
  CHECK_FALSE(estimated("0.25", "AMD Instinct MI300X"));
  CHECK(estimated("0.26", "AMD Instinct MI300X"));
  CHECK_FALSE(estimated("0.30", "Intel Arc Pro B60"));
  CHECK(estimated("0.31", "Intel Arc Pro B60"));
  CHECK(estimated("0.25", "NVIDIA L4"));
}

TEST_CASE("graphs: experts take more") {
  for (const auto* version : {"0.19", "0.21"}) {
    Bench bench(example::llama_8b(), version, 8192, 1024);
    const auto dense = graphs_of_stage(bench.context, capture_sizes(bench.context), 0).amount;
    bench.blueprint.forwards[0].experts = 64;
    const auto experts = graphs_of_stage(bench.context, capture_sizes(bench.context), 0).amount;
    CHECK(experts.best > dense.best + kGiB / 4);
    CHECK(experts.low <= experts.best);
    CHECK(experts.best < experts.high);
  }
}
