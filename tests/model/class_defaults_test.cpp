#include "model/class_defaults.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support/text.hpp"

using namespace vramauto;

namespace {

json::Document filled(std::string_view text) {
  const auto config = json::parse("config.json", text);
  REQUIRE(config);
  return model::fill_class_defaults(*config);
}

// -1: absent, or no integer.
std::int64_t number(const json::Document& config, std::string_view pointer) {
  const auto* value = config.at(pointer);
  return value && value->is(json::Type::integer) ? value->integer : -1;
}

// -1: absent, or no boolean.
int truth(const json::Document& config, std::string_view pointer) {
  const auto* value = config.at(pointer);
  return value && value->is(json::Type::boolean) ? static_cast<int>(value->integer) : -1;
}

std::string word(const json::Document& config, std::string_view pointer) {
  const auto* value = config.at(pointer);
  return value && value->is(json::Type::string) ? std::string(value->text) : "";
}

}  // namespace

TEST_CASE("class defaults: llama leaves vocabulary, width, layers and heads") {
  const auto config = filled(R"({"model_type":"llama"})");
  CHECK(number(config, "/vocab_size") == 32000);
  CHECK(number(config, "/hidden_size") == 4096);
  CHECK(number(config, "/intermediate_size") == 11008);
  CHECK(number(config, "/num_hidden_layers") == 32);
  CHECK(number(config, "/num_attention_heads") == 32);
  CHECK(number(config, "/max_position_embeddings") == 2048);
}

TEST_CASE("class defaults: llama derives key-value heads and head width, so they stay absent") {
  const auto config = filled(R"({"model_type":"llama"})");
  CHECK(config.at("/num_key_value_heads") == nullptr);
  CHECK(config.at("/head_dim") == nullptr);
}

TEST_CASE("class defaults: what the file states is kept") {
  const auto config = filled(R"({"model_type":"llama","vocab_size":7,"tie_word_embeddings":true})");
  CHECK(number(config, "/vocab_size") == 7);
  CHECK(truth(config, "/tie_word_embeddings") == 1);
}

TEST_CASE("class defaults: null in the file is a statement") {
  const auto config = filled(R"({"model_type":"mistral","sliding_window":null})");
  REQUIRE(config.at("/sliding_window"));
  CHECK(config.at("/sliding_window")->is(json::Type::null));
}

TEST_CASE("class defaults: mistral without a sliding window has one of 4096 tokens") {
  CHECK(number(filled(R"({"model_type":"mistral"})"), "/sliding_window") == 4096);
}

TEST_CASE("class defaults: the tied head is each class's own") {
  for (const auto* tied :
       {"gemma", "gemma2", "gemma3_text", "gemma3", "gpt2", "opt", "bloom", "falcon", "cohere", "smollm3", "starcoder2"})
    CHECK_MESSAGE(truth(filled(fmt::format(R"({{"model_type":"{}"}})", tied)), "/tie_word_embeddings") == 1, tied);
  for (const auto* free :
       {"llama", "mistral", "qwen2", "qwen3", "phi3", "gpt_neox", "gptj", "olmo2", "deepseek_v3", "qwen2_vl", "qwen"})
    CHECK_MESSAGE(truth(filled(fmt::format(R"({{"model_type":"{}"}})", free)), "/tie_word_embeddings") == 0, free);
}

TEST_CASE("class defaults: gemma heads are 256 wide") { CHECK(number(filled(R"({"model_type":"gemma2"})"), "/head_dim") == 256); }

TEST_CASE("class defaults: a key under its other name is not filled again") {
  const auto config = filled(R"({"model_type":"gpt2","hidden_size":1024})");
  CHECK(config.at("/n_embd") == nullptr);
  CHECK(number(config, "/n_layer") == 12);
}

TEST_CASE("class defaults: a nested text configuration is filled by the class its parent names") {
  const auto config = filled(R"({"model_type":"gemma3","text_config":{"hidden_size":2560},"vision_config":{}})");
  CHECK(number(config, "/text_config/hidden_size") == 2560);
  CHECK(number(config, "/text_config/num_attention_heads") == 8);
  CHECK(number(config, "/text_config/vocab_size") == 262208);
  CHECK(word(config, "/text_config/model_type") == "gemma3_text");
  CHECK(number(config, "/vision_config/image_size") == 224);
}

TEST_CASE("class defaults: where any text model may be nested, its own model_type decides") {
  const auto config = filled(R"({"model_type":"llava","text_config":{"model_type":"qwen2"}})");
  CHECK(number(config, "/text_config/vocab_size") == 151936);
  CHECK(word(filled(R"({"model_type":"llava","text_config":{}})"), "/text_config/model_type") == "llama");
}

TEST_CASE("class defaults: text keys at the top level of a composite model are filled there") {
  const auto config = filled(R"({"model_type":"qwen2_vl","hidden_size":1536,"vision_config":{}})");
  CHECK(number(config, "/hidden_size") == 1536);
  CHECK(number(config, "/max_position_embeddings") == 32768);
  CHECK(config.at("/text_config") == nullptr);
  CHECK(number(config, "/vision_config/depth") == 32);
}

TEST_CASE("class defaults: a class that does not look beside its text's object has one of defaults alone") {
  const auto config = filled(R"({"model_type":"glm4v","max_position_embeddings":65536,"vision_config":{}})");
  CHECK(number(config, "/text_config/max_position_embeddings") == 32768);
  CHECK(word(config, "/text_config/model_type") == "glm4v_text");
}

TEST_CASE("class defaults: an absent tower stays absent") {
  CHECK(filled(R"({"model_type":"gemma3","text_config":{}})").at("/vision_config") == nullptr);
}

TEST_CASE("class defaults: three levels are filled") {
  const auto config = filled(R"({"model_type":"qwen2_5_omni","thinker_config":{"text_config":{}}})");
  CHECK(number(config, "/thinker_config/text_config/hidden_size") == 3584);
}

TEST_CASE("class defaults: inside an unknown class, a nested configuration is filled by its own model_type") {
  const auto config = filled(R"({"model_type":"internvl_chat","llm_config":{"model_type":"qwen2","hidden_size":896}})");
  CHECK(number(config, "/llm_config/hidden_size") == 896);
  CHECK(number(config, "/llm_config/num_attention_heads") == 32);
}

TEST_CASE("class defaults: gemma2 alternates sliding and full layers") {
  const auto config = filled(R"({"model_type":"gemma2","num_hidden_layers":3})");
  CHECK(word(config, "/layer_types/0") == "sliding_attention");
  CHECK(word(config, "/layer_types/1") == "full_attention");
  CHECK(word(config, "/layer_types/2") == "sliding_attention");
  CHECK(config.at("/layer_types/3") == nullptr);
}

TEST_CASE("class defaults: the file's sliding_window_pattern decides which gemma3 layers are full") {
  CHECK(word(filled(R"({"model_type":"gemma3_text","num_hidden_layers":6})"), "/layer_types/5") == "full_attention");
  CHECK(word(filled(R"({"model_type":"gemma3_text","num_hidden_layers":6,"sliding_window_pattern":2})"), "/layer_types/1") ==
        "full_attention");
}

TEST_CASE("class defaults: a pattern of letters counts as its length") {
  const auto config = filled(R"({"model_type":"exaone4","num_hidden_layers":4,"sliding_window_pattern":"LLG"})");
  CHECK(word(config, "/layer_types/2") == "full_attention");
  CHECK(word(config, "/layer_types/3") == "sliding_attention");
}

TEST_CASE("class defaults: without a sliding window no layers are called sliding") {
  CHECK(filled(R"({"model_type":"exaone4","num_hidden_layers":4,"sliding_window":null})").at("/layer_types") == nullptr);
}

TEST_CASE("class defaults: a hostile number of layers is not written out") {
  CHECK(filled(R"({"model_type":"gemma2","num_hidden_layers":9000000000})").at("/layer_types") == nullptr);
  CHECK(filled(R"({"model_type":"gemma2","num_hidden_layers":-1})").at("/layer_types") == nullptr);
}

TEST_CASE("class defaults: an unknown or odd model_type leaves the configuration alone") {
  CHECK(filled(R"({"model_type":"nobody"})").root().items.size() == 1);
  CHECK(filled(R"({"model_type":"bert xlm-roberta"})").root().items.size() == 1);
  CHECK(filled(R"({"model_type":12,"text_config":"x"})").root().items.size() == 2);
  CHECK(filled(R"({"model_type":"gemma3","text_config":null})").at("/text_config")->is(json::Type::null));
  CHECK(filled("[]").root().is(json::Type::array));
}

TEST_CASE("class defaults: a language model's class above a nested text configuration fills nothing at the top") {
  const auto config = filled(R"({"model_type":"ministral3","text_config":{"model_type":"ministral3","hidden_size":3072}})");
  CHECK(config.at("/hidden_size") == nullptr);
  CHECK(number(config, "/text_config/num_attention_heads") == 32);
}

TEST_CASE("class defaults: bloom's width has an older name") {
  CHECK(filled(R"({"model_type":"bloom","n_embed":14336})").at("/hidden_size") == nullptr);
}
