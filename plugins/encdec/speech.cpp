// Conformer encoders, which torch builds and nothing divides, before a decoder: CohereLabs' ASR, whose layers attend to the
// encoder, and FireRedASR2, a Qwen2 that reads its output as tokens. Source: vLLM 0.33, models/cohere_asr.py, fireredasr2.py,
// conformer_encoder.py.
#include <algorithm>

#include "encdec.hpp"

namespace vramauto::encdec {
namespace {

constexpr std::uint64_t kAudio = 1;  // the first encoder
constexpr std::string_view kEncoder = "/encoder", kDecoder = "/transf_decoder/config_dict", kFireRed = "/audio_encoder_conf";

Answer<bool> truth(const Description& model, const char* at, bool otherwise) {
  return model.has(at) ? model.boolean(at) : Answer<bool>{otherwise, VRAMAUTO_OK};
}

vramauto_status add_audio(const Description& model, const Width& width, std::uint64_t tokens, std::uint64_t input,
                          std::uint64_t output) {
  vramauto_encoder out{};
  out.struct_size = sizeof out;
  out.tokens_per_item = static_cast<std::uint32_t>(tokens);
  out.patches_per_item = tokens;
  out.input_elements = input;
  out.hidden = static_cast<std::uint32_t>(width.hidden);
  out.intermediate = static_cast<std::uint32_t>(width.ffn);
  out.heads = width.heads;
  out.layers = width.layers;
  out.output = static_cast<std::uint32_t>(output);
  out.modality = "audio";
  out.name = "encoder";
  return model.host()->add_encoder(model.call(), &out);
}

struct Conformer {
  Width width;
  std::uint64_t features = 0, output = 0, channels = 0, factor = 0, kernel = 0, positions = 0;
  bool bias = true, own_biases = true;
};

Answer<Conformer> read_conformer(const Description& model) {
  Conformer out;
  out.width = VRAMAUTO_TAKE(read_width(model, {"n_layers", "n_heads", "d_model", "d_model"}, kEncoder));
  out.width.ffn *= VRAMAUTO_TAKE(model.positive("ff_expansion_factor", 64, 4, kEncoder));
  out.features = VRAMAUTO_TAKE(model.positive("feat_in", 4096, 0, kEncoder));
  out.factor = VRAMAUTO_TAKE(model.positive("subsampling_factor", 64, 8, kEncoder));
  out.kernel = VRAMAUTO_TAKE(model.positive("conv_kernel_size", 1024, 9, kEncoder));
  out.positions = VRAMAUTO_TAKE(model.positive("pos_emb_max_len", 1u << 24, 5000, kEncoder));
  const auto channels = VRAMAUTO_TAKE(model.integer("/encoder/subsampling_conv_channels"));
  out.channels = channels > 0 && channels < (1 << 20) ? static_cast<std::uint64_t>(channels) : out.width.hidden;
  const auto output = model.has("/encoder/feat_out") ? VRAMAUTO_TAKE(model.integer("/encoder/feat_out")) : std::int64_t{0};
  out.output = output > 0 && output < (1 << 22) ? static_cast<std::uint64_t>(output) : out.width.hidden;
  out.bias = VRAMAUTO_TAKE(truth(model, "/encoder/use_bias", true));
  out.own_biases = VRAMAUTO_TAKE(truth(model, "/encoder/untie_biases", true));
  return {out, VRAMAUTO_OK};
}

// Each step halves frames and features; its depthwise convolution is followed by one of one element.
vramauto_status subsampling(const Stack& stack, const Conformer& sizes) {
  VRAMAUTO_DO(stack.beside("pre_encode.conv.0", VRAMAUTO_ROLE_CONV, sizes.channels, 9, true));
  auto features = (sizes.features - 1) / 2 + 1;
  for (std::uint64_t step = 4; step <= sizes.factor; step *= 2) {
    VRAMAUTO_DO(stack.beside("pre_encode.conv.depthwise", VRAMAUTO_ROLE_CONV, sizes.channels, 9, true));
    VRAMAUTO_DO(stack.beside("pre_encode.conv.pointwise", VRAMAUTO_ROLE_CONV, sizes.channels, sizes.channels, true));
    features = (features - 1) / 2 + 1;
  }
  return stack.beside("pre_encode.out", VRAMAUTO_ROLE_OTHER, sizes.width.hidden, sizes.channels * features, true);
}

vramauto_status feed_forward(const Stack& stack, const Conformer& sizes, const std::string& name) {
  const auto hidden = sizes.width.hidden, ffn = sizes.width.ffn;
  VRAMAUTO_DO(stack.norm("layers.*.norm_" + name));
  VRAMAUTO_DO(stack.whole("layers.*." + name + ".linear1", VRAMAUTO_ROLE_OTHER, ffn, hidden, sizes.bias));
  return stack.whole("layers.*." + name + ".linear2", VRAMAUTO_ROLE_OTHER, hidden, ffn, sizes.bias);
}

vramauto_status convolution(const Stack& stack, const Conformer& sizes) {
  const auto hidden = sizes.width.hidden;
  VRAMAUTO_DO(stack.norm("layers.*.norm_conv"));
  VRAMAUTO_DO(stack.whole("layers.*.conv.pointwise_conv1", VRAMAUTO_ROLE_CONV, 2 * hidden, hidden, sizes.bias));
  VRAMAUTO_DO(stack.whole("layers.*.conv.depthwise_conv", VRAMAUTO_ROLE_CONV, hidden, sizes.kernel, sizes.bias));
  VRAMAUTO_DO(stack.norm("layers.*.conv.batch_norm"));
  VRAMAUTO_DO(stack.whole("layers.*.conv.batch_norm.running_mean", VRAMAUTO_ROLE_OTHER, hidden, 1, false));
  VRAMAUTO_DO(stack.whole("layers.*.conv.batch_norm.running_var", VRAMAUTO_ROLE_OTHER, hidden, 1, false));
  return stack.whole("layers.*.conv.pointwise_conv2", VRAMAUTO_ROLE_CONV, hidden, hidden, sizes.bias);
}

vramauto_status attention(const Stack& stack, const Conformer& sizes) {
  const auto hidden = sizes.width.hidden;
  VRAMAUTO_DO(stack.norm("layers.*.norm_self_att"));
  for (const std::string_view part : {"linear_q", "linear_k", "linear_v", "linear_out"})
    VRAMAUTO_DO(stack.whole("layers.*.self_attn." + std::string(part), VRAMAUTO_ROLE_OTHER, hidden, hidden, sizes.bias));
  VRAMAUTO_DO(stack.whole("layers.*.self_attn.linear_pos", VRAMAUTO_ROLE_OTHER, hidden, hidden, false));
  for (const std::string_view part : {"pos_bias_u", "pos_bias_v"}) {
    const auto name = std::string(sizes.own_biases ? "layers.*.self_attn." : "").append(part);
    VRAMAUTO_DO(sizes.own_biases ? stack.whole(name, VRAMAUTO_ROLE_OTHER, hidden, 1, false)
                                 : stack.beside(name, VRAMAUTO_ROLE_OTHER, hidden, 1, false));
  }
  return VRAMAUTO_OK;
}

vramauto_status add_conformer(const Description& model, const Conformer& sizes, std::uint64_t decoder_hidden) {
  const Stack stack(model, "encoder.", sizes.width, kAudio, false);
  VRAMAUTO_DO(subsampling(stack, sizes));
  VRAMAUTO_DO(stack.beside("pos_enc.pe", VRAMAUTO_ROLE_OTHER, 2 * sizes.positions - 1, sizes.width.hidden, false,
                           VRAMAUTO_SPLIT_NONE, VRAMAUTO_NOT_STORED));
  VRAMAUTO_DO(feed_forward(stack, sizes, "feed_forward1"));
  VRAMAUTO_DO(convolution(stack, sizes));
  VRAMAUTO_DO(attention(stack, sizes));
  VRAMAUTO_DO(feed_forward(stack, sizes, "feed_forward2"));
  VRAMAUTO_DO(stack.norm("layers.*.norm_out"));
  if (sizes.output != sizes.width.hidden)
    VRAMAUTO_DO(stack.beside("out_proj", VRAMAUTO_ROLE_OTHER, sizes.output, sizes.width.hidden, true));
  if (decoder_hidden == sizes.width.hidden) return VRAMAUTO_OK;
  const Stack between(model, "", sizes.width, kAudio, false);
  return between.beside("encoder_decoder_proj", VRAMAUTO_ROLE_OTHER, decoder_hidden, sizes.width.hidden, true);
}

vramauto_status cohere_decoder(const Description& model, const Width& width, std::uint64_t vocab, std::uint64_t positions) {
  Stack stack(model, "transf_decoder.", width, 0, true);
  stack.called({".query_net", ".key_net", ".value_net", ".out_projection"});
  VRAMAUTO_DO(stack.beside("_embedding.token_embedding", VRAMAUTO_ROLE_EMBEDDING, vocab, width.hidden, false));
  VRAMAUTO_DO(stack.beside("_embedding.position_embedding.pos_enc", VRAMAUTO_ROLE_OTHER, positions, width.hidden, false));
  VRAMAUTO_DO(stack.beside("_embedding.layer_norm", VRAMAUTO_ROLE_NORM, width.hidden, 1, true));
  VRAMAUTO_DO(stack.norm("_decoder.layers.*.layer_norm_1"));
  VRAMAUTO_DO(stack.attention("_decoder.layers.*.first_sub_layer"));
  VRAMAUTO_DO(stack.norm("_decoder.layers.*.layer_norm_2"));
  VRAMAUTO_DO(stack.cross("_decoder.layers.*.second_sub_layer"));
  VRAMAUTO_DO(stack.norm("_decoder.layers.*.layer_norm_3"));
  VRAMAUTO_DO(stack.up("_decoder.layers.*.third_sub_layer.dense_in"));
  VRAMAUTO_DO(stack.down("_decoder.layers.*.third_sub_layer.dense_out"));
  VRAMAUTO_DO(add_forward(model, width, width.heads));
  VRAMAUTO_DO(add_caches(model, width, width.heads, true));
  return stack.beside("_decoder.final_layer_norm", VRAMAUTO_ROLE_NORM, width.hidden, 1, true);
}

vramauto_status cohere(const Description& model) {
  const auto encoder = VRAMAUTO_READ(read_conformer(model));
  const auto width = VRAMAUTO_READ(read_width(model, {"num_layers", "num_attention_heads", "hidden_size", "inner_size"}, kDecoder));
  const auto positions = VRAMAUTO_READ(model.positive("max_sequence_length", kMostPositions, 0, kDecoder));
  const auto vocab = VRAMAUTO_READ(model.positive("num_classes", 1u << 26, 0, "/head"));
  VRAMAUTO_DO(set_traits(model, width, vocab, positions));
  const auto seconds = VRAMAUTO_READ(model.positive("max_audio_clip_s", 86400, 35));  // a frame is 10 ms
  VRAMAUTO_DO(add_audio(model, encoder.width, (100 * seconds + encoder.factor - 1) / encoder.factor,
                        100 * seconds * encoder.features, width.hidden));
  VRAMAUTO_DO(add_conformer(model, encoder, width.hidden));
  VRAMAUTO_DO(cohere_decoder(model, width, vocab, positions));
  return add_head(model, "log_softmax.mlp.layer0", vocab, width.hidden, false, true);
}

// FireRedASR2's own: four times as wide inside, layer norms instead of batch norms, few biases.
vramauto_status fire_red_layers(const Stack& stack, const Width& width, std::uint64_t kernel) {
  const auto hidden = width.hidden, wide = 2 * width.hidden;
  const auto whole = [&](std::string_view name, std::uint64_t rows, std::uint64_t cols, bool bias) {
    return stack.whole("layer_stack.*." + std::string(name), VRAMAUTO_ROLE_OTHER, rows, cols, bias);
  };
  for (const std::string name : {"ffn1", "ffn2"}) {
    VRAMAUTO_DO(whole(name + ".net.0", hidden, 1, true));
    VRAMAUTO_DO(whole(name + ".net.1", width.ffn, hidden, true));
    VRAMAUTO_DO(whole(name + ".net.4", hidden, width.ffn, true));
  }
  for (const std::string_view name : {"mhsa.w_qs", "mhsa.w_ks", "mhsa.w_vs", "mhsa.fc", "mhsa.linear_pos"})
    VRAMAUTO_DO(whole(name, hidden, hidden, false));
  for (const std::string_view name :
       {"mhsa.layer_norm_q", "mhsa.layer_norm_k", "mhsa.layer_norm_v", "layer_norm", "conv.pre_layer_norm"})
    VRAMAUTO_DO(whole(name, hidden, 1, true));
  for (const std::string_view name : {"mhsa.pos_bias_u", "mhsa.pos_bias_v"}) VRAMAUTO_DO(whole(name, hidden, 1, false));
  VRAMAUTO_DO(whole("conv.pointwise_conv1", 2 * wide, hidden, false));
  VRAMAUTO_DO(whole("conv.depthwise_conv", wide, kernel, false));
  VRAMAUTO_DO(whole("conv.batch_norm", wide, 1, true));
  return whole("conv.pointwise_conv2", hidden, wide, false);
}

vramauto_status fire_red(const Description& model) {
  auto width = VRAMAUTO_READ(read_width(model, {"n_layers_enc", "n_head", "d_model", "d_model"}, kFireRed));
  width.ffn *= 4;
  const auto features = VRAMAUTO_READ(model.positive("idim", 4096, 80, kFireRed));
  const auto kernel = VRAMAUTO_READ(model.positive("kernel_size", 1024, 33, kFireRed));
  const auto positions = VRAMAUTO_READ(model.positive("pe_maxlen", 1u << 24, 5000, kFireRed));
  const auto rate = VRAMAUTO_READ(model.positive("encoder_downsample_rate", 64, 2));
  const auto hidden = VRAMAUTO_READ(model.positive("hidden_size", kMostWidth));
  if (features < 7) return model.fail(VRAMAUTO_E_FORMAT, "/audio_encoder_conf/idim is below 7, the width of two convolutions");
  constexpr std::uint64_t kFrames = 3000;  // 30 seconds of 10 ms
  VRAMAUTO_DO(add_audio(model, width, std::max<std::uint64_t>(1, kFrames / 4 / rate), kFrames * features, hidden));
  const Stack stack(model, "encoder.", width, kAudio, false);
  VRAMAUTO_DO(stack.beside("input_preprocessor.conv.0", VRAMAUTO_ROLE_CONV, 32, 9, true));
  VRAMAUTO_DO(stack.beside("input_preprocessor.conv.2", VRAMAUTO_ROLE_CONV, 32, 32 * 9, true));
  VRAMAUTO_DO(stack.beside("input_preprocessor.out", VRAMAUTO_ROLE_OTHER, width.hidden, 32 * (((features - 1) / 2 - 1) / 2), true));
  VRAMAUTO_DO(stack.beside("positional_encoding.pe", VRAMAUTO_ROLE_OTHER, 2 * positions - 1, width.hidden, false,
                           VRAMAUTO_SPLIT_NONE, VRAMAUTO_NOT_STORED));
  VRAMAUTO_DO(fire_red_layers(stack, width, kernel));
  const Stack adapter(model, "encoder_projector.", width, kAudio, false);
  VRAMAUTO_DO(adapter.beside("linear1", VRAMAUTO_ROLE_OTHER, hidden, width.hidden * rate, true));
  VRAMAUTO_DO(adapter.beside("linear2", VRAMAUTO_ROLE_OTHER, hidden, hidden, true));
  return model.host()->delegate(model.call(), "", "llm.", "Qwen2ForCausalLM");
}

constexpr Kind kKinds[] = {
    {"CohereAsrForConditionalGeneration", cohere},
    {"FireRedASR2ForConditionalGeneration", fire_red},
};

}  // namespace

const Kind* find_speech(std::string_view architecture) { return find_in(kKinds, architecture); }

}  // namespace vramauto::encdec
