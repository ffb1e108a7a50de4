#include "support/json.hpp"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace vramauto;

namespace {

json::Document parsed(std::string_view text) {
  auto document = json::parse("test.json", text);
  REQUIRE_MESSAGE(document, document.error().message);
  return *document;
}

Error refused(std::string_view text) {
  auto document = json::parse("test.json", text);
  REQUIRE_FALSE(document);
  CHECK(document.error().where == "test.json");
  return document.error();
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

}  // namespace

TEST_CASE("json: every kind of value is read, in file order") {
  const auto d = parsed(R"({"n": null, "b": true, "i": -3, "r": 2.5, "s": "tab\tü", "a": [1, [2]], "o": {}})");
  const auto& items = d.root().items;
  REQUIRE(items.size() == 7);
  CHECK(items[0].is(json::Type::null));
  CHECK((items[1].is(json::Type::boolean) && items[1].integer == 1));
  CHECK((items[2].is(json::Type::integer) && items[2].integer == -3 && items[2].real == -3.0));
  CHECK((items[3].is(json::Type::real) && items[3].real == 2.5));
  CHECK(items[4].text == "tab\tü");
  CHECK(d.at("/a/1/0")->integer == 2);
  CHECK((items[6].is(json::Type::object) && items[6].items.empty()));
}

TEST_CASE("json: a lone scalar is a document") {
  CHECK(parsed("true").root().integer == 1);
  CHECK(parsed(" 12 ").root().integer == 12);
  CHECK(parsed("\"x\"").root().text == "x");
}

TEST_CASE("json: Python's NaN and infinities are reals") {
  const auto d = parsed(R"([NaN, Infinity, -Infinity, {"a":NaN }])");
  CHECK(std::isnan(d.at("/0")->real));
  CHECK(d.at("/1")->real == HUGE_VAL);
  CHECK(d.at("/2")->real == -HUGE_VAL);
  CHECK(std::isnan(d.at("/3/a")->real));
}

TEST_CASE("json: integers beyond 64 bits are reals, as in tokenizer_config's model_max_length") {
  const auto d = parsed(R"({"a": 1000000000000000019884624838656, "b": 18446744073709551615, "c": -9223372036854775808})");
  CHECK((d.at("/a")->is(json::Type::real) && d.at("/a")->real == 1e30));
  CHECK((d.at("/b")->is(json::Type::real) && d.at("/b")->real == 18446744073709551615.0));
  CHECK((d.at("/c")->is(json::Type::integer) && d.at("/c")->integer == INT64_MIN));
}

TEST_CASE("json: of members with one name the last value counts, in the first one's place") {
  const auto d = parsed(R"({"a": 1, "b": 2, "a": 3})");
  REQUIRE(d.root().items.size() == 2);
  CHECK(d.root().items[0].key == "a");
  CHECK(d.root().find("a")->integer == 3);
}

TEST_CASE("json: pointers undo ~0 and ~1 and end at what is not there") {
  const auto d = parsed(R"({"a/b": {"~": [7]}})");
  CHECK(d.at("/a~1b/~0/0")->integer == 7);
  CHECK(d.at("") == &d.root());
  for (const auto* pointer : {"a", "/x", "/a~1b/~0/1", "/a~1b/~0/-1", "/a~1b/~0/0/0"}) CHECK(d.at(pointer) == nullptr);
}

TEST_CASE("json: malformed texts are refused") {
  for (const auto* text :
       {"{",        "}",     "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{\"a\":1 2}", "[1 2]",   "nul",       "nulll", "truex",
        "01",       "1.",    "1e",   "-",          "+1",        ".5",          "{} {}",   "1,2",       "[] []", "] [",
        "{\"a\":}", "{a:1}", "'a'",  "[Nan]",      "[-NaN]",    "[Infinity1]", "\"\\q\"", "\"\\u12\"", "[1}",   "{]"}) {
    CAPTURE(text);
    CHECK(refused(text).status == VRAMAUTO_E_FORMAT);
  }
}

TEST_CASE("json: an error says at which byte it went wrong") {
  CHECK(refused("").message == "is empty, expected JSON");
  CHECK(refused("{\"a\": 01}").offset == 6);
  CHECK(refused("{\"a\": 1, \"b\": ?}").offset == 14);
  CHECK(refused("{\"a\": \"\xff\"}").offset == 7);
  CHECK(refused("{\"a\": \"\xff\"}").message == "is not UTF-8");
  CHECK(refused("{\"a\": \"b").offset == 8);
}

TEST_CASE("json: 64 levels are read, 65 refused, a million do no harm") {
  CHECK(parsed(repeated("[", 64).append(repeated("]", 64))).root().is(json::Type::array));
  const auto error = refused(repeated("[", 65).append(repeated("]", 65)));
  CHECK(error.status == VRAMAUTO_E_LIMIT);
  CHECK(error.message == "is nested deeper than 64 levels");
  CHECK(refused(repeated("[", 1'000'000)).status == VRAMAUTO_E_LIMIT);
  CHECK(refused(repeated("{\"a\":", 1'000'000)).status == VRAMAUTO_E_LIMIT);
}

TEST_CASE("json: more than four million values are refused") {
  auto text = repeated("0,", 4'000'000);
  text.insert(text.begin(), '[');
  const auto error = refused(text.append("0]"));
  CHECK(error.status == VRAMAUTO_E_LIMIT);
  CHECK(error.message == "has more than 4000000 values");
}

TEST_CASE("json: defaults fill what is absent at one object and leave the rest shared") {
  const auto d = parsed(R"({"text_config": {"a": 1, "n": null}, "z": 9})");
  const auto filled = d.with_defaults("/text_config", parsed(R"({"a": 5, "b": 6, "n": 7})"));
  CHECK(filled.at("/text_config/a")->integer == 1);
  CHECK(filled.at("/text_config/b")->integer == 6);
  CHECK(filled.at("/text_config/n")->is(json::Type::null));
  CHECK(filled.at("/z")->integer == 9);
  CHECK(d.at("/text_config/b") == nullptr);
}

TEST_CASE("json: defaults for an object that is not there change nothing") {
  const auto d = parsed(R"({"a": 1})");
  CHECK(d.with_defaults("/x", parsed(R"({"b": 1})")).root().items.size() == 1);
  CHECK(d.with_defaults("/a", parsed(R"({"b": 1})")).at("/a")->integer == 1);
}

TEST_CASE("json: a filled document outlives those it was made from") {
  json::Document filled;
  {
    const auto d = parsed(R"({"a": "first"})");
    filled = d.with_defaults("", parsed(R"({"b": "second"})"));
  }
  CHECK(filled.at("/a")->text == "first");
  CHECK(filled.at("/b")->text == "second");
}

namespace {

struct Pairs final : json::PairVisitor {
  std::vector<std::pair<std::string, std::string>> all;
  bool pair(std::string_view name, std::string_view value) override {
    all.emplace_back(name, value);
    return true;
  }
};

Result<std::uint64_t> indexed(std::string_view text, Pairs& pairs) {
  json::Scanner scanner;
  text.copy(scanner.buffer(text.size()), text.size());
  return scanner.index("i.json", pairs);
}

}  // namespace

TEST_CASE("json: an index gives its pairs and its total size") {
  Pairs pairs;
  const auto total = indexed(
      R"({"metadata": {"x": [1], "total_size": 12, "y": {}}, "weight_map": {"a\"b": "f1", "c": "f2"}, "more": [{}]})", pairs);
  REQUIRE(total);
  CHECK(*total == 12);
  REQUIRE(pairs.all.size() == 2);
  CHECK(pairs.all[0] == std::pair<std::string, std::string>("a\"b", "f1"));
}

TEST_CASE("json: an index may state its size as a real, or not at all") {
  Pairs pairs;
  CHECK(indexed(R"({"metadata": {"total_size": 16060522496.0}, "weight_map": {}})", pairs) == 16060522496u);
  CHECK(indexed(R"({"weight_map": {}})", pairs) == VRAMAUTO_UNKNOWN);
  CHECK(indexed(R"({"metadata": {"total_size": "12"}, "weight_map": {}})", pairs) == VRAMAUTO_UNKNOWN);
}

TEST_CASE("json: an index without pairs, or with pairs that are none, is refused") {
  Pairs pairs;
  CHECK(indexed("{}", pairs).error().message == "has no weight_map");
  CHECK(indexed("[]", pairs).error().message == "is not a JSON object");
  CHECK(indexed(R"({"weight_map": {"a": 7}})", pairs).error().message == "weight_map of a is 7, expected a file name");
  CHECK(indexed(R"({"weight_map": [1]})", pairs).error().status == VRAMAUTO_E_FORMAT);
  CHECK(indexed(R"({"weight_map": {"a": "b")", pairs).error().status == VRAMAUTO_E_FORMAT);
}

TEST_CASE("json: a text is quoted so that it is read back") {
  for (const std::string text : {"", "a b", "\"\\\"", "line\nend\t\x01", "\u00e9"}) {
    const auto read = json::parse("x", json::quoted(text));
    REQUIRE(read);
    CHECK(read->root().text == text);
  }
  CHECK(json::quoted("\xff") == "\"?\"");
}
