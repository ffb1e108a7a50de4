#include "model/catalogue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "model/class_defaults.hpp"
#include "support/text.hpp"

using namespace vramauto;

namespace {

json::Document opened(const model::CatalogueEntry& entry) {
  const auto config = json::parse(entry.id, entry.config);
  REQUIRE_MESSAGE(config, entry.id);
  return model::fill_class_defaults(*config);
}

std::int64_t number(std::string_view id, std::string_view pointer) {
  const auto* entry = model::find_in_catalogue(id);
  REQUIRE_MESSAGE(entry, id);
  const auto config = opened(*entry);
  const auto* value = config.at(pointer);
  return value && value->is(json::Type::integer) ? value->integer : -1;
}

bool states_any(const json::Value& config, std::initializer_list<std::string_view> keys) {
  return std::ranges::any_of(keys, [&](std::string_view key) {
    const auto* value = config.find(key);
    return value && value->is(json::Type::integer) && value->integer > 0;
  });
}

}  // namespace

TEST_CASE("catalogue: at least 120 models") { CHECK(model::catalogue().size() >= 120); }

TEST_CASE("catalogue: ids are not repeated, whatever their case") {
  std::set<std::string> seen;
  for (const auto& entry : model::catalogue()) CHECK_MESSAGE(seen.insert(text::lower(entry.id)).second, entry.id);
}

TEST_CASE("catalogue: every entry is JSON that names its architecture and model_type") {
  for (const auto& entry : model::catalogue()) {
    const auto config = opened(entry);
    CHECK_MESSAGE(config.at("/architectures/0"), entry.id);
    CHECK_MESSAGE(config.at("/model_type"), entry.id);
  }
}

TEST_CASE("catalogue: every entry, once filled, has width, layers and vocabulary") {
  for (const auto& entry : model::catalogue()) {
    const auto config = opened(entry);
    const auto* nested = config.at("/text_config");
    const auto& language = nested ? *nested : config.root();
    CHECK_MESSAGE(states_any(language, {"hidden_size", "n_embd", "d_model"}), entry.id);
    CHECK_MESSAGE(states_any(language, {"num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers"}), entry.id);
    CHECK_MESSAGE(states_any(language, {"vocab_size", "padded_vocab_size"}), entry.id);
  }
}

TEST_CASE("catalogue: Qwen3-8B has the geometry of its config.json") {
  CHECK(number("Qwen/Qwen3-8B", "/hidden_size") == 4096);
  CHECK(number("Qwen/Qwen3-8B", "/num_hidden_layers") == 36);
  CHECK(number("Qwen/Qwen3-8B", "/num_attention_heads") == 32);
  CHECK(number("Qwen/Qwen3-8B", "/num_key_value_heads") == 8);
  CHECK(number("Qwen/Qwen3-8B", "/head_dim") == 128);
  CHECK(number("Qwen/Qwen3-8B", "/intermediate_size") == 12288);
  CHECK(number("Qwen/Qwen3-8B", "/vocab_size") == 151936);
  CHECK(number("Qwen/Qwen3-8B", "/max_position_embeddings") == 40960);
}

TEST_CASE("catalogue: case is ignored") { CHECK(model::find_in_catalogue("qwen/QWEN3-8b")->id == "Qwen/Qwen3-8B"); }

TEST_CASE("catalogue: a name without its owner is found") {
  REQUIRE(model::find_in_catalogue("llama-3.1-8b-instruct"));
  CHECK(model::find_in_catalogue("llama-3.1-8b-instruct")->id == "meta-llama/Llama-3.1-8B-Instruct");
}

TEST_CASE("catalogue: a name without owner that two owners use is not found") {
  CHECK(model::find_in_catalogue("meta-llama/Meta-Llama-3-8B-Instruct"));
  CHECK(model::find_in_catalogue("NousResearch/Meta-Llama-3-8B-Instruct"));
  CHECK(model::find_in_catalogue("Meta-Llama-3-8B-Instruct") == nullptr);
}

TEST_CASE("catalogue: what is not in it is not found") {
  CHECK(model::find_in_catalogue("") == nullptr);
  CHECK(model::find_in_catalogue("/") == nullptr);
  CHECK(model::find_in_catalogue("nobody/Qwen3-8B") == nullptr);
  CHECK_FALSE(model::catalogue_config("Qwen/Qwen3"));
}

TEST_CASE("catalogue: catalogue_config gives the entry's text") {
  CHECK(model::catalogue_config("openai-community/gpt2") == model::find_in_catalogue("openai-community/gpt2")->config);
}

TEST_CASE("catalogue: ids of one geometry share it") {
  CHECK(model::catalogue_config("Qwen/Qwen2.5-7B-Instruct") == model::catalogue_config("Qwen/Qwen2.5-Coder-7B-Instruct"));
  CHECK(number("Qwen/Qwen2.5-7B", "/max_position_embeddings") == 131072);
  CHECK(number("Qwen/Qwen2.5-7B-Instruct", "/max_position_embeddings") == 32768);
}
