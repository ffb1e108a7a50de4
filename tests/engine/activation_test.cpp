#include <doctest/doctest.h>

#include "engine/vllm/activation.hpp"
#include "engine/vllm/all_reduce.hpp"
#include "engine/vllm/footprint.hpp"
#include "engine/vllm/runner_buffers.hpp"
#include "example.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;
using example::Bench;
using example::gib;

namespace {
double peak(const Bench& bench, std::uint32_t stage = 0) { return gib(activation_of_stage(bench.context, stage).peak().best); }
}  // namespace

TEST_CASE("activation: 0.11 on H100, 1024 sequences of 128,256 words sort in 4.76 GiB, as logged") {
  const Bench bench(example::llama_8b(), "0.11.0", 8192, 1024);
  CHECK(peak(bench) == doctest::Approx(4.76).epsilon(0.005));
}

TEST_CASE("activation: 0.11 on H100, Qwen3-0.6B takes 5.56 GiB, as logged") {
  const Bench bench(
      example::blueprint(28, 1024, 3072, 151936, 40960, {example::layers_with(VRAMAUTO_CACHE_FULL, 0, 28, 1, 1, 8, 128)}), "0.11.0",
      8192, 1024);
  CHECK(peak(bench) == doctest::Approx(5.56).epsilon(0.005));
}

TEST_CASE("activation: in 0.19 the sampler takes 14 bytes for each row and word, and Triton's buffer") {
  const Bench bench(example::llama_8b(), "0.19", 8192, 1024);
  const double expected = 14.0 * 1024 * 128256 + 4.0 * 132 * 128256 + 8192.0 * 4096 * 2 + 2.0 * 1024 * 4096 * 2 + 32 * 1048576.0;
  CHECK(static_cast<double>(activation_of_stage(bench.context, 0).sampler.best) == doctest::Approx(expected));
}

TEST_CASE("activation: float32 logits cost two bytes more") {
  Bench bench(example::llama_8b(), "0.19", 8192, 1024);
  bench.context.dtype = VRAMAUTO_F32;
  CHECK(sampler_cost(bench.context).best == 16);
}

TEST_CASE("activation: the forward pass holds 3 intermediate widths by rank and 4.25 hidden ones") {
  const Bench bench(example::llama_8b(), "0.19", 8192, 8, 2);
  CHECK(static_cast<double>(activation_of_stage(bench.context, 0).forward.best) ==
        doctest::Approx(8192.0 * 2 * (3 * 14336 / 2 + 4.25 * 4096)));
}

TEST_CASE("activation: an MLP without a gate holds two widths") {
  Bench bench(example::llama_8b(), "0.19", 8192, 8);
  bench.blueprint.forwards[0].flags = VRAMAUTO_UNGATED;
  CHECK(static_cast<double>(activation_of_stage(bench.context, 0).forward.best) ==
        doctest::Approx(8192.0 * 2 * (2 * 14336 + 4.25 * 4096)));
}

TEST_CASE("activation: only the last pipeline stage samples") {
  const Bench bench(example::llama_8b(), "0.19", 8192, 1024, 1, 2);
  CHECK(activation_of_stage(bench.context, 0).sampler.best == 0);
  CHECK(activation_of_stage(bench.context, 1).sampler.best > 0);
  CHECK(static_cast<double>(activation_of_stage(bench.context, 0).forward.best) ==
        doctest::Approx(8192.0 * 2 * (3 * 14336 + 7.1 * 4096)));
}

TEST_CASE("activation: MRV2 profiles greedy sampling up to 0.32, all parameters in 0.33") {
  Bench bench(example::llama_8b(), "0.32", 8192, 1024);
  bench.context.mrv2 = true;
  CHECK(sampler_cost(bench.context).best == 2);
  bench.context.profile = find_profile("0.33").profile;
  CHECK(sampler_cost(bench.context).best == 14);
  REQUIRE(engine::set(bench.asked, "env", "VLLM_USE_FLASHINFER_SAMPLER=0"));
  CHECK(sampler_cost(bench.context).best == 6);
}

TEST_CASE("activation: what greedy profiling misses comes after the cache") {
  Bench bench(example::llama_8b(), "0.31", 2048, 1024);
  bench.context.mrv2 = true;
  const auto profiled = activation_of_stage(bench.context, 0);
  CHECK(unprofiled_sampler(bench.context, profiled).best > 0);
  bench.context.profile = find_profile("0.33").profile;
  CHECK(unprofiled_sampler(bench.context, profiled).high == 0);
}

TEST_CASE("activation: later stages hold what they receive; 0.19 logged 1.05 and 2.01 GiB for the second and last of four") {
  const Bench bench(example::llama_8b(), "0.19", 8192, 1024, 1, 4);
  CHECK(peak(bench, 0) == doctest::Approx(1.10).epsilon(0.005));
  CHECK(peak(bench, 1) == doctest::Approx(1.05).epsilon(0.005));
  CHECK(peak(bench, 3) == doctest::Approx(2.01).epsilon(0.005));
  CHECK(gib(non_torch(bench.context, true).amount.best) == doctest::Approx(0.07));
}

TEST_CASE("activation: lower bound, best value and upper bound are in order") {
  for (const auto* version : {"0.8.5", "0.11.0", "0.19", "0.25", "0.33"})
    for (const bool mrv2 : {false, true}) {
      Bench bench(example::llama_8b(), version, 8192, 256);
      bench.context.mrv2 = mrv2 && find_profile(version).profile->mrv2_sampler;
      const auto a = activation_of_stage(bench.context, 0).peak();
      CHECK(a.low <= a.best);
      CHECK(a.best <= a.high);
    }
}

TEST_CASE("footprint: kernels and communication by version and ranks") {
  CHECK(gib(non_torch(Bench(example::llama_8b(), "0.11.0", 8192, 1024).context, true).amount.best) == doctest::Approx(0.13));
  CHECK(gib(non_torch(Bench(example::llama_8b(), "0.19", 8192, 1024).context, true).amount.best) == doctest::Approx(0.25));
  CHECK(gib(non_torch(Bench(example::llama_8b(), "0.19", 8192, 1024, 2).context, true).amount.best) == doctest::Approx(0.59));
  CHECK(gib(non_torch(Bench(example::llama_8b(), "0.19", 8192, 1024).context, false).amount.best) == doctest::Approx(0.07));
}

TEST_CASE("footprint: from 0.17 to 0.20 a vocabulary that four do not divide spills registers of the sampler's kernel") {
  const auto taken = [](const char* version, std::uint32_t vocabulary, std::uint32_t tp) {
    Bench bench(example::llama_8b(), version, 8192, 1024, tp);
    bench.blueprint.traits.vocab = vocabulary;
    return gib(non_torch(bench.context, true).amount.best);
  };
  CHECK(taken("0.19", 49155, 1) == doctest::Approx(0.46).epsilon(0.01));  // as logged of two models
  CHECK(taken("0.19", 49159, 1) == doctest::Approx(0.46).epsilon(0.01));  // of one
  CHECK(taken("0.19", 49156, 1) == doctest::Approx(0.25));                // of one
  CHECK(taken("0.19", 49155, 2) == doctest::Approx(0.64).epsilon(0.01));
  CHECK(taken("0.16", 49155, 1) == taken("0.16", 49152, 1));
  CHECK(taken("0.21", 49155, 1) == taken("0.21", 49152, 1));
  Bench few(example::llama_8b(), "0.19", 8192, 7);  // sorted by torch
  few.blueprint.traits.vocab = 49155;
  CHECK(gib(non_torch(few.context, true).amount.best) == doctest::Approx(0.07));
}

TEST_CASE("footprint: what is measured on Hopper is less certain elsewhere, and where states have kernels of their own") {
  const Bench hopper(example::llama_8b(), "0.19", 8192, 1024);
  const Bench ada(example::llama_8b(), "0.19", 8192, 1024, 1, 1, example::gpu("NVIDIA L40S", 44, 89, 142));
  const auto known = non_torch(hopper.context, true).amount, other = non_torch(ada.context, true).amount;
  CHECK(known.best == other.best);
  CHECK(other.low < known.low);
  CHECK(other.high > known.high);
  auto shared = example::gpu("NVIDIA GB10", 119, 121, 48);
  shared.unified_memory = true;
  const Bench host(example::llama_8b(), "0.29", 8192, 1024, 1, 1, shared);
  const Bench amd(example::llama_8b(), "0.29", 8192, 1024, 1, 1, example::gpu("AMD Instinct MI300X", 191, 0, 304));
  const Bench h100(example::llama_8b(), "0.29", 8192, 1024);
  const auto high = [](const Bench& bench) { return non_torch(bench.context, true).amount.high; };
  CHECK(high(amd) > high(h100) + kGiB);
  CHECK(high(host) > high(amd) + kGiB);
  Bench states(example::llama_8b(), "0.19", 8192, 1024);
  states.blueprint.caches[0].kind = VRAMAUTO_CACHE_STATE;
  CHECK(non_torch(states.context, true).amount.high > known.high);
}

TEST_CASE("footprint: the fused all-reduce takes three steps of 512 MiB up to 0.21, what it needs from 0.22 on") {
  const auto taken = [](const char* version, std::uint32_t tp, const detect::Device& gpu, bool eager = false,
                        std::uint32_t pp = 1) {
    Bench bench(example::llama_8b(), version, 8192, 1024, tp, pp, gpu);
    bench.context.effective.enforce_eager = eager;
    return gib(all_reduce_workspace(bench.context).best);
  };
  const auto h100 = example::gpu("NVIDIA H100 80GB HBM3", 79, 90, 132), gb200 = example::gpu("NVIDIA GB200", 184, 100, 148);
  CHECK(taken("0.19", 2, h100) == 1.5);
  CHECK(taken("0.19", 4, h100) == 1.5);
  CHECK(taken("0.22", 2, h100) == doctest::Approx(0.5).epsilon(0.02));   // 64 MiB of each rank, four times
  CHECK(taken("0.22", 4, h100) == doctest::Approx(0.03).epsilon(0.3));   // 2 MiB
  CHECK(taken("0.22", 4, gb200) == doctest::Approx(0.5).epsilon(0.02));  // 32 MiB
  CHECK(taken("0.16", 2, h100) == 0);
  CHECK(taken("0.19", 1, h100) == 0);
  CHECK(taken("0.19", 3, h100) == 0);
  CHECK(taken("0.19", 2, h100, true) == 0);
  CHECK(taken("0.19", 2, h100, false, 2) == 0);
  CHECK(taken("0.19", 2, example::gpu("NVIDIA A100-SXM4-80GB", 79, 80, 108)) == 0);
  CHECK(taken("0.19", 2, example::gpu("NVIDIA H100 NVL", 93, 90, 132)) == 0);
}

TEST_CASE("footprint: communication is in the budget up to 0.10, before the snapshot from 0.11 on") {
  const auto before = startup(Bench(example::llama_8b(), "0.10.2", 8192, 1024, 2).context);
  CHECK(gib(before.in_budget.best) == doctest::Approx(1.03));
  CHECK(gib(before.before_snapshot.best) == doctest::Approx(0.51));
  const auto after = startup(Bench(example::llama_8b(), "0.11.0", 8192, 1024, 2).context);
  CHECK(after.in_budget.best == 0);
  CHECK(gib(after.before_snapshot.best) == doctest::Approx(1.54));
}

TEST_CASE("buffers: MRV2 counts penalties in 4 bytes and a bit for each sequence and word") {
  Bench bench(example::llama_8b(), "0.33", 8192, 1024);
  CHECK(penalty_buffers(bench.context) == 0);
  bench.context.mrv2 = true;
  CHECK(penalty_buffers(bench.context) == 1024ull * (4 * 128256 + 4 * 4008));
}
