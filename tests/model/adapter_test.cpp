// LoRA adapters: folders that stand for their base model and themselves.
#include <doctest/doctest.h>

#include "model/model.hpp"
#include "stored.hpp"

using namespace vramauto;

namespace {

constexpr std::string_view kBase = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64})";

std::string config_of(std::string_view base) {
  return std::string(R"({"peft_type": "LORA", "r": 8, "base_model_name_or_path": ")").append(base).append("\"}");
}

Result<model::Model> open(const std::string& path) { return model::open(path, {.use_environment = false}); }

std::string refusal(const std::string& path) {
  const auto opened = open(path);
  return opened ? "opened" : opened.error().message;
}

}  // namespace

TEST_CASE("adapter: its folder opens as its base model, and says so") {
  const Temporary folder;
  folder.write("base/config.json", kBase);
  folder.write("lora/adapter_config.json", config_of(folder / "base"));
  write_safetensors(folder, {{"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", "F32", {8, 64}}},
                    "lora/adapter_model.safetensors");
  const auto opened = open(folder / "lora");
  REQUIRE_MESSAGE(opened, opened.error().message);
  CHECK(opened->path == folder / "base");
  CHECK(opened->architecture == "LlamaForCausalLM");
  CHECK(opened->adapter_path == folder / "lora");
  CHECK_FALSE(opened->tensors.known());
  REQUIRE(opened->document("adapter_config.json"));
  CHECK(opened->document("adapter_config.json")->at("/r")->integer == 8);
  REQUIRE(opened->warnings.size() == 1);
  CHECK(opened->warnings[0].code == "adapter");
}

TEST_CASE("adapter: its base model may be one of the catalogue's") {
  const Temporary folder;
  folder.write("adapter_config.json", config_of("Qwen/Qwen3-8B"));
  const auto opened = open(folder.path());
  REQUIRE_MESSAGE(opened, opened.error().message);
  CHECK(opened->id == "Qwen/Qwen3-8B");
  CHECK(opened->adapter_path == folder.path());
}

TEST_CASE("adapter: what a merged adapter leaves beside a model changes nothing") {
  const Temporary folder;
  folder.write("config.json", kBase);
  folder.write("adapter_config.json", config_of("/nowhere"));
  write_safetensors(folder, {{"model.norm.weight", "BF16", {64}}});
  const auto opened = open(folder.path());
  REQUIRE_MESSAGE(opened, opened.error().message);
  CHECK(opened->adapter_path.empty());
}

TEST_CASE("adapter: without a base model, or with one that is not there, it is refused") {
  const Temporary folder;
  folder.write("none/adapter_config.json", R"({"peft_type": "LORA"})");
  CHECK(refusal(folder / "none") == "base_model_name_or_path is missing, expected the model that the adapter is for");
  folder.write("null/adapter_config.json", R"({"base_model_name_or_path": null})");
  CHECK(refusal(folder / "null").starts_with("base_model_name_or_path is null"));
  folder.write("gone/adapter_config.json", config_of(folder / "nowhere"));
  CHECK(refusal(folder / "gone") == "does not exist (the base model of " + (folder / "gone") + ")");
}

TEST_CASE("adapter: adapters of each other end at a depth") {
  const Temporary folder;
  folder.write("adapter_config.json", config_of(folder.path()));
  CHECK(refusal(folder.path()).starts_with("is an adapter of an adapter, 4 deep"));
}
