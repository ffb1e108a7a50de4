// Composites: towers, where they are and what drops them, and the text behind them.
#include "shipped.hpp"

using namespace vramauto;
using shipped::describe;
using shipped::find;
using shipped::price;
using shipped::refusal;
using shipped::try_price;

namespace {

// A small Qwen3-VL: 4 blocks of 64, patches of 2 x 4 x 4, one DeepStack level; keys in `more` join the text's.
std::string pictures(std::string_view more = {}, std::string_view whole = {}) {
  return fmt::format(R"({{"architectures": ["Qwen3VLForConditionalGeneration"], "model_type": "qwen3_vl", "dtype": "bfloat16",
    "tie_word_embeddings": false, "text_config": {{"model_type": "qwen3_vl_text", "hidden_size": 128, "intermediate_size": 256,
      "num_hidden_layers": 4, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 16, "vocab_size": 512,
      "max_position_embeddings": 1024{}}},
    "vision_config": {{"model_type": "qwen3_vl", "depth": 4, "hidden_size": 64, "intermediate_size": 96, "num_heads": 4,
      "in_channels": 3, "patch_size": 4, "temporal_patch_size": 2, "spatial_merge_size": 2, "out_hidden_size": 128,
      "num_position_embeddings": 36, "deepstack_visual_indexes": [1]}}{}}})",
                     more, whole);
}

std::string speech(std::uint32_t heads) {
  return fmt::format(R"({{"architectures": ["Qwen3ASRForConditionalGeneration"], "model_type": "qwen3_asr", "thinker_config": {{
    "dtype": "bfloat16", "audio_config": {{"d_model": 96, "encoder_ffn_dim": 128, "encoder_layers": 2,
      "encoder_attention_heads": {}, "num_mel_bins": 16, "max_source_positions": 100, "downsample_hidden_size": 8,
      "output_dim": 64}},
    "text_config": {{"model_type": "qwen3_asr_text", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
      "num_attention_heads": 8, "num_key_value_heads": 8, "head_dim": 8, "vocab_size": 256, "max_position_embeddings": 512}}}}}})",
                     heads);
}

Bytes part(const engine::Estimate& estimate, std::string_view name, std::size_t rank = 0) {
  for (const auto& component : estimate.ranks[rank].components)
    if (component.name == name) return component.amount.best;
  return 0;
}

// Elements of the Qwen3-VL tower above: patches, positions, the merger, DeepStack's merger, blocks, and its rotary table.
constexpr Bytes kTower = (64 * 96 + 64) + 36 * 64 + (2 * 64 + 256 * 256 + 256 + 128 * 256 + 128) +
                         (2 * 256 + 256 * 256 + 256 + 128 * 256 + 128) +
                         4 * (4 * 64 + (192 * 64 + 192) + (64 * 64 + 64) + (96 * 64 + 96) + (64 * 96 + 64)) + 8192 * 8;

}  // namespace

TEST_CASE("vision: names are the checkpoint's: the base model below \"model.\", lm_head beside it") {
  const auto blueprint = describe(pictures());
  CHECK(find(blueprint, "model.visual.blocks.*.attn.qkv"));
  CHECK(find(blueprint, "model.language_model.layers.*.self_attn.q_proj"));
  CHECK(find(blueprint, "lm_head"));
}

TEST_CASE("vision: a tower is weights before the layers, its blocks are copies, and it serves images and videos") {
  const auto blueprint = describe(pictures());
  const auto* qkv = find(blueprint, "model.visual.blocks.*.attn.qkv");
  REQUIRE(qkv);
  CHECK(qkv->layers.first == VRAMAUTO_LAYER_INPUT);
  CHECK(qkv->copies == 4);
  CHECK(qkv->encoders == 3);
  REQUIRE(blueprint.encoders.size() == 2);
  CHECK(blueprint.encoders[0].levels == 1);
}

TEST_CASE("vision: its weights are counted to the byte, DeepStack's buffers with them") {
  const auto estimate = price(pictures(), {{"engine-version", "0.33.0"}, {"max-num-batched-tokens", "1024"}});
  CHECK(part(*estimate, "encoders") == kTower * 2);
  const auto buffers = 1024 * 128 * 2;
  CHECK(part(*estimate, "buffers") >= buffers);
  CHECK(part(*estimate, "buffers") < buffers + 4096);
}

TEST_CASE("vision: a tower is on the first stage only with the second runner, on all before") {
  const auto second = price(pictures(), {{"engine-version", "0.33.0"}, {"pipeline-parallel-size", "2"}});
  CHECK(part(*second, "encoders", 0) == kTower * 2);
  CHECK(part(*second, "encoders", 1) == 0);
  const auto first = price(pictures(), {{"engine-version", "0.18.0"}, {"pipeline-parallel-size", "2"}});
  CHECK(part(*first, "encoders", 1) == kTower * 2);
}

TEST_CASE("vision: 0.19 refuses stages where it does not name the text's architecture") {
  const auto done = try_price(pictures(), {{"engine-version", "0.19.1"}, {"pipeline-parallel-size", "2"}});
  REQUIRE_FALSE(done);
  CHECK(done.error().status == VRAMAUTO_E_UNSUPPORTED);
}

TEST_CASE("vision: --language-model-only and limits of 0 leave a tower out, a limit of one modality does not") {
  CHECK(part(*price(pictures(), {{"language-model-only", "true"}}), "encoders") == 0);
  CHECK(part(*price(pictures(), {{"limit-mm-per-prompt", R"({"image": 0, "video": 0})"}}), "encoders") == 0);
  CHECK(part(*price(pictures(), {{"limit-mm-per-prompt", R"({"image": 0})"}}), "encoders") == kTower * 2);
}

TEST_CASE("vision: --mm-encoder-tp-mode data keeps a tower whole on every rank") {
  const auto whole = price(pictures(), {{"tensor-parallel-size", "2"}, {"mm-encoder-tp-mode", "data"}});
  CHECK(part(*whole, "encoders") == kTower * 2);
  CHECK(part(*price(pictures(), {{"tensor-parallel-size", "2"}}), "encoders") < kTower * 2);
}

TEST_CASE("vision: ranks must divide a tower's heads") {
  const auto done = try_price(pictures(), {{"tensor-parallel-size", "8"}});
  REQUIRE_FALSE(done);
  CHECK(done.error().message.find("4 is not divisible by 8") != std::string::npos);
}

TEST_CASE("vision: an audio tower whose heads do not divide stays whole, which 0.19 refuses") {
  const auto whole = price(speech(6), {{"engine-version", "0.33.0"}, {"tensor-parallel-size", "4"}});
  const auto alone = price(speech(6), {{"engine-version", "0.33.0"}});
  CHECK(part(*whole, "encoders") == part(*alone, "encoders"));
  CHECK_FALSE(try_price(speech(6), {{"engine-version", "0.19.1"}, {"tensor-parallel-size", "4"}}));
  CHECK(try_price(speech(8), {{"engine-version", "0.19.1"}, {"tensor-parallel-size", "4"}}));
}

TEST_CASE("vision: a table of several axes holds four rows a position, one for Qwen3-VL from 0.32 on") {
  const auto config = pictures(R"(, "rope_parameters": {"rope_type": "default", "mrope_section": [4, 2, 2]})");
  const Bytes plain = 1024 * 16 * 2;
  CHECK(part(*price(config, {{"engine-version", "0.31.0"}}), "rope") == 4 * plain);
  CHECK(part(*price(config, {{"engine-version", "0.33.0"}}), "rope") == plain);
}

TEST_CASE("vision: a format of the checkpoint reaches a tower unless the checkpoint says otherwise, by any of its names") {
  const auto with = [](std::string_view ignored) {
    return pictures({}, fmt::format(R"(, "quantization_config": {{"quant_method": "fp8", "ignored_layers": [{}]}})", ignored));
  };
  std::string all;
  for (const auto* name :
       {"merger.linear_fc1", "merger.linear_fc2", "deepstack_merger_list.0.linear_fc1", "deepstack_merger_list.0.linear_fc2",
        "blocks.0.attn.qkv", "blocks.0.attn.proj", "blocks.0.mlp.linear_fc1", "blocks.0.mlp.linear_fc2"})
    all += fmt::format("{}\"visual.{}\"", all.empty() ? "" : ", ", name);
  CHECK(part(*price(with(all), {}), "encoders") == kTower * 2);
  CHECK(part(*price(with("\"lm_head\""), {}), "encoders") < kTower * 2);
}

TEST_CASE("vision: what a text of a composite does on the ends is its own class's") {
  auto config = pictures(R"(, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32)");
  config.replace(config.find("Qwen3VLFor"), 10, "Qwen3VLMoeFor");
  const auto estimate = price(config, {{"engine-version", "0.33.0"}, {"pipeline-parallel-size", "2"}});
  CHECK(part(*estimate, "head", 0) > 0);
  CHECK(part(*estimate, "embedding", 1) > 0);
}

TEST_CASE("vision: the whole's key says whether the text is tied, up to 0.19 a text that says it is not was not") {
  auto config = pictures(R"(, "tie_word_embeddings": false)");
  config.replace(config.find("\"tie_word_embeddings\": false, \"text_config\""), 28, "\"tie_word_embeddings\": true ");
  const Bytes head = 512 * 128 * 2;
  CHECK(part(*price(config, {{"engine-version", "0.33.0"}}), "head") < head);
  CHECK(part(*price(config, {{"engine-version", "0.19.1"}}), "head") > head);
}

TEST_CASE("vision: GLM-4.1V's text is what its own object says: keys beside it are not read") {
  const auto blueprint = describe(R"({"architectures": ["Glm4vForConditionalGeneration"], "model_type": "glm4v",
    "torch_dtype": "bfloat16", "max_position_embeddings": 65536, "vision_config": {}})");
  CHECK(blueprint.traits.max_model_len == 32768);
  CHECK(blueprint.traits.layers == 40);
}

TEST_CASE("vision: sizes that no tower has are refused with the key") {
  auto config = pictures();
  config.replace(config.find("\"num_heads\": 4"), 14, "\"num_heads\": 0");
  CHECK(refusal(config).find("/vision_config/num_heads is 0") != std::string::npos);
}
