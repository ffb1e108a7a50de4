#include "model/name_size.hpp"

#include <doctest/doctest.h>

using vramauto::model::billions_in_name;

TEST_CASE("name: a number before B is the size in billions") {
  CHECK(billions_in_name("meta-llama/Llama-2-7B") == 7.0);
  CHECK(billions_in_name("13b") == 13.0);
  CHECK(billions_in_name("org/70B_chat") == 70.0);
  CHECK(billions_in_name("TinyLlama-1.1B-Chat") == 1.1);
}

TEST_CASE("name: a version is never taken for a size") { CHECK(billions_in_name("Qwen/Qwen2.5-VL-3B-Instruct") == 3.0); }

TEST_CASE("name: experts times their size count together") { CHECK(billions_in_name("mistralai/Mixtral-8x7B-v0.1") == 56.0); }

TEST_CASE("name: bits are no size") {
  CHECK_FALSE(billions_in_name("model-4bit"));
  CHECK_FALSE(billions_in_name("model-8Bit"));
  CHECK(billions_in_name("model-4bit-7B") == 7.0);
}

TEST_CASE("name: the number must follow the start, a dash, an underscore or a slash") {
  CHECK_FALSE(billions_in_name("model7B"));
  CHECK_FALSE(billions_in_name("v2.7B"));
  CHECK_FALSE(billions_in_name("gpt2"));
  CHECK_FALSE(billions_in_name(""));
}

TEST_CASE("name: of several sizes the first counts") { CHECK(billions_in_name("Qwen3-30B-A3B") == 30.0); }
