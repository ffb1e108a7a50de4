#include "shipped.hpp"

using namespace vramauto;
using shipped::describe;
using shipped::find;
using shipped::price;

namespace {

constexpr auto kWhisper =
    R"({"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper", "torch_dtype": "float32",
  "d_model": 384, "encoder_layers": 4, "decoder_layers": 4, "encoder_attention_heads": 6, "decoder_attention_heads": 6,
  "encoder_ffn_dim": 1536, "decoder_ffn_dim": 1536, "vocab_size": 51865, "num_mel_bins": 80, "max_source_positions": 1500,
  "max_target_positions": 448})";

}  // namespace

TEST_CASE("encdec: Whisper tiny has the 37,760,640 parameters of its card and the k biases that vLLM adds") {
  CHECK(shipped::stored_elements(describe(kWhisper)) == 37760640 + 12 * 384);
}

TEST_CASE("encdec: a decoder layer keeps its own keys and the encoder's") {
  const auto blueprint = describe(kWhisper);
  REQUIRE(blueprint.caches.size() == 2);
  CHECK(blueprint.caches[0].kind == VRAMAUTO_CACHE_FULL);
  CHECK(blueprint.caches[1].kind == VRAMAUTO_CACHE_CROSS);
}

TEST_CASE("encdec: the encoder's keys take as many tokens as a batch may have, 512 blocks beside 28") {
  const auto estimate = price(kWhisper, {{"engine-version", "0.33.0"}, {"max-num-batched-tokens", "8192"}});
  CHECK(estimate->cache_bytes(estimate->ranks[0], 448, 1, false) == (28 + 512) * estimate->bytes_per_block);
}

TEST_CASE("encdec: prompts are not split and not kept") {
  const auto estimate = price(kWhisper, {{"engine-version", "0.33.0"}});
  CHECK_FALSE(estimate->effective.enable_chunked_prefill);
  CHECK_FALSE(estimate->effective.enable_prefix_caching);
}

TEST_CASE("encdec: the encoder's weights belong to the audio tower, the decoder's do not") {
  const auto blueprint = describe(kWhisper);
  CHECK(find(blueprint, "model.encoder.layers.*.fc1")->encoders == 1);
  CHECK(find(blueprint, "model.encoder.layers.*.fc1")->copies == 4);
  CHECK(find(blueprint, "model.decoder.layers.*.fc1")->encoders == 0);
}

TEST_CASE("encdec: BART ran on engine V0; later versions say why not") {
  const auto bart = R"({"architectures": ["BartForConditionalGeneration"], "model_type": "bart", "d_model": 64, "encoder_layers": 2,
    "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 128, "decoder_ffn_dim": 128,
    "vocab_size": 512})";
  CHECK(shipped::try_price(bart, {{"engine-version", "0.9.2"}}));
  CHECK(shipped::try_price(bart, {{"engine-version", "0.19.1"}}).error().message.find("bart-plugin") != std::string::npos);
  CHECK(shipped::try_price(bart, {{"engine-version", "0.33.0"}}).error().message.find("position_ids") != std::string::npos);
}

TEST_CASE("encdec: T5 v1.1 small has the 76,961,152 parameters of its card: no biases, two gates, one table a stack") {
  const auto blueprint =
      describe(R"({"architectures": ["T5ForConditionalGeneration"], "model_type": "t5", "d_model": 512, "d_kv": 64,
    "d_ff": 1024, "num_layers": 8, "num_decoder_layers": 8, "num_heads": 6, "vocab_size": 32128, "feed_forward_proj": "gated-gelu",
    "relative_attention_num_buckets": 32, "tie_word_embeddings": false})");
  CHECK(shipped::stored_elements(blueprint) == 76961152);
}
