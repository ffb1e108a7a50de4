// Whisper. Source: vLLM 0.33, models/whisper.py. Embeddings of both sides are torch's own: whole on every rank, not padded.
#include <algorithm>

#include "encdec.hpp"

namespace vramauto::encdec {
namespace {

constexpr std::uint64_t kAudio = 1;  // the first encoder

constexpr WidthKeys kEncoder{"encoder_layers", "encoder_attention_heads", "d_model", "encoder_ffn_dim"};
constexpr WidthKeys kDecoder{"decoder_layers", "decoder_attention_heads", "d_model", "decoder_ffn_dim"};

struct Sizes {
  Width encoder, decoder;
  std::uint64_t vocab = 0, bins = 0, source = 0, target = 0;
};

Answer<Sizes> read(const Description& model) {
  Sizes out;
  out.encoder = VRAMAUTO_TAKE(read_width(model, kEncoder));
  out.decoder = VRAMAUTO_TAKE(read_width(model, kDecoder));
  out.vocab = VRAMAUTO_TAKE(model.positive("vocab_size", 1u << 26));
  out.bins = VRAMAUTO_TAKE(model.positive("num_mel_bins", 4096, 80));
  out.source = VRAMAUTO_TAKE(model.positive("max_source_positions", 1u << 24, 1500));
  out.target = VRAMAUTO_TAKE(model.positive("max_target_positions", kMostPositions, 448));
  return {out, VRAMAUTO_OK};
}

// Two convolutions of three frames, the second of which halves them.
vramauto_status add_tower(const Description& model, const Sizes& sizes) {
  const auto& width = sizes.encoder;
  vramauto_encoder out{};
  out.struct_size = sizeof out;
  out.tokens_per_item = static_cast<std::uint32_t>(sizes.source);
  out.patches_per_item = sizes.source;
  out.input_elements = 2 * sizes.source * sizes.bins;
  out.hidden = out.output = static_cast<std::uint32_t>(width.hidden);
  out.intermediate = static_cast<std::uint32_t>(width.ffn);
  out.heads = width.heads;
  out.layers = width.layers;
  out.modality = "audio";
  out.name = "model.encoder";
  VRAMAUTO_DO(model.host()->add_encoder(model.call(), &out));

  const Stack stack(model, "model.encoder.", width, kAudio, false);
  VRAMAUTO_DO(stack.beside("conv1", VRAMAUTO_ROLE_CONV, width.hidden, 3 * sizes.bins, true));
  VRAMAUTO_DO(stack.beside("conv2", VRAMAUTO_ROLE_CONV, width.hidden, 3 * width.hidden, true));
  VRAMAUTO_DO(stack.attention("layers.*.self_attn"));
  VRAMAUTO_DO(stack.norm("layers.*.self_attn_layer_norm"));
  VRAMAUTO_DO(stack.up("layers.*.fc1"));
  VRAMAUTO_DO(stack.down("layers.*.fc2"));
  VRAMAUTO_DO(stack.norm("layers.*.final_layer_norm"));
  VRAMAUTO_DO(stack.beside("layer_norm", VRAMAUTO_ROLE_NORM, width.hidden, 1, true));
  return stack.beside("embed_positions", VRAMAUTO_ROLE_OTHER, sizes.source, width.hidden, false);
}

vramauto_status whisper(const Description& model) {
  const auto sizes = VRAMAUTO_READ(read(model));
  const auto& width = sizes.decoder;
  VRAMAUTO_DO(set_traits(model, width, sizes.vocab, sizes.target));
  VRAMAUTO_DO(add_tower(model, sizes));
  const Stack stack(model, "model.decoder.", width, 0, true);
  VRAMAUTO_DO(stack.beside("embed_tokens", VRAMAUTO_ROLE_EMBEDDING, sizes.vocab, width.hidden, false));
  VRAMAUTO_DO(stack.beside("embed_positions", VRAMAUTO_ROLE_OTHER, sizes.target, width.hidden, false));
  VRAMAUTO_DO(stack.attention("layers.*.self_attn"));
  VRAMAUTO_DO(stack.norm("layers.*.self_attn_layer_norm"));
  VRAMAUTO_DO(stack.cross("layers.*.encoder_attn"));
  VRAMAUTO_DO(stack.norm("layers.*.encoder_attn_layer_norm"));
  VRAMAUTO_DO(stack.up("layers.*.fc1"));
  VRAMAUTO_DO(stack.down("layers.*.fc2"));
  VRAMAUTO_DO(stack.norm("layers.*.final_layer_norm"));
  VRAMAUTO_DO(add_forward(model, width, width.heads));
  VRAMAUTO_DO(add_caches(model, width, width.heads, true));
  VRAMAUTO_DO(stack.beside("layer_norm", VRAMAUTO_ROLE_NORM, width.hidden, 1, true));
  return add_head(model, "proj_out", sizes.vocab, width.hidden, true);
}

constexpr Kind kKinds[] = {{"WhisperForConditionalGeneration", whisper}};

}  // namespace

const Kind* find_whisper(std::string_view architecture) { return find_in(kKinds, architecture); }

}  // namespace vramauto::encdec
