#include <doctest/doctest.h>

#include "described.hpp"

using namespace vramauto;
using example::describe;
using example::find;
using example::llama;
using example::refusal;

TEST_CASE("decoder: Llama-3.1-8B has the 8,030,261,248 parameters of its card") {
  const auto blueprint = describe(llama(R"("hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
    "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256)"));
  REQUIRE(blueprint);
  CHECK(example::stored_elements(*blueprint) == 8030261248);
}

TEST_CASE("decoder: GPT-2 has the 124,439,808 parameters of its card") {
  const auto blueprint = describe(R"({"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": 768, "n_layer": 12,
    "n_head": 12, "n_positions": 1024, "vocab_size": 50257, "tie_word_embeddings": true})");
  REQUIRE(blueprint);
  CHECK(example::stored_elements(*blueprint) == 124439808);
}

TEST_CASE("decoder: Qwen3-0.6B has the 596,049,920 parameters of its card, the head being the embedding") {
  const auto blueprint = describe(R"({"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 1024,
    "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 3072,
    "vocab_size": 151936, "max_position_embeddings": 40960, "tie_word_embeddings": true})");
  REQUIRE(blueprint);
  CHECK(example::stored_elements(*blueprint) == 596049920);
  CHECK(find(*blueprint, "lm_head")->flags == VRAMAUTO_TIED);
}

TEST_CASE("decoder: Gemma-2-2B has the 2,614,341,888 parameters of its card") {
  const auto blueprint = describe(R"({"architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2", "hidden_size": 2304,
    "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "intermediate_size": 9216,
    "vocab_size": 256000, "max_position_embeddings": 8192, "sliding_window": 4096})");
  REQUIRE(blueprint);
  CHECK(example::stored_elements(*blueprint) == 2614341888);
}

TEST_CASE("decoder: Phi-2 has the 2,779,683,840 parameters of its card, biases everywhere") {
  const auto blueprint = describe(R"({"architectures": ["PhiForCausalLM"], "model_type": "phi", "hidden_size": 2560,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32, "intermediate_size": 10240, "vocab_size": 51200,
    "max_position_embeddings": 2048, "partial_rotary_factor": 0.4})");
  REQUIRE(blueprint);
  CHECK(example::stored_elements(*blueprint) == 2779683840);
  CHECK(find(*blueprint, "rotary_emb")->cols == 32);
}

TEST_CASE("decoder: Falcon-7B has one KV head and the 6,921,720,704 parameters of its card") {
  const auto blueprint = describe(R"({"architectures": ["FalconForCausalLM"], "model_type": "falcon", "hidden_size": 4544,
    "num_hidden_layers": 32, "num_attention_heads": 71, "vocab_size": 65024, "multi_query": true, "parallel_attn": true, "bias": false,
    "new_decoder_architecture": false, "alibi": false, "tie_word_embeddings": true})");
  REQUIRE(blueprint);
  CHECK(example::stored_elements(*blueprint) == 6921720704);
  CHECK(blueprint->caches.at(0).heads == 1);
}

TEST_CASE("decoder: OPT-125M has the 125,239,296 parameters of its card, two positions more than it says") {
  const auto blueprint = describe(R"({"architectures": ["OPTForCausalLM"], "model_type": "opt", "hidden_size": 768,
    "num_hidden_layers": 12, "num_attention_heads": 12, "ffn_dim": 3072, "vocab_size": 50272, "max_position_embeddings": 2048,
    "word_embed_proj_dim": 768, "do_layer_norm_before": true, "tie_word_embeddings": true})");
  REQUIRE(blueprint);
  CHECK(example::stored_elements(*blueprint) == 125239296);
}

TEST_CASE("decoder: layers of different kinds become one range each") {
  const auto blueprint = describe(R"({"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "hidden_size": 1152,
    "num_hidden_layers": 26, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256, "intermediate_size": 6912,
    "vocab_size": 262144, "max_position_embeddings": 32768, "sliding_window": 512, "sliding_window_pattern": 6})");
  REQUIRE(blueprint);
  REQUIRE(blueprint->caches.size() == 2);
  const auto &full = blueprint->caches[0], &sliding = blueprint->caches[1];
  CHECK(full.kind == VRAMAUTO_CACHE_FULL);
  CHECK(full.layers.first == 5);
  CHECK(full.layers.count == 4);
  CHECK(full.layers.stride == 6);
  CHECK(sliding.window == 512);
  CHECK(sliding.layers.count == 22);
  CHECK(sliding.layers.run == 5);
}

TEST_CASE("decoder: Qwen2's window counts only with its switch") {
  const std::string config =
      R"({"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 8, "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 1000, "max_position_embeddings": 2048,
    "sliding_window": 512, "max_window_layers": 0)";
  CHECK(describe(config + "}")->caches.at(0).kind == VRAMAUTO_CACHE_FULL);
  CHECK(describe(config + R"(, "use_sliding_window": true})")->caches.at(0).window == 512);
}

TEST_CASE("decoder: Mistral's window is every layer's") {
  const auto blueprint = describe(llama(R"("sliding_window": 512)"));
  REQUIRE(blueprint);
  CHECK(blueprint->caches.at(0).kind == VRAMAUTO_CACHE_SLIDING);
  CHECK(blueprint->caches.at(0).layers.count == 4);
}

TEST_CASE("decoder: parts that the engine keeps as one tensor have one number") {
  const auto blueprint = describe(llama());
  REQUIRE(blueprint);
  CHECK(find(*blueprint, "model.layers.*.self_attn.q_proj")->parameter ==
        find(*blueprint, "model.layers.*.self_attn.v_proj")->parameter);
  CHECK(find(*blueprint, "model.layers.*.mlp.gate_proj")->parameter == find(*blueprint, "model.layers.*.mlp.up_proj")->parameter);
  CHECK(find(*blueprint, "model.layers.*.self_attn.o_proj")->parameter == 0);
}

TEST_CASE("decoder: qkv_bias decides alone where it is there") {
  const auto blueprint = describe(llama(R"("bias": true, "qkv_bias": false)"));
  REQUIRE(blueprint);
  CHECK((find(*blueprint, "model.layers.*.self_attn.q_proj")->flags & VRAMAUTO_BIAS) == 0);
  CHECK((find(*blueprint, "model.layers.*.self_attn.o_proj")->flags & VRAMAUTO_BIAS) != 0);
}

TEST_CASE("decoder: dynamic scaling lengthens the model") {
  CHECK(describe(llama(R"("rope_scaling": {"type": "dynamic", "factor": 4.0})"))->traits.max_model_len == 8192);
}

TEST_CASE("decoder: Llama 3's scaling does not lengthen the model") {
  const auto config = llama(R"("rope_scaling": {"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 256})");
  CHECK(describe(config)->traits.max_model_len == 2048);
}

TEST_CASE("decoder: LongRoPE holds both tables and starts with the shorter length") {
  const auto blueprint = describe(llama(R"("original_max_position_embeddings": 512, "rope_scaling": {"type": "su"})"));
  REQUIRE(blueprint);
  CHECK(blueprint->traits.max_model_len == 512);
  CHECK(find(*blueprint, "rotary_emb")->rows == 512 + 2048);
}

TEST_CASE("decoder: YaRN's table is the original length times the factor") {
  const auto blueprint =
      describe(llama(R"("rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 1024})"));
  REQUIRE(blueprint);
  CHECK(find(*blueprint, "rotary_emb")->rows == 4096);
}

TEST_CASE("decoder: scaling that no engine knows is refused in its words") {
  CHECK(refusal(llama(R"("rope_scaling": {"type": "spiral"})")) == "config.json: Unknown RoPE scaling type spiral");
}

TEST_CASE("decoder: every block of DeciLM has its own shape") {
  const auto blueprint = describe(R"({"architectures": ["DeciLMForCausalLM"], "model_type": "nemotron-nas", "hidden_size": 64,
    "num_hidden_layers": 3, "num_attention_heads": 8, "vocab_size": 1000, "max_position_embeddings": 2048, "block_configs": [
      {"attention": {"n_heads_in_group": 4}, "ffn": {"intermediate_size": 256}},
      {"attention": {"no_op": true}, "ffn": {"intermediate_size": 512}},
      {"attention": {"n_heads_in_group": 4}, "ffn": {"no_op": true}}]})");
  REQUIRE(blueprint);
  std::uint32_t cached = 0;
  for (const auto& cache : blueprint->caches) {
    CHECK(cache.heads == 2);
    cached += cache.layers.count;
  }
  CHECK(cached == 2);
}

TEST_CASE("decoder: zero heads are refused with the key") {
  CHECK(refusal(llama(R"("num_attention_heads": 0)")) == "config.json: /num_attention_heads is 0, expected a positive integer");
}

TEST_CASE("decoder: a negative size is refused with the key") {
  CHECK(refusal(llama(R"("hidden_size": -64)")) == "config.json: /hidden_size is -64, expected a positive integer");
}

TEST_CASE("decoder: a size written as text is refused with the key") {
  CHECK(refusal(llama(R"("num_hidden_layers": "four")")) == "config.json: /num_hidden_layers is \"four\", expected an integer");
}

TEST_CASE("decoder: a size beyond any model is refused with its limit") {
  CHECK(refusal(llama(R"("num_hidden_layers": 1000000000)")) ==
        "config.json: /num_hidden_layers is 1000000000, expected at most 4096");
}

TEST_CASE("decoder: more heads than hidden elements are refused") {
  CHECK(refusal(llama(R"("num_attention_heads": 128)")) ==
        "config.json: /num_attention_heads is 128, expected at most the hidden size 64");
}

TEST_CASE("decoder: a missing size that its class does not know either is refused") {
  CHECK(refusal(R"({"architectures": ["XverseForCausalLM"], "model_type": "xverse"})") ==
        "config.json: /hidden_size is missing, expected a positive integer");
}

TEST_CASE("decoder: layer_types shorter than the model is refused") {
  CHECK(refusal(llama(R"("sliding_window": 8, "layer_types": ["full_attention"])")) ==
        "config.json: /layer_types has 1 entries, expected one for each of 4 layers");
}

TEST_CASE("decoder: a scaling factor of zero is refused with the key") {
  CHECK(refusal(llama(R"("rope_scaling": {"type": "linear", "factor": 0})")) ==
        "config.json: /rope_scaling/factor is 0.000000, expected a positive number up to 1000000");
}

TEST_CASE("decoder: a hybrid with experts is left to others") {
  const auto done = describe(R"({"architectures": ["GraniteMoeHybridForCausalLM"], "hidden_size": 64, "num_hidden_layers": 1,
    "num_attention_heads": 8, "shared_intermediate_size": 64, "vocab_size": 10, "num_local_experts": 8})");
  REQUIRE_FALSE(done);
  CHECK(done.error().status == VRAMAUTO_E_UNSUPPORTED);
}
