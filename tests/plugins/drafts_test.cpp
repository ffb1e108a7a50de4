// Models that draft for another: heads described, and all kinds priced beside the model.
#include <algorithm>

#include "shipped.hpp"

using namespace shipped;

namespace {

constexpr std::string_view kTarget = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096,
  "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
  "max_position_embeddings": 8192, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})";
constexpr std::string_view kSmall = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 2048,
  "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64,
  "vocab_size": 128256, "max_position_embeddings": 8192, "tie_word_embeddings": true, "torch_dtype": "bfloat16"})";
constexpr std::string_view kEagle3 = R"({"architectures": ["LlamaForCausalLMEagle3"], "model_type": "llama", "hidden_size": 4096,
  "intermediate_size": 14336, "num_hidden_layers": 1, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
  "draft_vocab_size": 32000, "max_position_embeddings": 2048, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})";
constexpr std::string_view kEagle = R"({"architectures": ["EagleLlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096,
  "intermediate_size": 14336, "num_hidden_layers": 1, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
  "max_position_embeddings": 2048, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})";
constexpr std::string_view kMedusa = R"({"architectures": ["MedusaModel"], "model_type": "medusa", "hidden_size": 4096,
  "num_heads": 3, "num_hidden_layers": 1, "vocab_size": 128256})";

constexpr std::uint64_t kAttention = 4096 * 4096 * 2 + 2 * 1024 * 4096, kMlp = 3ull * 4096 * 14336;

Result<std::unique_ptr<engine::Estimate>> try_with(std::string_view draft, Options options) {
  const auto model = model_of(kTarget), drafting = model_of(draft);
  const auto blueprint = describe(kTarget), heads = describe(draft);
  engine::Workload workload;
  for (const auto& [name, value] : options) REQUIRE(engine::set(workload, name, value));
  engine::Request request{&model, &blueprint, {}, &workload};
  request.draft = {&drafting, &heads};
  return engine::estimate(request);
}

std::unique_ptr<engine::Estimate> with(std::string_view draft, Options options) {
  auto out = try_with(draft, options);
  REQUIRE_MESSAGE(out, out.error().message);
  return std::move(*out);
}

const engine::Component* component(const engine::Rank& rank, std::string_view name) {
  for (const auto& c : rank.components)
    if (c.name == name) return &c;
  return nullptr;
}

constexpr std::string_view kThree = R"({"method": "eagle3", "num_speculative_tokens": 3})";
constexpr std::string_view kDraft = R"({"method": "draft_model", "num_speculative_tokens": 3})";

}  // namespace

TEST_CASE("drafts: EAGLE 3 attends to embeddings and states side by side, and has a vocabulary of its own") {
  const auto blueprint = describe(kEagle3);
  CHECK(blueprint.estimator == "drafts");
  const std::uint64_t attention = kAttention + 4096ull * (4096 + 2 * 1024);  // twice as many inputs of q, k and v
  const std::uint64_t own = attention + kMlp + 3ull * 4096 * 4096 + 4 * 4096 + 32000ull * 4096 + 32000;
  CHECK(stored_elements(blueprint) == own + 128256ull * 4096);  // and an embedding, where no files tell
  REQUIRE(blueprint.caches.size() == 1);
  CHECK(blueprint.caches[0].layers.count == 1);
}

TEST_CASE("drafts: the speculators library keeps the layer's configuration in a part of its own") {
  constexpr std::string_view kLayer = R"({"model_type": "MODEL", "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 1, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 128256,
    "max_position_embeddings": 2048})";
  const auto config = [&](std::string_view kind, std::string_view type) {
    auto layer = std::string(kLayer);
    layer.replace(layer.find("MODEL"), 5, type);
    return std::string(R"({"architectures": ["Eagle3Speculator"], "torch_dtype": "bfloat16", "draft_vocab_size": 32000,
      "target_hidden_size": null, "norm_before_fc": true, "speculators_model_type": ")")
        .append(kind)
        .append("\", \"transformer_layer_config\": ")
        .append(layer)
        .append("}");
  };
  const auto whole = describe(kEagle3), part = describe(config("eagle3", "llama"));
  CHECK(part.estimator == "speculators");
  CHECK(stored_elements(part) == stored_elements(whole) + 3 * 4096);  // and a norm before fc
  CHECK(part.caches.size() == 1);
  CHECK(stored_elements(describe(config("peagle", "qwen3"))) == stored_elements(part) + 2 * 128);  // norms of queries and keys
  CHECK(refusal(config("mlp", "llama")).find("speculators_model_type is none that is known") != std::string::npos);
  const auto priced = with(config("eagle3", "llama"), {{"speculative-config", kThree}});
  CHECK(priced->bytes_per_token == 33 * 4096);
}

TEST_CASE("drafts: EAGLE has neither head nor last norm") {
  const auto blueprint = describe(kEagle);
  CHECK(blueprint.estimator == "drafts");
  CHECK(stored_elements(blueprint) == kAttention + kMlp + 2ull * 4096 * 4096 + 4096 + 128256ull * 4096);
  CHECK(find(blueprint, "lm_head") == nullptr);
}

TEST_CASE("drafts: Medusa's heads each have a vocabulary and no cache") {
  const auto blueprint = describe(kMedusa);
  CHECK(stored_elements(blueprint) == 3ull * (4096 * 4096 + 128256ull * 4096));
  CHECK(blueprint.caches.empty());
}

TEST_CASE("drafts: a head is loaded on the last stage, where its layer joins the cache") {
  const auto alone = price(kTarget, {{"engine-version", "0.19"}});
  const auto both = with(kEagle3, {{"engine-version", "0.19"}, {"speculative-config", kThree}});
  CHECK(alone->bytes_per_token == 32 * 4096);
  CHECK(both->bytes_per_token == 33 * 4096);
  REQUIRE(both->groups.size() == 1);
  CHECK(both->groups[0].layers == 33);
  const auto* draft = component(both->ranks[0], "draft model");
  REQUIRE(draft);
  const Bytes own = 2ull * (kAttention + 4096 * 6144 + kMlp + 3ull * 4096 * 4096 + 32000ull * 4096);
  CHECK(draft->amount.best > own);
  CHECK(draft->amount.best < own + (8 << 20));                  // norms, positions, the map, rounding
  const Bytes above = draft->amount.high - draft->amount.best;  // an embedding unlike the model's, and a thousandth of the layer
  CHECK(above >= 128256ull * 4096 * 2);
  CHECK(above < 128256ull * 4096 * 2 + own / 1000);
  CHECK(both->ranks[0].weights.best == alone->ranks[0].weights.best + draft->amount.best);
  CHECK(component(both->ranks[0], "draft buffers")->amount.best == 2ull * both->effective.max_num_batched_tokens * 4096 * 2);

  const auto piped = with(kEagle3, {{"engine-version", "0.19"}, {"speculative-config", kThree}, {"pipeline-parallel-size", "2"}});
  CHECK(component(piped->ranks[0], "draft model") == nullptr);
  REQUIRE(component(piped->ranks[1], "draft model"));
  CHECK(component(piped->ranks[1], "draft model")->amount.best > own + 128256ull * 4096 * 2);  // stages share no embedding
}

TEST_CASE("drafts: a draft model keeps its own ends, is divided like the model, and all its layers join the cache") {
  const auto one = with(kSmall, {{"engine-version", "0.33"}, {"speculative-config", kDraft}});
  CHECK(one->bytes_per_token == 32 * 4096 + 16 * 2048);
  CHECK(one->groups[0].layers == 48);
  const auto* draft = component(one->ranks[0], "draft model");
  REQUIRE(draft);
  constexpr Bytes kParameters = 1235814400;  // Llama 3.2 1B
  CHECK(draft->amount.best > 2 * kParameters);
  CHECK(draft->amount.best < 2 * kParameters + (16 << 20));
  const auto two = with(kSmall, {{"engine-version", "0.33"}, {"speculative-config", kDraft}, {"tensor-parallel-size", "2"}});
  CHECK(component(two->ranks[0], "draft model")->amount.best < draft->amount.best / 2 + (16 << 20));
  CHECK(two->bytes_per_token == one->bytes_per_token / 2);
}

TEST_CASE("drafts: the method is told by the draft's name where it is left out") {
  const auto found = with(kSmall, {{"speculative-config", R"({"num_speculative_tokens": 2})"}});
  CHECK(component(found->ranks[0], "draft model"));
  const auto missing = try_with(kSmall, {});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.starts_with("num_speculative_tokens is missing"));
}

TEST_CASE("drafts: a draft model of another vocabulary is refused") {
  auto other = std::string(kSmall);
  other.replace(other.find("128256"), 6, "128000");
  const auto refused = try_with(other, {{"speculative-config", kDraft}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.starts_with("Target and draft model should have the same vocabulary size."));
}

TEST_CASE("drafts: what the model cannot be divided by, its draft cannot either") {
  auto odd = std::string(kSmall);
  odd.replace(odd.find("\"num_attention_heads\": 32"), 25, "\"num_attention_heads\": 10");
  odd.replace(odd.find("\"num_key_value_heads\": 8"), 24, "\"num_key_value_heads\": 10");
  const auto refused = try_with(odd, {{"speculative-config", kDraft}, {"tensor-parallel-size", "4"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.ends_with("(of the draft model)"));
}

TEST_CASE("drafts: a method whose draft model was not given is priced without, and says so") {
  const auto answer = price(kTarget, {{"speculative-config", kThree}});
  const auto told = [](const auto& of) {
    return std::count_if(of->warnings.begin(), of->warnings.end(), [](const auto& w) { return w.code == "draft_model"; });
  };
  CHECK(told(answer) == 1);
  CHECK(component(answer->ranks[0], "draft model") == nullptr);
  CHECK(told(price(kTarget, {{"speculative-config", R"({"method": "ngram", "num_speculative_tokens": 3})"}})) == 0);
}

TEST_CASE("drafts: the sampler's profile holds rows of a draft too, on the first model runner") {
  constexpr std::string_view kNgram = R"({"method": "ngram", "num_speculative_tokens": 3})";
  Options plain = {{"engine-version", "0.19"}, {"max-num-seqs", "1024"}, {"max-num-batched-tokens", "2048"}};
  Options drafting = {
      {"engine-version", "0.19"}, {"max-num-seqs", "1024"}, {"max-num-batched-tokens", "2048"}, {"speculative-config", kNgram}};
  const auto without = price(kTarget, plain)->ranks[0].activation.best,
             with_rows = price(kTarget, drafting)->ranks[0].activation.best;
  CHECK(with_rows - without == 3ull * 2 * 1024 * 128256);
}
