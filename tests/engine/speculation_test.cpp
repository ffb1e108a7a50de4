#include <doctest/doctest.h>

#include "engine/vllm/graphs.hpp"
#include "engine/vllm/runner.hpp"
#include "engine/vllm/runner_buffers.hpp"
#include "engine/vllm/speculation.hpp"
#include "example.hpp"

using namespace vramauto;
using engine::vllm::Drafter;
using example::Bench;

namespace {

Result<engine::vllm::Speculation> read(std::string_view text, std::uint32_t layers, std::string_view version = "0.33") {
  Bench bench(example::llama_8b(), version, 8192, 256);
  bench.blueprint.traits.draft_layers = layers;
  bench.asked.speculative_config = text;
  return engine::vllm::read_speculation(bench.context);
}

std::string refusal(std::string_view text, std::string_view version) {
  const auto read_back = read(text, 0, version);
  return read_back ? "accepted" : read_back.error().message;
}

// A context that drafts with `method`, so many tokens.
void speculate(Bench& bench, std::string_view method, std::uint32_t tokens, Drafter drafter) {
  bench.context.speculation = {drafter, method, tokens};
  bench.context.draft_tokens = tokens;
}

}  // namespace

TEST_CASE("speculation: none unless asked for") {
  const auto none = read("", 1);
  REQUIRE(none);
  CHECK(none->tokens == 0);
  CHECK(none->drafter == Drafter::nobody);
}

TEST_CASE("speculation: what names nothing that drafts is refused, as the engine refuses it") {
  for (const std::string_view text : {"{}", R"({"num_speculative_tokens": 3})", R"({"method": null, "model": null})", R"({"metod": "mtp"})"})
    CHECK_MESSAGE(refusal(text, "0.33").starts_with("found neither \"method\" nor \"model\""), text);
  CHECK(refusal(R"({"method": 5, "num_speculative_tokens": 3})", "0.33") == "method is an integer, expected a string");
  CHECK(refusal(R"({"model": "draft"})", "0.33").starts_with("num_speculative_tokens is missing"));
  CHECK(refusal(R"({"model": "draft", "num_speculative_tokens": null})", "0.33").starts_with("num_speculative_tokens is missing"));
  CHECK(read(R"({"model": "[ngram]", "num_speculative_tokens": 4})", 0)->drafter == Drafter::tokens);
}

TEST_CASE("speculation: mtp drafts with the model's own layers, a token each unless told") {
  CHECK(read(R"({"method": "mtp", "num_speculative_tokens": 3})", 1)->tokens == 3);
  CHECK(read(R"({"method": "deepseek_mtp"})", 1)->tokens == 1);
  CHECK(read(R"({"method": "mtp"})", 1)->drafter == Drafter::own_layers);
  CHECK(read(R"({"method": "ngram", "num_speculative_tokens": 4})", 1)->drafter == Drafter::tokens);
}

TEST_CASE("speculation: layers that draft are used all or again, never in part") {
  CHECK(read(R"({"method": "mtp", "num_speculative_tokens": 4})", 2)->tokens == 4);
  CHECK(read(R"({"method": "mtp", "num_speculative_tokens": 3})", 2).error().status == VRAMAUTO_E_UNSUPPORTED);
}

TEST_CASE("speculation: mtp without such layers is refused") {
  CHECK(read(R"({"method": "mtp", "num_speculative_tokens": 1})", 0).error().status == VRAMAUTO_E_UNSUPPORTED);
}

TEST_CASE("speculation: other methods must say how many tokens they draft") {
  CHECK(read(R"({"method": "ngram"})", 0).error().status == VRAMAUTO_E_ARGUMENT);
  CHECK(read(R"({"method": "ngram", "num_speculative_tokens": 0})", 0).error().status == VRAMAUTO_E_ARGUMENT);
}

TEST_CASE("speculation: each release has its own methods, and a refusal says which has the one asked for") {
  constexpr std::string_view kDraft = R"({"method": "draft_model", "num_speculative_tokens": 3})";
  CHECK(refusal(kDraft, "0.33") == "accepted");
  CHECK(refusal(kDraft, "0.15") == "accepted");
  CHECK(refusal(kDraft, "0.14") ==
        "found method draft_model, which exists from vLLM 0.15.0 on; the rules asked for are those of 0.14");
  CHECK(refusal(kDraft, "0.7.3") == "accepted");  // engine V0
  CHECK(refusal(R"({"method": "medusa", "num_speculative_tokens": 3})", "0.32") == "accepted");
  CHECK(refusal(R"({"method": "medusa", "num_speculative_tokens": 3})", "0.33") ==
        "found method medusa, which vLLM has up to 0.32.0 only; the rules asked for are those of 0.33");
  CHECK(refusal(R"({"method": "mlp_speculator", "num_speculative_tokens": 3})", "0.19").find("only engine V0 has") !=
        std::string::npos);
  CHECK(refusal(R"({"method": "telepathy", "num_speculative_tokens": 3})", "0.33").find("\"telepathy\"") != std::string::npos);
}

TEST_CASE("speculation: a draft's ranks are the target's, or one where the engine allows it") {
  CHECK(refusal(R"({"method": "eagle3", "num_speculative_tokens": 3, "draft_tensor_parallel_size": 4})", "0.33")
            .find("cannot be other value than 1") != std::string::npos);
  CHECK(refusal(R"({"method": "draft_model", "num_speculative_tokens": 3, "draft_tensor_parallel_size": 1})", "0.33") ==
        "accepted");
}

TEST_CASE("speculation: methods the second model runner has not keep the first one") {
  Bench bench(example::llama_8b(), "0.29", 8192, 256);
  CHECK(engine::vllm::uses_mrv2(bench.context));
  speculate(bench, "draft_model", 3, Drafter::model);
  CHECK_FALSE(engine::vllm::uses_mrv2(bench.context));
  speculate(bench, "eagle3", 3, Drafter::head);
  CHECK(engine::vllm::uses_mrv2(bench.context));
}

TEST_CASE("speculation: graphs are for a sequence and its draft, from 0.29 on for whole numbers of them too") {
  Bench old(example::llama_8b(), "0.12", 8192, 64), newer(example::llama_8b(), "0.13", 8192, 64);
  speculate(old, "ngram", 3, Drafter::tokens);
  speculate(newer, "ngram", 3, Drafter::tokens);
  CHECK(engine::vllm::capture_sizes(old.context).largest == 128);
  CHECK(engine::vllm::capture_sizes(newer.context).largest == 512);
  CHECK(engine::vllm::capture_sizes(newer.context).full == 33);  // 4, 8, 16 to 248, 256

  Bench off_grid(example::llama_8b(), "0.29", 8192, 64);
  speculate(off_grid, "eagle3", 2, Drafter::head);
  off_grid.context.mrv2 = true;
  const auto sizes = engine::vllm::capture_sizes(off_grid.context);
  CHECK(sizes.largest == 384);       // 64 sequences of 3 tokens, twice
  CHECK(sizes.piecewise == 43 + 3);  // 3, 6 and 12 are on no grid; 24 and its multiples are
  off_grid.context.mrv2 = false;
  CHECK(engine::vllm::capture_sizes(off_grid.context).piecewise < sizes.piecewise);  // rounded up to threes, some fall together
}

TEST_CASE("speculation: the drafter's buffers are for as many tokens as a step has") {
  Bench bench(example::llama_8b(), "0.19", 8192, 256);
  CHECK(engine::vllm::draft_buffers(bench.context) == 0);
  speculate(bench, "ngram", 3, Drafter::tokens);
  CHECK(engine::vllm::draft_buffers(bench.context) == 0);
  speculate(bench, "eagle", 3, Drafter::head);
  CHECK(engine::vllm::draft_buffers(bench.context) == 2ull * 8192 * 4096 * 2);
}

TEST_CASE("speculation: MRV2 keeps the logits of drafts that are sampled, in the model's numbers from 0.28 on") {
  Bench bench(example::llama_8b(), "0.33", 8192, 256);
  bench.context.mrv2 = true;
  speculate(bench, "eagle3", 3, Drafter::head);
  const Bytes states = 8192ull * 4096 * 2;
  CHECK(engine::vllm::draft_buffers(bench.context) == states);
  bench.context.speculation.keeps_logits = true;
  CHECK(engine::vllm::draft_buffers(bench.context) == states + 256ull * 3 * 128256 * 2);
  bench.context.profile = engine::vllm::find_profile("0.27").profile;
  CHECK(engine::vllm::draft_buffers(bench.context) == states + 256ull * 3 * 128256 * 4);
}

TEST_CASE("speculation: drafts from suffixes are as long as their trees are deep, unless said otherwise") {
  const auto tokens = [](std::string_view text) {
    const auto found = read(text, 0);
    REQUIRE(found);
    return found->tokens;
  };
  CHECK(tokens(R"({"method": "suffix"})") == 24);
  CHECK(tokens(R"({"method": "suffix", "suffix_decoding_max_tree_depth": 7})") == 7);
  CHECK(tokens(R"({"method": "suffix", "num_speculative_tokens": 3, "suffix_decoding_max_tree_depth": 7})") == 3);
  CHECK(refusal(R"({"method": "ngram"})", "0.33").starts_with("num_speculative_tokens is missing"));
  CHECK(refusal(R"({"method": "suffix", "suffix_decoding_max_tree_depth": 0})", "0.33") != "accepted");
}

TEST_CASE("speculation: what cannot be planned ahead keeps one step in flight") {
  Bench bench(example::llama_8b(), "0.33", 8192, 256);
  CHECK(engine::vllm::in_flight_tokens(bench.context) == 2 * 8192);
  speculate(bench, "suffix", 3, Drafter::tokens);
  CHECK(engine::vllm::in_flight_tokens(bench.context) == 8192);
  speculate(bench, "eagle3", 3, Drafter::head);
  CHECK(engine::vllm::in_flight_tokens(bench.context) == 2 * 8192);
  bench.asked.async_scheduling = false;
  CHECK(engine::vllm::in_flight_tokens(bench.context) == 8192);
}
