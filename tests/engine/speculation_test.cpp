#include <doctest/doctest.h>

#include "engine/vllm/speculation.hpp"
#include "example.hpp"

using namespace vramauto;
using engine::vllm::read_speculation;

namespace {

Result<engine::vllm::Speculation> read(std::string_view text, std::uint32_t layers) {
  engine::Workload asked;
  asked.speculative_config = text;
  return read_speculation(asked, layers);
}

}  // namespace

TEST_CASE("speculation: none unless asked for") {
  for (const std::string_view text : {"", "{}"}) {
    const auto none = read(text, 1);
    REQUIRE(none);
    CHECK(none->tokens == 0);
    CHECK_FALSE(none->own_layers);
  }
}

TEST_CASE("speculation: mtp drafts with the model's own layers, a token each unless told") {
  CHECK(read(R"({"method": "mtp", "num_speculative_tokens": 3})", 1)->tokens == 3);
  CHECK(read(R"({"method": "deepseek_mtp"})", 1)->tokens == 1);
  CHECK(read(R"({"method": "mtp"})", 1)->own_layers);
  CHECK_FALSE(read(R"({"method": "ngram", "num_speculative_tokens": 4})", 1)->own_layers);
}

TEST_CASE("speculation: mtp without such layers is refused") {
  CHECK(read(R"({"method": "mtp", "num_speculative_tokens": 1})", 0).error().status == VRAMAUTO_E_UNSUPPORTED);
}

TEST_CASE("speculation: other methods must say how many tokens they draft") {
  CHECK(read(R"({"method": "ngram"})", 0).error().status == VRAMAUTO_E_ARGUMENT);
  CHECK(read(R"({"method": "ngram", "num_speculative_tokens": 0})", 0).error().status == VRAMAUTO_E_ARGUMENT);
}
