// Room for LoRA adapters: vLLM 0.33, lora/layers.
#include <algorithm>

#include <doctest/doctest.h>

#include "engine/estimate.hpp"
#include "estimator/registry.hpp"
#include "example.hpp"
#include "temporary.hpp"

using namespace vramauto;

namespace {

using Options = std::initializer_list<std::pair<std::string_view, std::string_view>>;

constexpr std::string_view kLlama8b = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096,
  "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256,
  "max_position_embeddings": 8192, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})";
constexpr Bytes kInner = Bytes{80} << 20;  // all linear layers, rank 16, one adapter: 42 million elements

Result<std::unique_ptr<engine::Estimate>> priced(Options options, std::string_view adapter = {}) {
  const Temporary folder;
  folder.write("base/config.json", kLlama8b);
  if (!adapter.empty())
    folder.write(
        "lora/adapter_config.json",
        std::string(R"({"base_model_name_or_path": ")").append(folder / "base").append("\", ").append(adapter).append("}"));
  const auto model = model::open(folder / (adapter.empty() ? "base" : "lora"), {.use_environment = false});
  REQUIRE_MESSAGE(model, model.error().message);
  static const estimator::Registry registry({});
  const auto blueprint = registry.describe(*model);
  REQUIRE_MESSAGE(blueprint, blueprint.error().message);
  const auto asked = example::workload(options);
  const std::vector<detect::Device> devices(asked.tensor_parallel_size, example::h100());
  return engine::estimate({&*model, &*blueprint, devices, &asked});
}

engine::Amount lora(Options options, std::string_view adapter = {}) {
  const auto e = priced(options, adapter);
  REQUIRE_MESSAGE(e, e.error().message);
  for (const auto& part : (*e)->ranks[0].components)
    if (part.name == "LoRA adapters") return part.amount;
  return {};
}

std::string refusal(Options options, std::string_view adapter = {}) {
  const auto e = priced(options, adapter);
  return e ? "accepted" : e.error().message;
}

}  // namespace

TEST_CASE("lora: off unless asked for") { CHECK(lora({}).best == 0); }

TEST_CASE("lora: A and B beside every linear layer; of embedding and head, which not all classes offer, as a bound") {
  const auto amount = lora({{"enable-lora", "true"}});
  CHECK(amount.low == kInner);
  CHECK(amount.high == kInner + 2 * 16 * (128256 + 4096) * 2);
}

TEST_CASE("lora: as many times as adapters, and as wide as their rank") {
  CHECK(lora({{"enable-lora", "true"}, {"max-loras", "3"}}).low == 3 * kInner);
  CHECK(lora({{"enable-lora", "true"}, {"max-lora-rank", "64"}}).low == 4 * kInner);
}

TEST_CASE("lora: ranks divide what the layers themselves divide") {
  constexpr Bytes h = 4096, kv = 1024, i = 14336, a = 3 * h + h / 2 + 2 * h + i / 2, b = (h + 2 * kv) / 2 + h + i + h;
  CHECK(lora({{"enable-lora", "true"}, {"tensor-parallel-size", "2"}}).low == (a + b) * 16 * 32 * 2);
}

TEST_CASE("lora: an adapter turns it on, with the engine's next rank") {
  CHECK(lora({}, R"("r": 8)").low == kInner);
  CHECK(lora({}, R"("r": 40)").low == 4 * kInner);
  CHECK(lora({{"max-lora-rank", "128"}}, R"("r": 40)").low == 8 * kInner);
}

TEST_CASE("lora: adapters that the engine does not load are refused") {
  CHECK(refusal({}, R"("r": 600)") == "LoRA rank 600 is greater than max_lora_rank 512.");
  CHECK(refusal({{"max-lora-rank", "8"}}, R"("r": 16)") == "LoRA rank 16 is greater than max_lora_rank 8.");
  CHECK(refusal({}, R"("r": 8, "use_dora": true)") == "vLLM does not yet support DoRA.");
  CHECK(refusal({}, R"("r": 8, "peft_type": "IA3")") == "peft_type is IA3, expected LORA");
  CHECK(refusal({}, R"("r": -1)") == "r is no positive integer, expected the rank of the adapter");
  CHECK(refusal({{"enable-lora", "true"}, {"max-lora-rank", "17"}}).starts_with("found 17, expected one of 1, 8"));
}
