// Text to text: BART and its kin, T5. No release of vLLM after 0.10 runs them, so these are the checkpoint's tensors, in the order
// in which transformers 5.24, models/bart, mbart, m2m_100, t5, and engine V0 of vLLM 0.9, models/bart.py, create them.
#include <algorithm>

#include "encdec.hpp"

namespace vramauto::encdec {
namespace {

constexpr WidthKeys kEncoder{"encoder_layers", "encoder_attention_heads", "d_model", "encoder_ffn_dim"};
constexpr WidthKeys kDecoder{"decoder_layers", "decoder_attention_heads", "d_model", "decoder_ffn_dim"};

enum class Positions : std::uint8_t { learned, computed };
struct Form {
  Positions positions = Positions::learned;
  bool embedding_norm = true, final_norm = false;
};

struct Model {
  Width encoder, decoder;
  std::uint64_t vocab = 0, positions = 0;
};

Answer<Model> read(const Description& model) {
  Model out;
  out.encoder = VRAMAUTO_TAKE(read_width(model, kEncoder));
  out.decoder = VRAMAUTO_TAKE(read_width(model, kDecoder));
  out.vocab = VRAMAUTO_TAKE(model.positive("vocab_size", 1u << 26));
  out.positions = VRAMAUTO_TAKE(model.positive("max_position_embeddings", kMostPositions, 1024));
  return {out, VRAMAUTO_OK};
}

Answer<bool> ties(const Description& model) {
  return model.has("/tie_word_embeddings") ? model.boolean("/tie_word_embeddings") : Answer<bool>{true, VRAMAUTO_OK};
}

// One side of BART: tables and norms at its ends, and its layers.
vramauto_status side(const Description& model, const Model& sizes, const Form& form, bool decodes) {
  const auto& width = decodes ? sizes.decoder : sizes.encoder;
  const Stack stack(model, decodes ? "model.decoder." : "model.encoder.", width, 0, decodes);
  if (form.positions == Positions::learned)
    VRAMAUTO_DO(stack.beside("embed_positions", VRAMAUTO_ROLE_OTHER, sizes.positions + 2, width.hidden, false));
  VRAMAUTO_DO(stack.attention("layers.*.self_attn"));
  VRAMAUTO_DO(stack.norm("layers.*.self_attn_layer_norm"));
  if (decodes) {
    VRAMAUTO_DO(stack.cross("layers.*.encoder_attn"));
    VRAMAUTO_DO(stack.norm("layers.*.encoder_attn_layer_norm"));
  }
  VRAMAUTO_DO(stack.up("layers.*.fc1"));
  VRAMAUTO_DO(stack.down("layers.*.fc2"));
  VRAMAUTO_DO(stack.norm("layers.*.final_layer_norm"));
  if (form.embedding_norm) VRAMAUTO_DO(stack.beside("layernorm_embedding", VRAMAUTO_ROLE_NORM, width.hidden, 1, true));
  return form.final_norm ? stack.beside("layer_norm", VRAMAUTO_ROLE_NORM, width.hidden, 1, true) : vramauto_status{VRAMAUTO_OK};
}

vramauto_status describe(const Description& model, const Form& form) {
  const auto sizes = VRAMAUTO_READ(read(model));
  const auto& width = sizes.decoder;
  VRAMAUTO_DO(set_traits(model, width, sizes.vocab, sizes.positions));
  const Stack ends(model, "model.", width, 0, true);
  VRAMAUTO_DO(ends.beside("shared", VRAMAUTO_ROLE_EMBEDDING, sizes.vocab, width.hidden, false, VRAMAUTO_SPLIT_VOCAB));
  VRAMAUTO_DO(side(model, sizes, form, false));
  VRAMAUTO_DO(side(model, sizes, form, true));
  VRAMAUTO_DO(add_forward(model, width, width.heads));
  VRAMAUTO_DO(add_caches(model, width, width.heads, true));
  return add_head(model, "lm_head", sizes.vocab, width.hidden, VRAMAUTO_READ(ties(model)));
}

vramauto_status bart(const Description& model) { return describe(model, {}); }
vramauto_status mbart(const Description& model) { return describe(model, {Positions::learned, true, true}); }
vramauto_status m2m(const Description& model) { return describe(model, {Positions::computed, false, true}); }

// T5's stacks: norms without bias before every part, no bias anywhere, one table of relative positions a stack.
vramauto_status t5_side(const Description& model, const Width& width, std::uint64_t buckets, bool gated, bool decodes) {
  Stack stack(model, decodes ? "decoder." : "encoder.", width, 0, decodes);
  stack.without_bias().called({".q", ".k", ".v", ".o"});
  VRAMAUTO_DO(stack.attention("block.*.layer.0.SelfAttention"));
  VRAMAUTO_DO(stack.norm("block.*.layer.0.layer_norm", false));
  if (decodes) {
    VRAMAUTO_DO(stack.cross("block.*.layer.1.EncDecAttention"));
    VRAMAUTO_DO(stack.norm("block.*.layer.1.layer_norm", false));
  }
  const auto feed = std::string(decodes ? "block.*.layer.2." : "block.*.layer.1.");
  if (gated) {
    VRAMAUTO_DO(stack.up(feed + "DenseReluDense.wi_0", 3));
    VRAMAUTO_DO(stack.up(feed + "DenseReluDense.wi_1", 3));
  } else {
    VRAMAUTO_DO(stack.up(feed + "DenseReluDense.wi"));
  }
  VRAMAUTO_DO(stack.down(feed + "DenseReluDense.wo"));
  VRAMAUTO_DO(stack.norm(feed + "layer_norm", false));
  VRAMAUTO_DO(
      stack.beside("block.0.layer.0.SelfAttention.relative_attention_bias", VRAMAUTO_ROLE_OTHER, buckets, width.heads, false));
  return stack.beside("final_layer_norm", VRAMAUTO_ROLE_NORM, width.hidden, 1, false);
}

vramauto_status t5(const Description& model) {
  Width width;
  width.layers = static_cast<std::uint32_t>(VRAMAUTO_READ(model.positive("num_layers|num_hidden_layers", kMostLayers)));
  width.heads = static_cast<std::uint32_t>(VRAMAUTO_READ(model.positive("num_heads", 1u << 16)));
  width.hidden = VRAMAUTO_READ(model.positive("d_model", kMostWidth));
  width.ffn = VRAMAUTO_READ(model.positive("d_ff", kMostWidth));
  width.head_dim = VRAMAUTO_READ(model.positive("d_kv", 1u << 16, 64));
  auto decoder = width;
  decoder.layers = static_cast<std::uint32_t>(VRAMAUTO_READ(model.positive("num_decoder_layers", kMostLayers, width.layers)));
  const auto vocab = VRAMAUTO_READ(model.positive("vocab_size", 1u << 26));
  const auto buckets = VRAMAUTO_READ(model.positive("relative_attention_num_buckets", 1u << 16, 32));
  bool gated = false;
  if (model.has("/feed_forward_proj")) gated = VRAMAUTO_READ(model.text("/feed_forward_proj")).starts_with("gated");
  VRAMAUTO_DO(set_traits(model, decoder, vocab, VRAMAUTO_READ(model.positive("n_positions", kMostPositions, 512))));
  const Stack ends(model, "", decoder, 0, true);
  VRAMAUTO_DO(ends.beside("shared", VRAMAUTO_ROLE_EMBEDDING, vocab, width.hidden, false, VRAMAUTO_SPLIT_VOCAB));
  VRAMAUTO_DO(t5_side(model, width, buckets, gated, false));
  VRAMAUTO_DO(t5_side(model, decoder, buckets, gated, true));
  VRAMAUTO_DO(add_forward(model, decoder, decoder.heads, gated));
  VRAMAUTO_DO(add_caches(model, decoder, decoder.heads, true));
  return add_head(model, "lm_head", vocab, width.hidden, VRAMAUTO_READ(ties(model)));
}

constexpr Kind kKinds[] = {
    {"BartModel BartForConditionalGeneration", bart},
    {"MBartForConditionalGeneration", mbart},
    {"M2M100ForConditionalGeneration", m2m},
    {"T5ForConditionalGeneration T5Model MT5ForConditionalGeneration", t5},
};

}  // namespace

const Kind* find_text(std::string_view architecture) { return find_in(kKinds, architecture); }

}  // namespace vramauto::encdec
