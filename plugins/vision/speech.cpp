// Speech encoders in front of a text: Ultravox, Voxtral, Kimi-Audio, GLM-ASR, FunAudioChat, Granite Speech, MiDashengLM.
// Sources: vLLM 0.33 and 0.19.1, models/ultravox.py, voxtral.py, kimi_audio.py, glmasr.py, funaudiochat.py, midashenglm.py.
#include "audio.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

Answer<std::uint64_t> width_at(const Description& model, const std::string& at) {
  return model.positive("hidden_size", kWidest, 0, at);
}

Answer<bool> truth(const Description& model, const char* at, bool otherwise) {
  return model.has(at) ? model.boolean(at) : Answer<bool>{otherwise, VRAMAUTO_OK};
}

// vLLM's WhisperEncoder: the table of positions comes last.
Tower& whisper(Tower& tower, const WhisperSizes& s, bool positions_in_float32) {
  add_whisper(tower, s, WhisperClass::engine).norm("layer_norm", s.hidden, true);
  if (positions_in_float32) tower.of(VRAMAUTO_F32);
  return tower.table("embed_positions", s.positions, s.hidden).of(0);
}

// UltravoxFeedForwardProjector.
vramauto_status feed_forward(const Description& model, Tower& tower, std::uint64_t in, std::uint64_t out) {
  auto middle = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 4096));
  const auto wide = middle;
  const bool swiglu = model.has("/projector_act") ? VRAMAUTO_READ(model.text("/projector_act")) == "swiglu" : true;
  if (swiglu) middle = std::max<std::uint64_t>(1, middle / 2);
  const bool norm_inside = VRAMAUTO_READ(truth(model, "/projector_ln_mid", false));
  tower.norm("ln_pre", in, false).whole("linear_1", wide, in, false).whole("linear_2", out, middle, false);
  return tower.norm(norm_inside ? "ln_mid" : "ln_post", norm_inside ? middle : out, false).done();
}

vramauto_status ultravox(const Description& model) {
  const auto s = VRAMAUTO_READ(read_whisper(model, "/audio_config"));
  const auto text = VRAMAUTO_READ(width_at(model, "/text_config"));
  const auto stack = VRAMAUTO_READ(model.positive("stack_factor", 64, 8));
  VRAMAUTO_DO(add_audio_encoder(model, s, std::max<std::uint64_t>(1, s.positions / stack), text));
  Tower tower(model, "audio_tower.", 1);
  whisper(tower, s, false).under("multi_modal_projector.");
  const auto extra = model.has("/num_projector_layers") ? VRAMAUTO_READ(model.integer("/num_projector_layers")) : 0;
  if (extra <= 0) return feed_forward(model, tower, s.hidden * stack, text);
  auto layers = whisper_blocks(s, WhisperClass::engine);
  layers.layers = static_cast<std::uint32_t>(std::min<std::int64_t>(extra, std::int64_t{kMostLayers}));
  tower.norm("ln_pre", s.hidden * stack, false).whole("linear_in", s.hidden, s.hidden * stack, true);
  tower.table("embed_positions", s.positions, s.hidden).blocks(layers).norm("ln_post", s.hidden, false);
  return tower.whole("linear_out", text, s.hidden, true).done();
}

// The text is built first.
vramauto_status voxtral_encoder(const Description& model) {
  const auto s = VRAMAUTO_READ(read_whisper(model, "/audio_config"));
  const auto text = VRAMAUTO_READ(width_at(model, "/text_config"));
  const auto factor = VRAMAUTO_READ(model.positive("downsample_factor", 64, 4, "/audio_config"));
  return add_audio_encoder(model, s, std::max<std::uint64_t>(1, s.positions / factor), text);
}

vramauto_status voxtral(const Description& model) {
  const auto s = VRAMAUTO_READ(read_whisper(model, "/audio_config"));
  const auto text = VRAMAUTO_READ(width_at(model, "/text_config"));
  const auto factor = VRAMAUTO_READ(model.positive("downsample_factor", 64, 4, "/audio_config"));
  const auto window = VRAMAUTO_READ(model.positive("window_size", kWidest, 400, "/audio_config"));
  Tower tower(model, "audio_tower.", 1);
  whisper(tower, s, true).of(VRAMAUTO_F32).made("mel_filters", 1 + window / 2, s.mels).of(0);
  tower.under("multi_modal_projector.").dense("linear_1", text, s.hidden * factor, false).dense("linear_2", text, text, false);
  return tower.done();
}

// Whisper large v3 in a folder of its own: no configuration here names its sizes.
constexpr WhisperSizes kLargeV3{.hidden = 1280, .intermediate = 5120, .mels = 128, .positions = 1500, .layers = 32, .heads = 20};

vramauto_status kimi_audio(const Description& model) {
  const auto text = VRAMAUTO_READ(width_at(model, ""));
  const auto in = VRAMAUTO_READ(model.positive("kimia_adaptor_input_dim", kWidest, 5120));
  VRAMAUTO_DO(add_audio_encoder(model, kLargeV3, 375, text));
  Tower tower(model, "audio_tower.", 1);
  whisper(tower, kLargeV3, true).under("model.vq_adaptor.layers.");
  tower.dense("0", text, in, true).dense("3", text, text, true).norm("4", text, true);
  return tower.done();
}

vramauto_status glm_asr(const Description& model) {
  const auto s = VRAMAUTO_READ(read_whisper(model, "/audio_config"));
  const auto text = VRAMAUTO_READ(width_at(model, "/text_config"));
  const auto kv_heads = VRAMAUTO_READ(narrow_positive(model, "num_key_value_heads", kMostHeads, s.heads, "/audio_config"));
  VRAMAUTO_DO(add_audio_encoder(model, s, std::max<std::uint64_t>(1, s.positions / 4), text));
  auto blocks = whisper_blocks(s, WhisperClass::engine);
  blocks.kv_heads = kv_heads;
  blocks.o = "self_attn.o_proj";
  blocks.norms = "input_layernorm post_attention_layernorm";
  blocks.up = "mlp.fc1";
  blocks.down = "mlp.fc2";
  Tower tower(model, "audio_tower.", 1);
  tower.conv("conv1", s.hidden, s.mels * 3, true).conv("conv2", s.hidden, s.hidden * 3, true).blocks(blocks);
  tower.norm("norm", s.hidden, true)
      .of(VRAMAUTO_F32)
      .made("rotary_emb.inv_freq", std::max<std::uint64_t>(1, s.hidden / s.heads / 4), 1);
  tower.of(0).under("multi_modal_projector.").column("linear_1", 2 * text, s.intermediate, true);
  return tower.row("linear_2", text, 2 * text, true).done();
}

vramauto_status fun_audio(const Description& model) {
  const std::string at = "/audio_config";
  const auto s = VRAMAUTO_READ(read_whisper(model, at));
  const auto output = VRAMAUTO_READ(model.positive("output_dim", kWidest, 0, at));
  const auto codes = VRAMAUTO_READ(model.positive("codebook_size", 1u << 24, 0, at));
  VRAMAUTO_DO(add_audio_encoder(model, s, std::max<std::uint64_t>(1, s.positions / 2), output));
  auto attention = whisper_blocks(s, WhisperClass::engine);
  attention.intermediate = 0;
  Tower tower(model, "continuous_audio_tower.", 1);
  tower.unquantised().conv("conv1", s.hidden, s.mels * 3, true).conv("conv2", s.hidden, s.hidden * 3, true).blocks(attention);
  tower.each(s.layers).dense("layers.*.fc1", s.intermediate, s.hidden, true).dense("layers.*.fc2", s.hidden, s.intermediate, true);
  tower.once().norm("ln_post", s.hidden, true).dense("proj", output, s.hidden, true);
  tower.of(VRAMAUTO_F32).made("positional_embedding", s.positions, s.hidden).of(0).table("audio_bos_eos_token", 2, output);
  tower.under("audio_tower.").table("embed_tokens", codes, output).dense("output_matching", output, output, false);
  return tower.dense("continual_output_matching", output, output, false).done();
}

struct Dasheng {
  std::uint64_t width = 0, mels = 64, length = 1012, patch = 0, columns = 0, rows = 0, window = 512, fft = 512, channels = 1;
  std::uint32_t depth = 0, heads = 0;
  bool qkv_bias = true, scales = false;
  std::uint64_t intermediate = 0;
};

// A number, or the first of two.
Answer<std::uint64_t> edge(const Description& model, const std::string& at, const char* second, std::uint64_t otherwise) {
  return model.type(at.c_str()) == VRAMAUTO_JSON_ARRAY
             ? model.positive(second, kMostEdge, 0, at)
             : model.positive(at.substr(at.rfind('/') + 1), kMostEdge, otherwise, at.substr(0, at.rfind('/')));
}

Answer<Dasheng> read_dasheng(const Description& model) {
  const std::string at = "/audio_encoder_config";
  Dasheng s;
  s.width = VRAMAUTO_TAKE(model.positive("embed_dim", kWidest, 768, at));
  s.depth = VRAMAUTO_TAKE(narrow_positive(model, "depth", kMostLayers, 12, at));
  s.heads = VRAMAUTO_TAKE(narrow_positive(model, "num_heads", kMostHeads, 12, at));
  s.mels = VRAMAUTO_TAKE(model.positive("n_mels", kMostEdge, 64, at));
  s.length = VRAMAUTO_TAKE(model.positive("target_length", kWidest, 1012, at));
  s.window = VRAMAUTO_TAKE(model.positive("win_length", kMostEdge, 512, at));
  s.fft = VRAMAUTO_TAKE(model.positive("n_fft", kMostEdge, 512, at));
  s.channels = VRAMAUTO_TAKE(model.positive("input_channels", 64, 1, at));
  const auto high = VRAMAUTO_TAKE(edge(model, at + "/patch_size", "0", 64)),
             wide = VRAMAUTO_TAKE(edge(model, at + "/patch_size", "1", 4));
  const auto down = VRAMAUTO_TAKE(edge(model, at + "/patch_stride", "0", 64)),
             along = VRAMAUTO_TAKE(edge(model, at + "/patch_stride", "1", 4));
  s.patch = high * wide;
  s.rows = std::max<std::uint64_t>(1, s.mels / down);
  s.columns = std::max<std::uint64_t>(1, s.length / along);
  const auto ratio = at + "/mlp_ratio", bias = at + "/qkv_bias", scale = at + "/init_values";
  const auto times = model.has(ratio.c_str()) ? VRAMAUTO_TAKE(model.real(ratio.c_str())) : 4.0;
  if (!(times > 0 && times < 64)) return {{}, model.fail(VRAMAUTO_E_FORMAT, ratio + " is no ratio of widths")};
  s.intermediate = static_cast<std::uint64_t>(static_cast<double>(s.width) * times);
  s.qkv_bias = VRAMAUTO_TAKE(truth(model, bias.c_str(), true));
  s.scales = model.has(scale.c_str());
  return {s, VRAMAUTO_OK};
}

vramauto_status dasheng(const Description& model) {
  const auto s = VRAMAUTO_READ(read_dasheng(model));
  const auto text = VRAMAUTO_READ(width_at(model, "/text_config"));
  const auto factor = VRAMAUTO_READ(model.positive("subsample_factor", 64, 5));
  const Blocks blocks{.at = "blocks.*.",
                      .layers = s.depth,
                      .heads = s.heads,
                      .hidden = s.width,
                      .intermediate = s.intermediate,
                      .qkv_bias = s.qkv_bias,
                      .scales = s.scales ? "ls1.gamma ls2.gamma" : ""};
  const auto patches = s.rows * s.columns;
  Profile profile{
      .modality = "audio", .tokens = std::max<std::uint64_t>(1, patches / factor), .patches = patches, .inputs = 16000 * 30};
  profile.output = static_cast<std::uint32_t>(text);
  VRAMAUTO_DO(add_encoder(model, profile, blocks));
  Tower tower(model, "audio_encoder.", 1);
  tower.of(VRAMAUTO_F32).made("front_end.spectrogram_window", s.window, 1).made("front_end.melscale_fbanks", s.fft / 2 + 1, s.mels);
  tower.of(0).norm("init_bn", s.mels, true).table("init_bn.running_mean", s.mels, 1).table("init_bn.running_var", s.mels, 1);
  tower.conv("patch_embed.proj", s.width, s.channels * s.patch, true).table("time_pos_embed", s.width, s.columns);
  tower.table("freq_pos_embed", s.width, s.rows).blocks(blocks).norm("norm", s.width, true).under("audio_projector.");
  return tower.column("net.0", text, s.width * factor, true).row("net.2", text, text, true).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "UltravoxModel", .towers = ultravox, .prefix = "language_model."},
    {.architectures = "VoxtralForConditionalGeneration", .towers = voxtral_encoder, .prefix = "language_model.", .after = voxtral},
    {.architectures = "MoonshotKimiaForCausalLM",
     .towers = kimi_audio,
     .text = "",
     .prefix = "",
     .text_architecture = "Qwen2ForCausalLM"},
    {.architectures = "GlmAsrForConditionalGeneration",
     .towers = glm_asr,
     .prefix = "language_model.",
     .text_architecture = "LlamaForCausalLM"},
    {.architectures = "FunAudioChatForConditionalGeneration",
     .towers = fun_audio,
     .prefix = "language_model.",
     .text_architecture = "Qwen3ForCausalLM"},
    {.architectures = "MiDashengLMModel", .towers = dasheng, .prefix = "decoder.", .text_architecture = "Qwen2ForCausalLM"},
};

}  // namespace

std::span<const Composite> speech_kinds() { return kKinds; }

}  // namespace vramauto::vision
