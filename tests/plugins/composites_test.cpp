// Towers in front of a text, one fact of each kind.
#include "shipped.hpp"

using namespace vramauto;
using shipped::describe;
using shipped::find;
using shipped::price;

namespace {

constexpr std::string_view kText = R"("model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
  "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 256, "max_position_embeddings": 1024,
  "architectures": ["LlamaForCausalLM"])";
constexpr std::string_view kClip = R"("model_type": "clip_vision_model", "hidden_size": 32, "intermediate_size": 64,
  "num_hidden_layers": 6, "num_attention_heads": 4, "image_size": 28, "patch_size": 7)";

std::string llava(std::string_view more = {}) {
  return fmt::format(R"({{"architectures": ["LlavaForConditionalGeneration"], "model_type": "llava", "torch_dtype": "float16",
    "text_config": {{{}}}, "vision_config": {{{}}}{}}})",
                     kText, kClip, more);
}

std::string intern(std::uint32_t heads) {
  return fmt::format(R"({{"architectures": ["InternVLChatModel"], "model_type": "internvl_chat", "torch_dtype": "bfloat16",
    "llm_config": {{{}}}, "vision_config": {{"hidden_size": 60, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": {}, "image_size": 28, "patch_size": 7, "qkv_bias": true}}}})",
                     kText, heads);
}

constexpr auto kBlocks = "model.vision_tower.vision_model.encoder.layers.*.mlp.fc1";

}  // namespace

TEST_CASE("composites: LLaVA builds its tower up to the feature layer, and no last norm") {
  const auto blueprint = describe(llava(R"(, "vision_feature_layer": -2)"));
  REQUIRE(find(blueprint, kBlocks));
  CHECK(find(blueprint, kBlocks)->copies == 5);
  CHECK_FALSE(find(blueprint, "model.vision_tower.vision_model.post_layernorm"));
}

TEST_CASE("composites: of several feature layers the deepest counts") {
  CHECK(find(describe(llava(R"(, "vision_feature_layer": [-6, -3])")), kBlocks)->copies == 4);
}

TEST_CASE("composites: the text is the built-in decoder's, under the names of the composite") {
  const auto blueprint = describe(llava());
  CHECK(find(blueprint, "model.language_model.layers.*.self_attn.q_proj"));
  CHECK(blueprint.traits.layers == 2);
}

TEST_CASE("composites: no images allowed, no tower built") {
  const auto with = price(llava(), {{"engine-version", "0.33.0"}});
  const auto without = price(llava(), {{"engine-version", "0.33.0"}, {"limit-mm-per-prompt", R"({"image": 0})"}});
  const auto blueprint = describe(llava());
  std::uint64_t tower = 0;
  for (const auto& w : blueprint.weights)
    if (w.encoders) {
      const std::uint64_t size = w.dtype == VRAMAUTO_I64 ? 8 : 2;
      tower += size * w.copies * (w.rows * w.cols + (w.flags & VRAMAUTO_BIAS ? w.rows : 0));
    }
  CHECK(with->ranks[0].parameter_bytes - without->ranks[0].parameter_bytes == tower);
}

TEST_CASE("composites: InternViT's attention stays whole where ranks do not divide its heads, its MLP does not") {
  const auto even = price(intern(4), {{"engine-version", "0.33.0"}, {"tensor-parallel-size", "2"}});
  const auto odd = price(intern(5), {{"engine-version", "0.33.0"}, {"tensor-parallel-size", "2"}});
  // Half of q, k, v with their bias and half of the projection, in two layers of 16 bit.
  CHECK(odd->ranks[0].parameter_bytes - even->ranks[0].parameter_bytes == 2 * 2 * (3 * 60 * 60 + 3 * 60 + 60 * 60) / 2);
}

TEST_CASE("composites: Idefics 3 has the 2,246,272,880 parameters of SmolVLM's card") {
  CHECK(shipped::stored_elements(
            describe(R"({"architectures": ["Idefics3ForConditionalGeneration"], "model_type": "idefics3", "scale_factor": 3,
    "text_config": {"model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24,
    "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 49155, "max_position_embeddings": 16384,
    "tie_word_embeddings": false}, "vision_config": {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27,
    "num_attention_heads": 16, "image_size": 384, "patch_size": 14}})")) == 2246272880);
}

TEST_CASE("composites: Molmo 7B has the 8,021,025,280 parameters of its card") {
  CHECK(shipped::stored_elements(describe(
            R"({"architectures": ["MolmoForCausalLM"], "model_type": "molmo", "hidden_size": 3584, "intermediate_size": 37888,
    "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064, "embedding_size": 152064,
    "qkv_bias": true, "max_position_embeddings": 4096})")) == 8021025280);
}

TEST_CASE("composites: BLIP-2 2.7B has the 3,744,761,856 parameters of its card") {
  CHECK(shipped::stored_elements(describe(
            R"({"architectures": ["Blip2ForConditionalGeneration"], "model_type": "blip-2", "text_config": {"model_type": "opt",
    "architectures": ["OPTForCausalLM"], "hidden_size": 2560, "ffn_dim": 10240, "num_hidden_layers": 32, "num_attention_heads": 32,
    "vocab_size": 50304, "max_position_embeddings": 2048, "word_embed_proj_dim": 2560}, "vision_config": {"hidden_size": 1408,
    "intermediate_size": 6144, "num_hidden_layers": 39, "num_attention_heads": 16, "image_size": 224, "patch_size": 14},
    "qformer_config": {}})")) == 3744761856);
}

TEST_CASE("composites: Phi-3 vision's tower has the class's sizes, and an embedding beside the text's") {
  const auto blueprint = describe(R"({"architectures": ["Phi3VForCausalLM"], "model_type": "phi3_v", "hidden_size": 64,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 4, "intermediate_size": 128, "vocab_size": 256,
    "max_position_embeddings": 1024, "img_processor": {"image_dim_out": 1024, "num_img_tokens": 144}})");
  CHECK(find(blueprint, "model.vision_embed_tokens.img_processor.vision_model.encoder.layers.*.mlp.fc1")->copies == 23);
  CHECK(std::count_if(blueprint.weights.begin(), blueprint.weights.end(),
                      [](const auto& w) { return w.role == VRAMAUTO_ROLE_EMBEDDING; }) == 2);
}

TEST_CASE("composites: Llama 3.2's layers that see have norms and gates more; transformers' class is not divided") {
  const auto config = fmt::format(R"({{"architectures": ["MllamaForConditionalGeneration"], "model_type": "mllama",
    "text_config": {{{}, "cross_attention_layers": [1]}}, "vision_config": {{"hidden_size": 32, "intermediate_size": 64,
    "num_hidden_layers": 2, "num_global_layers": 1, "attention_heads": 4, "image_size": 28, "patch_size": 7}}}})",
                                  kText);
  CHECK(find(describe(config), "model.language_model.layers.*.cross_attn.q_norm")->rows == 16);
  CHECK(shipped::try_price(config, {{"engine-version", "0.19.1"}}));
  CHECK_FALSE(shipped::try_price(config, {{"engine-version", "0.19.1"}, {"tensor-parallel-size", "2"}}));
}

TEST_CASE("composites: SigLIP's MLPs take no format where 64 does not divide their width") {
  const auto config = [](int width) {
    return fmt::format(R"({{"architectures": ["PaliGemmaForConditionalGeneration"], "model_type": "paligemma", "text_config": {{
      "model_type": "gemma", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 1,
      "head_dim": 16, "intermediate_size": 128, "vocab_size": 256, "max_position_embeddings": 1024}}, "vision_config": {{
      "model_type": "siglip_vision_model", "hidden_size": 64, "intermediate_size": {}, "num_hidden_layers": 2,
      "num_attention_heads": 4, "image_size": 28, "patch_size": 7}}}})",
                       width);
  };
  CHECK(find(describe(config(128)), kBlocks)->role == VRAMAUTO_ROLE_LINEAR);
  CHECK(find(describe(config(100)), kBlocks)->role == VRAMAUTO_ROLE_OTHER);
}

TEST_CASE("composites: a tower of a kind that LLaVA has not is refused by name") {
  const auto config = fmt::format(R"({{"architectures": ["LlavaForConditionalGeneration"], "text_config": {{{}}},
    "vision_config": {{"model_type": "swin", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 28,
    "patch_size": 7}}}})",
                                  kText);
  CHECK(shipped::refusal(config).find("\"swin\"") != std::string::npos);
}
