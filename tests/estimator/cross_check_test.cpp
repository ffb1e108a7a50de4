#include "estimator/cross_check.hpp"

#include <doctest/doctest.h>

#include "described.hpp"
#include "estimator/registry.hpp"
#include "stored.hpp"

using namespace vramauto;

namespace {

constexpr std::uint64_t kHidden = 64, kInner = 128, kVocab = 1000;
constexpr std::uint32_t kLayers = 4;

struct Part {
  std::string_view name;
  std::uint64_t rows, cols;
};
constexpr Part kMatrices[] = {{"self_attn.q_proj", 64, kHidden},  {"self_attn.k_proj", 16, kHidden},
                              {"self_attn.v_proj", 16, kHidden},  {"self_attn.o_proj", kHidden, 64},
                              {"mlp.gate_proj", kInner, kHidden}, {"mlp.up_proj", kInner, kHidden},
                              {"mlp.down_proj", kHidden, kInner}};

std::string layer(std::uint32_t i) { return "model.layers." + std::to_string(i) + "."; }

std::vector<Stored> ends() {
  return {{"model.embed_tokens.weight", "BF16", {kVocab, kHidden}},
          {"model.norm.weight", "BF16", {kHidden}},
          {"lm_head.weight", "BF16", {kVocab, kHidden}}};
}
// What example::llama() has, as a checkpoint.
std::vector<Stored> llama(std::uint32_t layers = kLayers) {
  auto out = ends();
  for (std::uint32_t i = 0; i < layers; ++i) {
    for (const auto& part : kMatrices)
      out.push_back({layer(i) + std::string(part.name) + ".weight", "BF16", {part.rows, part.cols}});
    for (const char* norm : {"input_layernorm.weight", "post_attention_layernorm.weight"})
      out.push_back({layer(i) + norm, "BF16", {kHidden}});
  }
  return out;
}

std::string differ(const std::vector<Stored>& tensors, std::string_view more = {}) {
  const Temporary folder;
  folder.write("config.json", example::llama(more));
  write_safetensors(folder, tensors);
  const auto model = model::open(folder.path(), {.use_environment = false});
  REQUIRE_MESSAGE(model, model.error().message);
  static const estimator::Registry registry({});
  const auto blueprint = registry.describe(*model);
  REQUIRE_MESSAGE(blueprint, blueprint.error().message);
  return blueprint->tensors_differ;
}

}  // namespace

TEST_CASE("cross-check: a checkpoint as described says nothing") { CHECK(differ(llama()).empty()); }

TEST_CASE("cross-check: what nobody described is named, with its size") {
  auto tensors = llama();
  for (std::uint32_t i = 0; i < kLayers; ++i) tensors.push_back({layer(i) + "mlp.extra.weight", "BF16", {kInner, kInner}});
  const auto text = differ(tensors);
  CHECK(text.starts_with("estimator decoder described "));
  CHECK(text.find("the largest that differ: model.layers.*.mlp.extra.weight (0 described, 65,536 stored)") != std::string::npos);
}

TEST_CASE("cross-check: what is described and not there is named") {
  auto tensors = llama();
  std::erase_if(tensors, [](const Stored& one) { return one.name.find("down_proj") != std::string::npos; });
  CHECK(differ(tensors).find("model.layers.*.mlp.down_proj (32,768 described, 0 stored)") != std::string::npos);
}

TEST_CASE("cross-check: a head stored beside the embedding that it is raises no alarm") {
  CHECK(differ(llama(), R"("tie_word_embeddings": true)").empty());
}

TEST_CASE("cross-check: layers for speculation raise no alarm") {
  auto tensors = llama(kLayers + 1);
  tensors.push_back({layer(kLayers) + "eh_proj.weight", "BF16", {kHidden, 2 * kHidden}});
  tensors.push_back({"mtp.layers.0.proj.weight", "BF16", {kVocab, kHidden}});
  CHECK(differ(tensors).empty());
}

TEST_CASE("cross-check: biases and tables raise no alarm") {
  auto tensors = llama();
  for (std::uint32_t i = 0; i < kLayers; ++i) {
    tensors.push_back({layer(i) + "self_attn.q_proj.bias", "BF16", {64}});
    tensors.push_back({layer(i) + "self_attn.rotary_emb.inv_freq", "F32", {4096}});
  }
  CHECK(differ(tensors).empty());
}

TEST_CASE("cross-check: packed weights count as what they hold") {
  auto gptq = ends(), fp8 = ends(), fp4 = ends(), bnb = ends();
  for (std::uint32_t i = 0; i < kLayers; ++i)
    for (const auto& part : kMatrices) {
      const auto name = layer(i) + std::string(part.name);
      gptq.push_back({name + ".qweight", "I32", {part.cols / 8, part.rows}});
      gptq.push_back({name + ".qzeros", "I32", {1, part.rows / 8}});
      gptq.push_back({name + ".scales", "F16", {1, part.rows}});
      gptq.push_back({name + ".g_idx", "I32", {part.cols}});
      fp8.push_back({name + ".weight", "F8_E4M3", {part.rows, part.cols}});
      fp8.push_back({name + ".weight_scale_inv", "F32", {16, 16}});
      fp4.push_back({name + ".weight", "U8", {part.rows, part.cols / 2}});
      fp4.push_back({name + ".weight_scale", "F8_E4M3", {part.rows, part.cols / 16}});
      bnb.push_back({name + ".weight", "U8", {part.rows * part.cols / 2, 1}});
      bnb.push_back({name + ".weight.absmax", "U8", {part.rows * part.cols / 64}});
    }
  for (const auto& tensors : {gptq, fp8, fp4, bnb}) CHECK(differ(tensors).empty());
}

TEST_CASE("cross-check: fewer shapes than described are seen through the names") {
  auto tensors = llama();
  for (auto& tensor : tensors)
    if (tensor.name.find("up_proj") != std::string::npos) tensor.shape[0] *= 3;
  CHECK(differ(tensors).find("model.layers.*.mlp.up_proj (32,768 described, 98,304 stored)") != std::string::npos);
}

TEST_CASE("cross-check: a guess is not held against what it was guessed from") {
  estimator::Blueprint guess;
  guess.guess = true;
  CHECK_FALSE(estimator::cross_check(guess, {}));
}
