#include <doctest/doctest.h>

#include "described.hpp"

using namespace vramauto;

TEST_CASE("registry: a plain decoder is described by decoder, and the notes say so") {
  const auto blueprint = example::describe(example::llama());
  REQUIRE(blueprint);
  CHECK(blueprint->estimator == "decoder");
  CHECK(blueprint->plugin == "org.vramauto.builtin");
  CHECK(blueprint->notes == std::vector<std::string>{"estimator decoder, score 600"});
}

TEST_CASE("registry: an unknown architecture is named, and the rule offered") {
  const auto done = example::describe(R"({"architectures": ["FooForCausalLM"]})");
  REQUIRE_FALSE(done);
  CHECK(done.error().status == VRAMAUTO_E_NO_ESTIMATOR);
  CHECK(done.error().message == "no estimator knows FooForCausalLM: --method rule estimates by its size");
}

TEST_CASE("registry: a configuration without an architecture is said to have none") {
  CHECK(
      example::refusal("{}") ==
      "config.json: no estimator knows a model without an architecture in its configuration: --method rule estimates by its size");
}

TEST_CASE("registry: control characters of a stranger's architecture are not repeated") {
  const auto done = example::describe(R"({"architectures": ["Foo\u001b[31m"]})");
  REQUIRE_FALSE(done);
  CHECK(done.error().message.find('\x1b') == std::string::npos);
}

TEST_CASE("registry: an estimator asked for by name that does not exist is refused with those that do") {
  const auto done = example::describe(example::llama(), "moe2");
  REQUIRE_FALSE(done);
  CHECK(done.error().status == VRAMAUTO_E_NO_ESTIMATOR);
  CHECK(done.error().message == "found \"moe2\", expected one of decoder, files");
}

TEST_CASE("registry: a named estimator does not guess for an architecture it does not know") {
  const auto done = example::describe(R"({"architectures": ["FooForCausalLM"]})", "decoder");
  REQUIRE_FALSE(done);
  CHECK(done.error().status == VRAMAUTO_E_UNSUPPORTED);
}
