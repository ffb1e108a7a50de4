#include "engine/vllm/architectures.hpp"

#include <doctest/doctest.h>

#include "engine/vllm/stages.hpp"
#include "example.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;

namespace {

std::string refusal(std::string_view name, Version version) {
  const auto found = find_architecture(name, version);
  return found ? "served" : found.error().message;
}

estimator::Blueprint with_heads(std::uint32_t heads, std::uint32_t kv_heads) {
  estimator::Blueprint out;
  out.architecture = "LlamaForCausalLM";
  out.traits.layers = 2;
  const auto add = [&](std::uint32_t units, vramauto_uneven uneven) {
    estimator::Weights weights{};
    weights.role = VRAMAUTO_ROLE_LINEAR;
    weights.rows = units * 64ull;
    weights.cols = 64;
    weights.units = units;
    weights.split = VRAMAUTO_SPLIT_UNITS;
    weights.uneven = uneven;
    out.weights.push_back(weights);
  };
  add(heads, VRAMAUTO_UNEVEN_REFUSE);
  add(kv_heads, VRAMAUTO_UNEVEN_REPEAT);
  return out;
}

std::string divided(const estimator::Blueprint& blueprint, std::uint32_t tp) {
  Parallel parallel;
  parallel.tp = tp;
  const auto done = check_parallel(blueprint, parallel, **find_architecture("LlamaForCausalLM", {0, 33, 0}));
  return done ? "divided" : done.error().message;
}

std::vector<std::uint32_t> split(std::uint32_t layers, std::uint32_t pp, Version version) {
  return *split_layers(layers, pp, version, {});
}

}  // namespace

TEST_CASE("architectures: one that a version no longer serves is refused with its last version") {
  CHECK(refusal("BaichuanForCausalLM", {0, 23, 0}) == "served");
  CHECK(refusal("BaichuanForCausalLM", {0, 33, 0}) ==
        "Model architecture BaichuanForCausalLM was supported in vLLM until v0.23.0, and is not supported anymore");
}

TEST_CASE("architectures: one that came later is refused in an earlier version") {
  CHECK(refusal("Ministral3ForCausalLM", {0, 33, 0}) == "served");
  CHECK(refusal("Ministral3ForCausalLM", {0, 19, 1}) ==
        "Model architectures ['Ministral3ForCausalLM'] are not supported for now in vLLM 0.19.1");
}

TEST_CASE("architectures: part of a name is no name") {
  CHECK(refusal("Llama", {0, 33, 0}) == "Model architectures ['Llama'] are not supported for now in vLLM 0.33.0");
  CHECK(refusal("", {0, 33, 0}) == "Model architectures [''] are not supported for now in vLLM 0.33.0");
}

TEST_CASE("architectures: OLMo 2 moved to transformers' class, which has its ends on the stages that need them") {
  CHECK((*find_architecture("Olmo2ForCausalLM", {0, 19, 1}))->ends_on_all_stages);
  CHECK_FALSE((*find_architecture("Olmo2ForCausalLM", {0, 33, 0}))->ends_on_all_stages);
  CHECK((*find_architecture("Olmo2ForCausalLM", {0, 33, 0}))->backend == Backend::transformers);
}

TEST_CASE("architectures: each is served from the release that brought its class on") {
  struct Came {
    std::string_view name;
    std::uint32_t minor;
  };
  for (const Came& one : {Came{"HrmTextForCausalLM", 24},
                          {"GraniteSWAForCausalLM", 29},
                          {"NanbeigeForCausalLM", 30},
                          {"Qwen3_5ForCausalLM", 27},
                          {"DeepseekV41ForCausalLM", 30},
                          {"LagunaForCausalLM", 21},
                          {"InklingForCausalLM", 26},
                          {"BailingMoeV3ForCausalLM", 28},
                          {"MiniMaxM3SparseForCausalLM", 24},
                          {"KimiK3ForConditionalGeneration", 27},
                          {"Step3p7ForConditionalGeneration", 23},
                          {"RobertaForTokenClassification", 26},
                          {"EmbeddingGemma2Model", 32}}) {
    CAPTURE(one.name);
    CHECK(refusal(one.name, {0, one.minor - 1, 0}) != "served");
    CHECK(refusal(one.name, {0, one.minor, 0}) == "served");
  }
}

TEST_CASE("architectures: classes of vLLM's own gave way to transformers' release by release") {
  struct Moved {
    std::string_view name;
    std::uint32_t minor;
  };
  for (const Moved& one : {Moved{"Starcoder2ForCausalLM", 25},
                           {"GPTBigCodeForCausalLM", 25},
                           {"OlmoForCausalLM", 26},
                           {"Olmo2ForCausalLM", 26},
                           {"PersimmonForCausalLM", 26},
                           {"Olmo3ForCausalLM", 29},
                           {"HunYuanDenseV1ForCausalLM", 29},
                           {"HunYuanMoEV1ForCausalLM", 29},
                           {"FlexOlmoForCausalLM", 29},
                           {"ArceeForCausalLM", 32},
                           {"GPTNeoXForCausalLM", 32},
                           {"PhiForCausalLM", 32},
                           {"MellumForCausalLM", 32}}) {
    CAPTURE(one.name);
    CHECK((*find_architecture(one.name, {0, one.minor - 1, 0}))->backend == Backend::native);
    CHECK((*find_architecture(one.name, {0, one.minor, 0}))->backend == Backend::transformers);
  }
}

TEST_CASE("architectures: what a class does changes with the release that rewrote it") {
  const auto in = [](std::string_view name, std::uint32_t minor) { return **find_architecture(name, {0, minor, 0}); };
  CHECK_FALSE(in("DeepseekV4ForCausalLM", 22).not_compiled);
  CHECK(in("DeepseekV4ForCausalLM", 23).not_compiled);
  CHECK_FALSE(in("DeepseekV32ForCausalLM", 28).not_compiled);
  CHECK(in("DeepseekV32ForCausalLM", 29).not_compiled);
  CHECK_FALSE(in("GlmMoeDsaForCausalLM", 28).fp8_cache_on_blackwell);
  CHECK(in("GlmMoeDsaForCausalLM", 29).fp8_cache_on_blackwell);
  CHECK(in("KimiLinearForCausalLM", 26).least_expert_width == 0);
  CHECK(in("KimiLinearForCausalLM", 27).least_expert_width == 256);
  CHECK(in("MiMoV2FlashForCausalLM", 19).pads_values);
  CHECK_FALSE(in("MiMoV2FlashForCausalLM", 20).pads_values);
  CHECK(in("MiMoV2FlashForCausalLM", 31).ignores_cache_dtype);
  CHECK_FALSE(in("MiMoV2FlashForCausalLM", 32).ignores_cache_dtype);
  CHECK_FALSE(in("BloomForCausalLM", 26).refuses_fp8_cache);
  CHECK(in("BloomForCausalLM", 27).refuses_fp8_cache);
  CHECK(in("RobertaModel", 24).plain_tables);
  CHECK_FALSE(in("RobertaModel", 25).plain_tables);
  CHECK(in("Qwen3OmniMoeForConditionalGeneration", 28).towers_need_even_heads);
  CHECK_FALSE(in("Qwen3OmniMoeForConditionalGeneration", 29).towers_need_even_heads);
}

TEST_CASE("stages: heads that do not divide are refused in the engine's words") {
  CHECK(divided(with_heads(9, 3), 2) == "Total number of attention heads (9) must be divisible by tensor parallel size (2)");
}

TEST_CASE("stages: KV heads must divide the ranks or be divided by them") {
  CHECK(divided(with_heads(40, 10), 2) == "divided");
  CHECK(divided(with_heads(32, 4), 8) == "divided");
  CHECK(divided(with_heads(40, 10), 4) ==
        "Total number of KV heads (10) must be divisible by tensor parallel size (4), or divide it");
}

TEST_CASE("stages: what is left over goes to the stages before the last") {
  CHECK(split(62, 4, {0, 33, 0}) == std::vector<std::uint32_t>{15, 16, 16, 15});
  CHECK(split(7, 2, {0, 33, 0}) == std::vector<std::uint32_t>{4, 3});
  CHECK(split(7, 4, {0, 33, 0}) == std::vector<std::uint32_t>{2, 2, 2, 1});
}

TEST_CASE("stages: up to 0.7.3 the last stage took what was left over") {
  CHECK(split(62, 4, {0, 7, 3}) == std::vector<std::uint32_t>{15, 15, 15, 17});
}

TEST_CASE("stages: VLLM_PP_LAYER_PARTITION decides where it is set") {
  engine::Workload workload;
  workload.env = {"VLLM_PP_LAYER_PARTITION=20, 12"};
  CHECK(*split_layers(32, 2, {0, 33, 0}, workload) == std::vector<std::uint32_t>{20, 12});
}

TEST_CASE("stages: a partition that does not sum to the layers is refused") {
  engine::Workload workload;
  workload.env = {"VLLM_PP_LAYER_PARTITION=20,20"};
  CHECK(split_layers(32, 2, {0, 33, 0}, workload).error().message == "found \"20,20\", 40 layers in all, expected the model's 32");
}

TEST_CASE("stages: a partition of other than numbers is refused") {
  engine::Workload workload;
  workload.env = {"VLLM_PP_LAYER_PARTITION=a,b"};
  CHECK(split_layers(32, 2, {0, 33, 0}, workload).error().message == "found \"a,b\", expected numbers of layers such as \"20,22\"");
}

TEST_CASE("stages: a stage's layers begin where those before it end") {
  Parallel parallel;
  parallel.stage_layers = {20, 12};
  CHECK(stage_range(parallel, 1).first == 20);
  CHECK(stage_range(parallel, 1).count == 12);
}

TEST_CASE("architectures: Falcon hands no cache configuration to its attention") {
  CHECK((*find_architecture("FalconForCausalLM", {0, 33, 0}))->ignores_cache_dtype);
  CHECK_FALSE((*find_architecture("GPT2LMHeadModel", {0, 33, 0}))->ignores_cache_dtype);
}
