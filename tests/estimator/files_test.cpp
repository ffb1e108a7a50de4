// Models that nobody knows, guessed from their tensors.
#include <algorithm>

#include <doctest/doctest.h>

#include "described.hpp"
#include "estimator/files/groups.hpp"
#include "estimator/registry.hpp"
#include "stored.hpp"

using namespace vramauto;

namespace {

// A decoder's tensors under the usual names.
std::vector<Stored> decoder(std::uint32_t layers, std::string_view dtype = "BF16") {
  std::vector<Stored> out{{"model.embed_tokens.weight", "BF16", {1000, 1024}}, {"model.norm.weight", "BF16", {1024}}};
  for (std::uint32_t i = 0; i < layers; ++i) {
    const auto layer = "model.layers." + std::to_string(i) + ".";
    out.push_back({layer + "self_attn.q_proj.weight", dtype, {1024, 1024}});
    out.push_back({layer + "self_attn.k_proj.weight", dtype, {256, 1024}});
    out.push_back({layer + "self_attn.v_proj.weight", dtype, {256, 1024}});
    out.push_back({layer + "self_attn.o_proj.weight", dtype, {1024, 1024}});
    out.push_back({layer + "mlp.up_proj.weight", dtype, {2048, 1024}});
    out.push_back({layer + "mlp.down_proj.weight", dtype, {1024, 2048}});
    out.push_back({layer + "input_layernorm.weight", "BF16", {1024}});
  }
  return out;
}

constexpr std::string_view kFoo = R"({"architectures": ["FooForCausalLM"], "model_type": "foo", "num_attention_heads": 8,
  "num_key_value_heads": 2, "hidden_size": 1024, "num_hidden_layers": 4, "max_position_embeddings": 4096})";

Result<estimator::Blueprint> guess(const std::vector<Stored>& tensors, std::string_view config = kFoo) {
  const Temporary folder;
  if (!config.empty()) folder.write("config.json", config);
  const auto path = write_safetensors(folder, tensors);
  const auto model = model::open(config.empty() ? path : folder.path(), {.use_environment = false});
  REQUIRE_MESSAGE(model, model.error().message);
  static const estimator::Registry registry({});
  return registry.describe(*model);
}

std::uint64_t elements(const std::vector<Stored>& tensors) {
  std::uint64_t out = 0;
  for (auto tensor : tensors) {
    tensor.dtype = "U8";
    out += tensor.bytes();
  }
  return out;
}

estimator::Blueprint described(Result<estimator::Blueprint> answer) {
  REQUIRE_MESSAGE(answer, answer.error().message);
  return std::move(*answer);
}

}  // namespace

TEST_CASE("files: a name is cut at the numbers of its layer and of its copy") {
  const auto place = estimator::files::place_of("model.layers.3.mlp.experts.17.up_proj.weight");
  CHECK(place.before == "model.layers.");
  CHECK(place.layer == 3);
  CHECK(place.between == ".mlp.experts.");
  CHECK(place.copy == 17);
  CHECK(place.after == ".up_proj.weight");
  CHECK(estimator::files::place_of("lm_head.weight").layer == estimator::files::Place::kNone);
  CHECK(estimator::files::place_of("a.99999999999999999999.b").layer == estimator::files::Place::kNone);
  CHECK(estimator::files::place_of("a.3x.4").layer == 4);
  CHECK(estimator::files::place_of("").after.empty());
}

TEST_CASE("files: an unknown architecture is described from its tensors, as a guess") {
  const auto blueprint = described(guess(decoder(4)));
  CHECK(blueprint.estimator == "files");
  CHECK(blueprint.guess);
  CHECK(blueprint.traits.layers == 4);
  CHECK(blueprint.traits.hidden == 1024);
  CHECK(blueprint.traits.max_model_len == 4096);
  CHECK(example::stored_elements(blueprint) == elements(decoder(4)));
  REQUIRE(blueprint.caches.size() == 1);
  CHECK(blueprint.caches[0].heads == 2);
  CHECK(blueprint.caches[0].k_dim == 128);
  CHECK(blueprint.caches[0].layers.count == 4);
  CHECK(blueprint.notes.front().starts_with("a guess from the tensors"));
}

TEST_CASE("files: matrices are divided as projections are, vectors copied") {
  const auto blueprint = described(guess(decoder(4)));
  const auto* k = example::find(blueprint, "model.layers.*.self_attn.k_proj");
  REQUIRE(k);
  CHECK((k->split == VRAMAUTO_SPLIT_UNITS && k->units == 2 && k->uneven == VRAMAUTO_UNEVEN_REPEAT));
  const auto* down = example::find(blueprint, "model.layers.*.mlp.down_proj");
  REQUIRE(down);
  CHECK((down->split == VRAMAUTO_SPLIT_COLS && down->rows == 1024 && down->cols == 2048));
  const auto* norm = example::find(blueprint, "model.layers.*.input_layernorm");
  REQUIRE(norm);
  CHECK((norm->split == VRAMAUTO_SPLIT_NONE && norm->rows == 1024 && norm->cols == 1));
  const auto* head = example::find(blueprint, "lm_head");
  REQUIRE(head);
  CHECK((head->flags & VRAMAUTO_TIED) != 0);
}

TEST_CASE("files: without a configuration, shapes decide") {
  const auto blueprint = described(guess(decoder(3), ""));
  CHECK(blueprint.traits.layers == 3);
  CHECK(blueprint.traits.hidden == 1024);
  CHECK(blueprint.traits.vocab == 1000);
  REQUIRE(blueprint.caches.size() == 1);
  CHECK(blueprint.caches[0].heads * blueprint.caches[0].k_dim == 256);
}

TEST_CASE("files: stacked and numbered experts are experts") {
  auto tensors = decoder(2);
  for (std::uint32_t layer = 0; layer < 2; ++layer) {
    const auto name = "model.layers." + std::to_string(layer) + ".mlp.experts.";
    tensors.push_back({name + "gate_up_proj", "BF16", {4, 1024, 512}});
    for (std::uint32_t i = 0; i < 6; ++i) tensors.push_back({name + std::to_string(i) + ".w1.weight", "BF16", {512, 1024}});
  }
  const auto blueprint = described(guess(tensors, ""));
  const auto* stacked = example::find(blueprint, "model.layers.*.mlp.experts.gate_up_proj");
  REQUIRE(stacked);
  CHECK((stacked->copies == 4 && stacked->split == VRAMAUTO_SPLIT_EXPERTS && stacked->role == VRAMAUTO_ROLE_EXPERT));
  const auto* numbered = example::find(blueprint, "model.layers.*.mlp.experts.*.w1");
  REQUIRE(numbered);
  CHECK((numbered->copies == 6 && numbered->split == VRAMAUTO_SPLIT_EXPERTS));
  CHECK(example::stored_elements(blueprint) == elements(tensors));
}

TEST_CASE("files: packed weights are taken as they are stored") {
  auto tensors = decoder(2, "U8");
  tensors.push_back({"model.layers.0.mlp.up_proj.weight_scale", "F32", {2048, 8}});
  const auto blueprint = described(guess(tensors));
  const auto* up = example::find(blueprint, "model.layers.*.mlp.up_proj");
  REQUIRE(up);
  CHECK((up->dtype == VRAMAUTO_U8 && up->role == VRAMAUTO_ROLE_OTHER));
  const auto* scale = example::find(blueprint, "model.layers.*.mlp.up_proj.weight_scale");
  REQUIRE(scale);
  CHECK(scale->dtype == VRAMAUTO_F32);
  CHECK(blueprint.traits.dtype == VRAMAUTO_BF16);
}

TEST_CASE("files: layers beyond the configuration's are for speculation, towers are no layers") {
  auto tensors = decoder(5);
  for (std::uint32_t i = 0; i < 3; ++i)
    tensors.push_back({"vision.blocks." + std::to_string(i) + ".fc.weight", "BF16", {512, 512}});
  const auto blueprint = described(guess(tensors));
  CHECK(blueprint.traits.layers == 4);
  CHECK(blueprint.traits.draft_layers == 1);
  const auto* tower = example::find(blueprint, "vision.blocks.*.fc");
  REQUIRE(tower);
  CHECK((tower->layers.first == VRAMAUTO_LAYER_INPUT && tower->copies == 3));
  CHECK(example::stored_elements(blueprint) == elements(tensors));
}

TEST_CASE("files: the configuration of the language model may be nested") {
  const auto blueprint = described(guess(decoder(4), R"({"architectures": ["FooForConditionalGeneration"], "text_config":
    {"hidden_size": 1024, "num_attention_heads": 16, "num_key_value_heads": 4, "max_position_embeddings": 333}})"));
  CHECK(blueprint.traits.max_model_len == 333);
  REQUIRE(blueprint.caches.size() == 1);
  CHECK((blueprint.caches[0].heads == 4 && blueprint.caches[0].k_dim == 64));
}

TEST_CASE("files: latents are recognised") {
  auto tensors = decoder(4);
  for (std::uint32_t i = 0; i < 4; ++i)
    tensors.push_back({"model.layers." + std::to_string(i) + ".self_attn.kv_a_proj_with_mqa.weight", "BF16", {576, 1024}});
  const auto blueprint = described(guess(tensors));
  REQUIRE(blueprint.caches.size() == 1);
  const auto& cache = blueprint.caches[0];
  CHECK((cache.kind == VRAMAUTO_CACHE_LATENT && cache.heads == 1 && cache.k_dim == 512 && cache.v_dim == 64));
}

TEST_CASE("files: what says nothing about a model is refused, with the rule") {
  const auto answer = guess({{"a", "F32", {3}}, {"b", "F32", {}}}, "");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().status == VRAMAUTO_E_UNSUPPORTED);
  CHECK(answer.error().message.find("--method rule") != std::string::npos);
}

TEST_CASE("files: wrong numbers of the configuration are refused, not believed") {
  const auto answer = guess(decoder(1), R"({"architectures": ["Foo"], "hidden_size": -4})");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message == "/hidden_size is -4, expected a positive integer");
}

TEST_CASE("files: heads wider than any layer, and tensors without elements, are refused") {
  const auto wide = guess(decoder(1), R"({"architectures": ["Foo"], "num_attention_heads": 65536, "head_dim": 65536})");
  REQUIRE_FALSE(wide);
  CHECK(wide.error().status == VRAMAUTO_E_FORMAT);
  const auto empty = guess({{"a.0.b", "F32", {0, 4}}}, "");
  REQUIRE_FALSE(empty);
  CHECK(empty.error().status == VRAMAUTO_E_UNSUPPORTED);
}

TEST_CASE("files: endless different names end at a limit") {
  std::vector<Stored> tensors;
  for (std::uint32_t i = 0; i < 20000; ++i) tensors.push_back({std::string("t").append(std::to_string(i)), "U8", {2}});
  const auto answer = guess(tensors, "");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().status == VRAMAUTO_E_LIMIT);
}
