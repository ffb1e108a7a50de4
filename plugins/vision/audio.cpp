// Audio in front of a text: Qwen2-Audio, Qwen2.5-Omni, Qwen3-Omni, Qwen3-ASR, Audio Flamingo 3, Ultravox, Voxtral, Kimi-Audio,
// GLM-ASR, FunAudioChat. Sources: vLLM 0.33 and 0.19.1, models of these names and whisper.py; transformers 5.24,
// models/qwen2_audio and qwen2_5_omni, whose encoders vLLM uses as they are.
#include "audio.hpp"

#include "qwen.hpp"
#include "vision.hpp"

namespace vramauto::vision {

Answer<WhisperSizes> read_whisper(const Description& model, const std::string& at) {
  WhisperSizes s;
  s.hidden = VRAMAUTO_TAKE(model.positive("d_model|hidden_size", kWidest, 0, at));
  s.intermediate = VRAMAUTO_TAKE(model.positive("encoder_ffn_dim|intermediate_size", kWidest, 0, at));
  s.layers = VRAMAUTO_TAKE(narrow_positive(model, "encoder_layers|num_hidden_layers", kMostLayers, 0, at));
  s.heads = VRAMAUTO_TAKE(narrow_positive(model, "encoder_attention_heads|num_attention_heads", kMostHeads, 0, at));
  s.mels = VRAMAUTO_TAKE(model.positive("num_mel_bins", 4096, 128, at));
  s.positions = VRAMAUTO_TAKE(model.positive("max_source_positions", kWidest, 1500, at));
  return {s, VRAMAUTO_OK};
}

Blocks whisper_blocks(const WhisperSizes& s, WhisperClass kind) {
  const bool engine = kind == WhisperClass::engine;
  return {.at = "layers.*.",
          .layers = s.layers,
          .heads = s.heads,
          .hidden = s.hidden,
          .intermediate = s.intermediate,
          .q = "self_attn.q_proj",
          .k = "self_attn.k_proj",
          .v = "self_attn.v_proj",
          .o = "self_attn.out_proj",
          .up = "fc1",
          .down = "fc2",
          .norms = "self_attn_layer_norm final_layer_norm",
          .k_bias = engine,  // fused, the bias covers all three
          .quantised = engine};
}

Tower& add_whisper(Tower& tower, const WhisperSizes& s, WhisperClass kind) {
  tower.conv("conv1", s.hidden, s.mels * 3, true).conv("conv2", s.hidden, s.hidden * 3, true);
  return tower.blocks(whisper_blocks(s, kind));
}

vramauto_status add_audio_encoder(const Description& model, const WhisperSizes& s, std::uint64_t tokens, std::uint64_t width) {
  Profile profile{.modality = "audio", .tokens = tokens, .patches = s.positions, .inputs = 2 * s.positions * s.mels};
  profile.output = static_cast<std::uint32_t>(width);
  return add_encoder(model, profile, whisper_blocks(s, WhisperClass::engine));
}

namespace {

Answer<std::uint64_t> text_width(const Description& model, const char* at) { return model.positive("hidden_size", kWidest, 0, at); }

// Positions halve in the tower's last pooling.
std::uint64_t pooled(const WhisperSizes& s) { return std::max<std::uint64_t>(1, s.positions / 2); }

vramauto_status qwen2_audio(const Description& model) {
  const auto s = VRAMAUTO_READ(read_whisper(model, "/audio_config"));
  const auto width = VRAMAUTO_READ(text_width(model, "/text_config"));
  VRAMAUTO_DO(add_audio_encoder(model, s, pooled(s), width));
  Tower tower(model, "audio_tower.", 1);
  add_whisper(tower, s, WhisperClass::torch).table("embed_positions", s.positions, s.hidden).norm("layer_norm", s.hidden, true);
  return tower.under("multi_modal_projector.").dense("linear", width, s.hidden, true).done();
}

vramauto_status audio_flamingo(const Description& model) {
  const auto s = VRAMAUTO_READ(read_whisper(model, "/audio_config"));
  const auto width = VRAMAUTO_READ(text_width(model, "/text_config"));
  const bool bias = !model.has("/projector_bias") || VRAMAUTO_READ(model.boolean("/projector_bias"));
  VRAMAUTO_DO(add_audio_encoder(model, s, pooled(s), width));
  Tower tower(model, "audio_tower.", 1);
  add_whisper(tower, s, WhisperClass::torch).table("embed_positions", s.positions, s.hidden).norm("layer_norm", s.hidden, true);
  tower.under("multi_modal_projector.").dense("linear_1", width, s.hidden, bias).dense("linear_2", width, width, bias);
  return tower.done();
}

// A sinusoidal table made in float32.
Tower& sinusoids(Tower& tower, const WhisperSizes& s) {
  return tower.of(VRAMAUTO_F32).made("positional_embedding", s.positions, s.hidden).of(0);
}

vramauto_status qwen2_5_omni(const Description& model) {
  const std::string at = "/thinker_config/audio_config";
  const auto s = VRAMAUTO_READ(read_whisper(model, at));
  const auto v = VRAMAUTO_READ(read_qwen(model, "/thinker_config/vision_config", QwenTower::qwen2_5));
  const auto output = VRAMAUTO_READ(model.positive("output_dim", kWidest, 3584, at));
  VRAMAUTO_DO(add_audio_encoder(model, s, pooled(s), output));
  VRAMAUTO_DO(add_qwen_encoders(model, v));
  Tower tower(model, "thinker.audio_tower.", 1);
  tower.conv("conv1", s.hidden, s.mels * 3, true).conv("conv2", s.hidden, s.hidden * 3, true);
  sinusoids(tower, s).table("audio_bos_eos_token", 2, output).blocks(whisper_blocks(s, WhisperClass::torch));
  tower.norm("ln_post", s.hidden, true).dense("proj", output, s.hidden, true);
  return add_qwen_tower(tower.under("thinker.visual.").serving(6), v).done();
}

// Qwen3OmniMoeAudioEncoder: three convolutions of stride 2 over mel bins and time; whole where ranks do not divide its heads.
vramauto_status qwen3_audio(const Description& model, Tower& tower, const std::string& at, const WhisperSizes& s) {
  const auto channels = VRAMAUTO_READ(model.positive("downsample_hidden_size", kWidest, 480, at));
  const auto output = VRAMAUTO_READ(model.positive("output_dim", kWidest, 0, at));
  const auto halved = [](std::uint64_t bins) { return (bins + 1) / 2; };
  const auto bins = halved(halved(halved(s.mels)));
  sinusoids(tower, s).conv("conv2d1", channels, 9, true).conv("conv2d2", channels, channels * 9, true);
  tower.conv("conv2d3", channels, channels * 9, true).unquantised().whole("conv_out", s.hidden, channels * bins, false);
  tower.together(s.heads).blocks(whisper_blocks(s, WhisperClass::engine)).together(0).norm("ln_post", s.hidden, true);
  tower.whole("proj1", s.hidden, s.hidden, true).whole("proj2", output, s.hidden, true).unquantised(false);
  return tower.done();
}

// 13 tokens of every 100 frames.
std::uint64_t qwen3_tokens(const WhisperSizes& s) { return (2 * s.positions + 99) / 100 * 13; }

vramauto_status qwen3_asr(const Description& model) {
  const std::string at = "/thinker_config/audio_config";
  const auto s = VRAMAUTO_READ(read_whisper(model, at));
  VRAMAUTO_DO(add_audio_encoder(model, s, qwen3_tokens(s), VRAMAUTO_READ(text_width(model, "/thinker_config/text_config"))));
  Tower tower(model, "thinker.audio_tower.", 1);
  return qwen3_audio(model, tower, at, s);
}

vramauto_status qwen3_omni(const Description& model) {
  const std::string at = "/thinker_config/audio_config";
  const auto s = VRAMAUTO_READ(read_whisper(model, at));
  const auto v = VRAMAUTO_READ(read_qwen(model, "/thinker_config/vision_config", QwenTower::qwen3_omni));
  VRAMAUTO_DO(add_audio_encoder(model, s, qwen3_tokens(s), VRAMAUTO_READ(text_width(model, "/thinker_config/text_config"))));
  VRAMAUTO_DO(add_qwen_encoders(model, v));
  Tower tower(model, "thinker.audio_tower.", 1);
  VRAMAUTO_DO(qwen3_audio(model, tower, at, s));
  return add_qwen_tower(tower.under("thinker.visual.").serving(6), v).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "Qwen2AudioForConditionalGeneration",
     .towers = qwen2_audio,
     .prefix = "language_model.",
     .text_architecture = "Qwen2ForCausalLM"},
    {.architectures = "AudioFlamingo3ForConditionalGeneration MusicFlamingoForConditionalGeneration",
     .towers = audio_flamingo,
     .prefix = "language_model.",
     .text_architecture = "Qwen2ForCausalLM"},
    {.architectures = "Qwen2_5OmniModel Qwen2_5OmniForConditionalGeneration",
     .towers = qwen2_5_omni,
     .text = "thinker_config/text_config",
     .prefix = "thinker.",
     .text_architecture = "Qwen2ForCausalLM"},
    {.architectures = "Qwen3OmniMoeForConditionalGeneration",
     .towers = qwen3_omni,
     .text = "thinker_config/text_config",
     .prefix = "thinker.",
     .text_architecture = "Qwen3MoeForCausalLM"},
    {.architectures = "Qwen3ASRForConditionalGeneration Qwen3ASRRealtimeGeneration",
     .towers = qwen3_asr,
     .text = "thinker_config/text_config",
     .prefix = "thinker.",
     .text_architecture = "Qwen3ForCausalLM"},
};

}  // namespace

std::span<const Composite> audio_kinds() { return kKinds; }

}  // namespace vramauto::vision
