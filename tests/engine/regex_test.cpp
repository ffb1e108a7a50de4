#include "engine/vllm/quantization/regex.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using vramauto::engine::vllm::quantization::Regex;

bool starts(std::string_view pattern, std::string_view text) {
  const auto regex = Regex::compile(pattern);
  REQUIRE_MESSAGE(regex, std::string(pattern));
  return regex->matches(text, Regex::From::start);
}

bool found(std::string_view pattern, std::string_view text) {
  const auto regex = Regex::compile(pattern);
  REQUIRE_MESSAGE(regex, std::string(pattern));
  return regex->matches(text, Regex::From::anywhere);
}

vramauto_status refused(std::string_view pattern) {
  const auto regex = Regex::compile(pattern);
  return regex ? VRAMAUTO_OK : regex.error().status;
}

}  // namespace

// What each says was seen with Python's re.match and re.search.
TEST_CASE("regular expressions of checkpoints mean what Python's mean") {
  const std::string_view name = "model.layers.17.mlp.experts.3.down_proj";
  CHECK(starts(R"(.*mlp\.experts\.\d+\.(gate|up|down)_proj$)", name));
  CHECK(starts(R"(model\.layers\.(?:[0-9]|1[0-9])\..*)", name));
  CHECK_FALSE(starts(R"(model\.layers\.(?:[0-9]|2[0-9])\..*)", name));
  CHECK_FALSE(starts(R"(layers\.)", name));
  CHECK(found(R"(layers\.)", name));
  CHECK_FALSE(starts(R"(^(?!.*experts).*$)", name));
  CHECK(starts(R"(^(?!.*self_attn).*$)", name));
  CHECK(starts(R"(^(?=.*experts)model)", name));
  CHECK(starts(R"(.*?down_proj)", name));
  CHECK(found(R"(\bmlp\b)", name));
  CHECK_FALSE(found(R"(\bml\b)", name));
  CHECK(starts(R"((?P<stem>\w+\.){2}1[^0-6])", name));
  CHECK(starts("", ""));
  CHECK(starts("a|b|", "c"));
  CHECK(starts("(a|b|c)d", "cd"));
  CHECK(starts("a{2}b", "aab"));
  CHECK_FALSE(starts("a{2}b", "ab"));
  CHECK(starts("a{,2}$", "aa"));
  CHECK_FALSE(starts("a{1,2}$", "aaa"));
  CHECK(starts("a{x}", "a{x}"));  // no repetition: characters
  CHECK(starts("[]a-]+$", "]-a"));
  CHECK(starts("[^]a]", "b"));
  CHECK(starts(R"([\w.]+\Z)", "a.b"));
  CHECK(starts("(a*)*b", "aab"));
}

TEST_CASE("what is no regular expression, or too much of one, is refused") {
  for (const auto* pattern : {"(", ")", "[", "[a", "*", "a**", "a++", "a{2,1}", "[b-a]", "(?<=a)b", "(?i)a", "(?P<n", "(a)\\1", "\\"})
    CHECK_MESSAGE(refused(pattern) == VRAMAUTO_E_FORMAT, std::string(pattern));
  CHECK(refused(std::string(513, 'a')) == VRAMAUTO_E_LIMIT);
  CHECK(refused(std::string(17, '(') + std::string(17, ')')) == VRAMAUTO_E_LIMIT);
  CHECK(refused("((a{200}){200}){200}") == VRAMAUTO_E_LIMIT);
  CHECK(refused("a{257}") == VRAMAUTO_E_LIMIT);
  CHECK(refused("(?=a)(?=a)(?=a)(?=a)(?=a)") == VRAMAUTO_E_LIMIT);
}

TEST_CASE("an expression that would take exponential time elsewhere ends") {
  CHECK_FALSE(starts("(a|a)*(a|aa)*(a*)*b", std::string(500, 'a')));
  CHECK_FALSE(starts("(?!(?!(?!(a*)*b)(a*)*b)(a*)*b)c", std::string(500, 'a')));
}
