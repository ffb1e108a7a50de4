#include <doctest/doctest.h>

#include "engine/vllm/batch.hpp"
#include "engine/vllm/runner.hpp"
#include "example.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;

namespace {

std::pair<std::uint64_t, std::uint64_t> defaults(std::string_view version, const detect::Device& device, bool llm = false) {
  const auto batch = default_batch(*find_profile(version).profile, &device, llm);
  return {batch.tokens, batch.sequences};
}
using Pair = std::pair<std::uint64_t, std::uint64_t>;

const auto kH100 = example::h100();
const auto kA100 = example::gpu("NVIDIA A100-SXM4-80GB", 79.25, 80, 108);
const auto kL4 = example::gpu("NVIDIA L4", 22, 89, 58);
const auto kB200 = example::gpu("NVIDIA B200", 178, 100, 148);

}  // namespace

TEST_CASE("batch: H100 serves 8192 tokens and 1024 sequences, the LLM class 16384") {
  CHECK(defaults("0.33", kH100) == Pair{8192, 1024});
  CHECK(defaults("0.33", kH100, true) == Pair{16384, 1024});
}

TEST_CASE("batch: small GPUs serve 2048 tokens and 256 sequences") {
  CHECK(defaults("0.33", kL4) == Pair{2048, 256});
  CHECK(defaults("0.33", kL4, true) == Pair{8192, 256});
}

TEST_CASE("batch: A100 80GB is large in 0.8.5 only") {
  CHECK(defaults("0.8.5", kA100) == Pair{8192, 1024});
  CHECK(defaults("0.9.0", kA100) == Pair{2048, 256});
  CHECK(defaults("0.33", kA100) == Pair{2048, 256});
}

TEST_CASE("batch: from 0.28 on 160 GiB serve 16384 tokens") {
  CHECK(defaults("0.27", kB200) == Pair{8192, 1024});
  CHECK(defaults("0.28", kB200) == Pair{16384, 1024});
}

TEST_CASE("batch: up to 0.8.3 every GPU got 1024 sequences, by name") {
  CHECK(defaults("0.8.0", kL4) == Pair{2048, 1024});
  CHECK(defaults("0.8.4", kL4) == Pair{2048, 256});
  CHECK(defaults("0.8.0", kH100) == Pair{8192, 1024});
}

TEST_CASE("batch: GB10 falls to the small class in 0.33") {
  const auto gb10 = example::gpu("NVIDIA GB10", 119, 121, 48);
  CHECK(defaults("0.32", gb10) == Pair{8192, 1024});
  CHECK(defaults("0.33", gb10) == Pair{2048, 256});
}

TEST_CASE("batch: an unknown GPU is of the small class") {
  const auto batch = default_batch(*find_profile("0.33").profile, nullptr, false);
  CHECK(batch.tokens == 2048);
}

TEST_CASE("batch: without chunked prefill a step holds the longest sequence") {
  const auto batch = resolve_batch(*find_profile("0.33").profile, {}, &kL4, 40960, false);
  CHECK(batch.tokens == 40960);
}

TEST_CASE("batch: default tokens are at most sequences x length, default sequences at most tokens") {
  const auto asked = example::workload({{"max-num-seqs", "2"}});
  CHECK(resolve_batch(*find_profile("0.33").profile, asked, &kH100, 512, true).tokens == 1024);
  const auto tokens = example::workload({{"max-num-batched-tokens", "128"}});
  CHECK(resolve_batch(*find_profile("0.33").profile, tokens, &kH100, 4096, true).sequences == 128);
}

TEST_CASE("runner: dense models move to MRV2 by architecture from 0.22 to 0.25") {
  example::Bench llama(example::llama_8b(), "0.22", 8192, 1024);
  CHECK_FALSE(uses_mrv2(llama.context));
  llama.context.profile = find_profile("0.23").profile;
  CHECK(uses_mrv2(llama.context));
  llama.context.effective.quantization = "fp8";
  CHECK_FALSE(uses_mrv2(llama.context));
  llama.context.profile = find_profile("0.24").profile;
  CHECK(uses_mrv2(llama.context));
}

TEST_CASE("runner: mixtures of experts and hybrids wait for 0.29, but those that are listed") {
  const auto runner = [](std::string_view name, std::string_view version, bool experts, bool states) {
    auto described = example::llama_8b();
    described.architecture = name;
    described.forwards[0].experts = experts ? 8 : 0;
    if (states) described.caches.push_back(example::layers_with(VRAMAUTO_CACHE_STATE, 0, 1, 1, 1, 0, 0));
    return uses_mrv2(example::Bench(described, version, 8192, 1024).context);
  };
  CHECK_FALSE(runner("MixtralForCausalLM", "0.28", true, false));
  CHECK(runner("MixtralForCausalLM", "0.29", true, false));
  CHECK_FALSE(runner("Qwen2MoeForCausalLM", "0.23", true, false));
  CHECK(runner("Qwen2MoeForCausalLM", "0.24", true, false));
  CHECK_FALSE(runner("InklingForCausalLM", "0.25", true, false));
  CHECK(runner("InklingForCausalLM", "0.26", true, false));
  CHECK_FALSE(runner("DeepseekV4ForCausalLM", "0.27", true, false));
  CHECK(runner("DeepseekV4ForCausalLM", "0.28", true, false));
  CHECK_FALSE(runner("Qwen3_5ForConditionalGeneration", "0.28", false, true));
  CHECK(runner("Qwen3_5ForConditionalGeneration", "0.29", false, true));
  CHECK_FALSE(runner("KimiK3ForConditionalGeneration", "0.26", true, true));
  CHECK(runner("KimiK3ForConditionalGeneration", "0.27", true, true));
}

TEST_CASE("runner: what is pooled has V1's up to 0.28") {
  auto described = example::llama_8b();
  described.traits.task = 2;
  CHECK_FALSE(uses_mrv2(example::Bench(described, "0.23", 8192, 1024).context));
  CHECK_FALSE(uses_mrv2(example::Bench(described, "0.28", 8192, 1024).context));
  CHECK(uses_mrv2(example::Bench(described, "0.29", 8192, 1024).context));
}

TEST_CASE("runner: states kept for every block need V1's in 0.30 and 0.31") {
  const auto runner = [](std::string_view version) {
    example::Bench bench(example::llama_8b(), version, 8192, 1024);
    bench.asked.mamba_cache_mode = "all";
    return uses_mrv2(bench.context);
  };
  CHECK(runner("0.29"));
  CHECK_FALSE(runner("0.30"));
  CHECK_FALSE(runner("0.31"));
  CHECK(runner("0.32"));
}

TEST_CASE("runner: the engine's environment decides") {
  example::Bench llama(example::llama_8b(), "0.33", 8192, 1024);
  REQUIRE(engine::set(llama.asked, "env", "VLLM_USE_V2_MODEL_RUNNER=0"));
  CHECK_FALSE(uses_mrv2(llama.context));
}

TEST_CASE("runner: a window holds one batch up to 0.25, pipeline stages and one more with MRV2 from 0.26") {
  example::Bench bench(example::llama_8b(), "0.25", 8192, 1024);
  bench.context.mrv2 = true;
  CHECK(in_flight_tokens(bench.context) == 8192);
  bench.context.profile = find_profile("0.26").profile;
  CHECK(in_flight_tokens(bench.context) == 2 * 8192);
  bench.context.parallel.pp = 2;
  CHECK(in_flight_tokens(bench.context) == 3 * 8192);
}
