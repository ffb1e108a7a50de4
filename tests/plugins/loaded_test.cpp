// Our own plugins open, each with its estimator, through the same door as anybody's.
#include "shipped.hpp"

using namespace vramauto;

TEST_CASE("plugins: every one that is shipped is in use") {
  std::string_view names = SHIPPED_PLUGINS;
  REQUIRE_FALSE(names.empty());
  while (!names.empty()) {
    const auto end = names.find(' ');
    const auto id = std::string("org.vramauto.").append(names.substr(0, end));
    const auto& all = shipped::registry().plugins();
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& record) { return record.id == id; });
    REQUIRE_MESSAGE(at != all.end(), id);
    CHECK_MESSAGE(at->status == VRAMAUTO_OK, at->message);
    names = end == std::string_view::npos ? std::string_view() : names.substr(end + 1);
  }
}

TEST_CASE("plugins: a plain decoder stays the built-in estimator's") {
  CHECK(shipped::describe(R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64,
    "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128, "vocab_size": 256})")
            .estimator == "decoder");
}

TEST_CASE("plugins: an architecture that vLLM has no class for is refused in its words") {
  const engine::Workload workload;
  CHECK(engine::refusal(workload, "LogicsForConditionalGeneration").find("['LogicsForConditionalGeneration'] are not supported") !=
        std::string::npos);
  CHECK(engine::refusal(workload, "Qwen3ForSequenceClassification").empty());
  CHECK(engine::refusal(workload, "T5ForConditionalGeneration").find("position_ids") != std::string::npos);
}
