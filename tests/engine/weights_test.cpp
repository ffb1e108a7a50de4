#include "engine/vllm/weights.hpp"

#include <doctest/doctest.h>

#include "engine/vllm/allocator.hpp"
#include "engine/vllm/architectures.hpp"
#include "engine/vllm/load_order.hpp"
#include "engine/vllm/shards.hpp"
#include "engine/vllm/stages.hpp"
#include "estimator/registry.hpp"
#include "example.hpp"
#include "model/class_defaults.hpp"

using namespace vramauto;
using namespace vramauto::engine::vllm;

namespace {

struct Loaded {
  std::vector<Bytes> parameters, loaded;  // one per pipeline stage
};

// A published configuration, as the engine of a version loads it.
Loaded load(std::string_view config, std::string_view version, std::uint32_t tp = 1, std::uint32_t pp = 1) {
  model::Model model;
  model.config = model::fill_class_defaults(*json::parse("config.json", config));
  model.architecture = std::string(model.config.at("/architectures/0")->text);
  auto blueprint = estimator::Registry({}).describe(model);
  if (!blueprint) throw blueprint.error().message;
  const auto found = find_profile(version);
  example::Bench bench(std::move(*blueprint), version, 8192, 1024, tp, pp);
  bench.context.architecture = *find_architecture(model.architecture, found.version);
  bench.context.parallel.stage_layers = *split_layers(bench.blueprint.traits.layers, pp, found.version, bench.asked);
  bench.context.dtype = bench.blueprint.traits.dtype;
  Loaded out;
  for (std::uint32_t stage = 0; stage < pp; ++stage) {
    const auto weights = weights_of_stage(bench.context, stage);
    out.parameters.push_back(weights->parameter_bytes);
    out.loaded.push_back(weights->loaded.best);
  }
  return out;
}

Bytes one(std::string_view config, std::string_view version, std::uint32_t tp = 1) {
  return load(config, version, tp).parameters[0];
}

constexpr std::string_view kQwen3_8B = R"({"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "torch_dtype": "bfloat16",
  "hidden_size": 4096, "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
  "intermediate_size": 12288, "vocab_size": 151936, "max_position_embeddings": 40960, "tie_word_embeddings": false})";
constexpr std::string_view kLlama2_7B = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "float16",
  "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "intermediate_size": 11008, "vocab_size": 32000,
  "max_position_embeddings": 2048})";
constexpr std::string_view kQwen3_06B = R"({"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "torch_dtype": "bfloat16",
  "hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
  "intermediate_size": 3072, "vocab_size": 151936, "max_position_embeddings": 40960, "tie_word_embeddings": true})";
constexpr std::string_view kOrion14B = R"({"architectures": ["OrionForCausalLM"], "model_type": "orion", "torch_dtype": "bfloat16",
  "hidden_size": 5120, "num_hidden_layers": 40, "num_attention_heads": 40, "num_key_value_heads": 40, "intermediate_size": 15360,
  "vocab_size": 84608, "max_position_embeddings": 4096, "tie_word_embeddings": false})";
constexpr std::string_view kBloom = R"({"architectures": ["BloomForCausalLM"], "model_type": "bloom", "torch_dtype": "bfloat16",
  "hidden_size": 14336, "n_layer": 70, "num_attention_heads": 112, "vocab_size": 250880, "seq_length": 2048,
  "tie_word_embeddings": true})";
constexpr std::string_view kPhi4 = R"({"architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "torch_dtype": "bfloat16",
  "hidden_size": 5120, "num_hidden_layers": 40, "num_attention_heads": 40, "num_key_value_heads": 10, "intermediate_size": 17920,
  "vocab_size": 100352, "max_position_embeddings": 16384, "tie_word_embeddings": false})";

}  // namespace

TEST_CASE("weights: layers that draft are loaded on the last stage once they are asked for") {
  example::Bench bench(example::llama_8b(), "0.33", 8192, 1024, 1, 2);
  auto& draft = bench.blueprint.weights.emplace_back();
  draft.pattern = "model.layers.*.eh_proj.weight";
  draft.flags = VRAMAUTO_DRAFT;
  draft.role = VRAMAUTO_ROLE_LINEAR;
  draft.layers = {32, 1, 1, 1};
  draft.rows = 4096;
  draft.cols = 8192;
  draft.copies = 1;
  bench.blueprint.traits.draft_layers = 1;
  const auto bytes = [&](std::uint32_t stage) { return weights_of_stage(bench.context, stage)->parameter_bytes; };
  const auto first = bytes(0), last = bytes(1);
  bench.context.draft_layers = true;
  CHECK(bytes(0) == first);
  CHECK(bytes(1) == last + 2ull * 4096 * 8192);
}

// Numbers: what vLLM's own classes compute for these configurations, without a GPU.
TEST_CASE("weights: Qwen3-8B is 16,391,957,344 bytes in 0.33 and 144 more in 0.19") {
  CHECK(one(kQwen3_8B, "0.33.0") == 16391957344);
  CHECK(one(kQwen3_8B, "0.19.1") == 16391957344 + 36 * 4);
}

TEST_CASE("weights: two ranks halve Qwen3-8B but for norms, positions and scales") {
  CHECK(one(kQwen3_8B, "0.33.0", 2) == 8201530208);
}

TEST_CASE("weights: the first stage has the embedding, the last one the head") {
  const auto stages = load(kLlama2_7B, "0.33.0", 1, 2).parameters;
  CHECK(stages[0] == 6738935808 + 256 + 128);
  CHECK(stages[1] == 6738944000 + 256 + 128);
}

TEST_CASE("weights: a tied embedding is on both ends of the pipeline") {
  const auto stages = load(kQwen3_06B, "0.33.0", 1, 2).parameters;
  CHECK(stages[0] == 762117120 + 224 + 112);
  CHECK(stages[1] == 762119168 + 224 + 112);
}

TEST_CASE("weights: Orion builds both ends on every stage") {
  const auto stages = load(kOrion14B, "0.33.0", 1, 2).parameters;
  CHECK(stages[0] == 15366148096 + 320 + 160);
  CHECK(stages[1] == stages[0]);
}

TEST_CASE("weights: BLOOM keeps the slopes of its heads in every layer") {
  CHECK(one(kBloom, "0.33.0") == 352494542848 + 1120 + 31920);
}

TEST_CASE("weights: phi-4 on two ranks loads as the 13.77 GiB that 0.19 logs") {
  const auto loaded = load(kPhi4, "0.19.0", 2);
  CHECK(example::gib(loaded.parameters[0]) == doctest::Approx(13.66).epsilon(0.0005));
  CHECK(example::gib(loaded.loaded[0]) == doctest::Approx(13.77).epsilon(0.0005));
}

TEST_CASE("allocator: 1 MiB and less counts in steps of 512 bytes") {
  CachingAllocator allocator(0);
  CHECK(allocator.allocate(1) == 512);
  CHECK(allocator.allocate(513) == 1024);
  CHECK(allocator.allocate(kMiB) == kMiB);
}

TEST_CASE("allocator: a rest of up to 1 MiB counts with its block") {
  CachingAllocator allocator(0);
  CHECK(allocator.allocate(19 * kMiB + 1) == 20 * kMiB);
}

TEST_CASE("allocator: a rest above 1 MiB waits for the next tensor that fits") {
  CachingAllocator allocator(0);
  CHECK(allocator.allocate(9 * kMiB) == 9 * kMiB);  // 11 MiB of its segment are left
  CHECK(allocator.allocate(10 * kMiB + 512) == 11 * kMiB);
}

TEST_CASE("allocator: with a split limit a tensor beyond it counts whole segments") {
  CachingAllocator allocator(20 * kMiB);
  CHECK(allocator.allocate(21 * kMiB) == 22 * kMiB);
  CachingAllocator without(0);
  CHECK(without.allocate(21 * kMiB) == 22 * kMiB);
  CHECK(CachingAllocator(20 * kMiB).allocate(20 * kMiB + 512) == 22 * kMiB);
}

TEST_CASE("shards: layers of a range that repeats are counted within a stage") {
  const vramauto_layers five_of_six{0, 52, 6, 5};
  CHECK(layers_within(five_of_six, 0, 62) == 52);
  CHECK(layers_within(five_of_six, 0, 31) == 26);
  CHECK(layers_within(five_of_six, 5, 1) == 0);
  CHECK(layers_within(five_of_six, 60, 2) == 2);
}

TEST_CASE("load order: layers that come again count as when each is loaded by itself") {
  const auto part = [](vramauto_layers layers, std::initializer_list<Bytes> tensors, Bytes bias) {
    Part out{layers, {}, bias};
    for (const auto bytes : tensors) out.tensors.add(bytes);
    return out;
  };
  const std::vector<Part> parts = {part({0, 97, 1, 1}, {9 * kMiB, 3 * kMiB + 512, 700}, 100),
                                   part({0, 73, 4, 3}, {14 * kMiB + 1, 2 * kMiB}, 0),
                                   part({3, 24, 4, 1}, {5 * kMiB, kMiB + 512}, 33),
                                   part({5, 30, 6, 2}, {17 * kMiB, 7 * kMiB}, 0),
                                   part({2, 1, 0, 0}, {6 * kMiB}, 0),
                                   part({90, 7, 7, 7}, {8 * kMiB + 3}, 0)};
  for (const Bytes limit : {Bytes{0}, 20 * kMiB, 16 * kMiB})
    for (const StageRange range : {StageRange{0, 97}, StageRange{11, 70}, StageRange{96, 1}, StageRange{7, 0}}) {
      LoadOrder order(limit), plain(limit);
      order.load_layers(parts, range);
      for (auto layer = range.first; layer < range.first + range.count; ++layer)
        for (const auto& one : parts)
          if (has_layer(one.layers, layer)) plain.load(one);
      for (auto* each : {&order, &plain})  // the rests left are the same too
        for (const Bytes size : {4 * kMiB, 2 * kMiB, 3 * kMiB, kMiB + 1, 11 * kMiB}) each->load(size);
      CHECK(order.allocated() == plain.allocated());
    }
}
