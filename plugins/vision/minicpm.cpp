// MiniCPM-V and MiniCPM-o: SigLIP, a resampler with cross attention, for MiniCPM-o Whisper too. The text stands at the
// configuration's root. Sources: vLLM 0.33 and 0.19.1, models/minicpmv.py, minicpmo.py, idefics2_vision_model.py;
// model_executor/layers/resampler.py.
#include "audio.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

// Positions of the resampler's tables: 70 x 70, and of MiniCPM-V 4.5 36,000 points in time.
constexpr std::uint64_t kGrid = 4900, kMoments = 36000;

struct Sizes {
  std::uint64_t hidden = 0, intermediate = 0, channels = 3, patch = 14, positions = 0, text = 0, queries = 64;
  std::uint32_t layers = 0, heads = 0;
  std::uint64_t slices = 9;
  int version = 26;  // 2.6, 4.0 or 4.5, times ten
};

// "version": 4.5, or "4.5"; without it 2.0 or 2.5 by the text's width, as in get_version_by_config.
Answer<int> read_version(const Description& model) {
  const auto type = model.type("/version");
  double version = 0;
  if (type == VRAMAUTO_JSON_STRING) {
    const auto text = std::string(VRAMAUTO_TAKE(model.text("/version")));
    if (text.size() == 3 && text[1] == '.') version = text[0] - '0' + (text[2] - '0') / 10.0;
  } else if (type > VRAMAUTO_JSON_NULL) {
    version = VRAMAUTO_TAKE(model.real("/version"));
  } else {
    const auto width = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest));
    const auto queries = VRAMAUTO_TAKE(model.positive("query_num", kWidest, 64));
    version = width == 2304 && queries == 64 ? 2.0 : 2.5;
  }
  return {static_cast<int>(version * 10 + 0.5), VRAMAUTO_OK};
}

// The tower alone, which every version reads alike.
Answer<Sizes> read_tower(const Description& model) {
  const std::string at = "/vision_config";
  Sizes s;
  s.hidden = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, at));
  s.intermediate = VRAMAUTO_TAKE(model.positive("intermediate_size", kWidest, 0, at));
  s.layers = VRAMAUTO_TAKE(narrow_positive(model, "num_hidden_layers", kMostLayers, 0, at));
  s.heads = VRAMAUTO_TAKE(narrow_positive(model, "num_attention_heads", kMostHeads, 0, at));
  s.channels = VRAMAUTO_TAKE(model.positive("num_channels", 64, 3, at));
  s.patch = VRAMAUTO_TAKE(model.positive("patch_size", kMostEdge, 14, at));
  const auto side = VRAMAUTO_TAKE(model.positive("image_size", kMostEdge, 980, at)) / s.patch;
  s.positions = std::max<std::uint64_t>(1, side * side);
  if (model.has("/drop_vision_last_layer") && VRAMAUTO_TAKE(model.boolean("/drop_vision_last_layer")) && s.layers > 1) --s.layers;
  return {s, VRAMAUTO_OK};
}

Answer<Sizes> read(const Description& model) {
  const auto version = VRAMAUTO_TAKE(read_version(model));
  if (version == 20) return {{}, model.fail(VRAMAUTO_E_UNSUPPORTED, "version 2.0 takes its tower from timm, which is not known")};
  auto s = VRAMAUTO_TAKE(read_tower(model));
  s.version = version;
  s.text = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest));
  s.queries = VRAMAUTO_TAKE(model.positive("query_num", kWidest, 64));
  s.slices = VRAMAUTO_TAKE(model.positive("max_slice_nums", 64, 9, "/slice_config"));
  return {s, VRAMAUTO_OK};
}

Blocks blocks_of(const Sizes& s) {
  return {.at = "encoder.layers.*.",
          .layers = s.layers,
          .heads = s.heads,
          .hidden = s.hidden,
          .intermediate = s.intermediate,
          .q = "self_attn.q_proj",
          .k = "self_attn.k_proj",
          .v = "self_attn.v_proj",
          .o = "self_attn.out_proj",
          .norms = "layer_norm1 layer_norm2"};
}

// An image is itself and its slices, each of as many tokens as the resampler has queries.
vramauto_status encoders(const Description& model, const Sizes& s) {
  const auto parts = s.slices + 1;
  Profile profile{.modality = "image",
                  .tokens = parts * s.queries,
                  .patches = parts * 1024,
                  .inputs = parts * 1024 * s.channels * s.patch * s.patch};
  profile.output = static_cast<std::uint32_t>(s.text);
  VRAMAUTO_DO(add_encoder(model, profile, blocks_of(s)));
  profile.modality = "video";
  return add_encoder(model, profile, blocks_of(s));
}

Tower& resampler(Tower& tower, const Sizes& s) {
  const auto wide = s.text;
  tower.under("resampler.").table("query", s.queries, wide);
  if (s.hidden != wide) tower.whole("kv_proj", wide, s.hidden, false);
  tower.dense("attn.in_proj", 3 * wide, wide, true).dense("attn.out_proj", wide, wide, true);
  tower.norm("ln_q", wide, true).norm("ln_kv", wide, true).norm("ln_post", wide, true).table("proj", wide, wide);
  tower.made("pos_embed", kGrid, wide);
  return s.version >= 45 ? tower.made("temporal_pos_embed", kMoments, wide) : tower;
}

vramauto_status images(const Description& model, const Sizes& s) {
  Tower tower(model, "vpm.", 3);
  tower.conv("embeddings.patch_embedding", s.hidden, s.channels * s.patch * s.patch, true);
  tower.table("embeddings.position_embedding", s.positions, s.hidden).blocks(blocks_of(s));
  tower.norm("post_layernorm", s.hidden, true);
  return resampler(tower, s).done();
}

vramauto_status before(const Description& model) { return encoders(model, VRAMAUTO_READ(read(model))); }

vramauto_status before_with_audio(const Description& model) {
  VRAMAUTO_DO(before(model));
  const auto audio = VRAMAUTO_READ(read_whisper(model, "/audio_config"));
  const auto step = VRAMAUTO_READ(model.positive("audio_pool_step", 64, 2));
  const auto width = VRAMAUTO_READ(model.positive("hidden_size", kWidest));
  return add_audio_encoder(model, audio, std::max<std::uint64_t>(1, audio.positions / step), width);
}

// The text is built first.
vramauto_status after(const Description& model) { return images(model, VRAMAUTO_READ(read(model))); }

vramauto_status after_with_audio(const Description& model) {
  const auto s = VRAMAUTO_READ(read(model));
  VRAMAUTO_DO(images(model, s));
  const auto audio = VRAMAUTO_READ(read_whisper(model, "/audio_config"));
  Tower tower(model, "apm.", 4);
  add_whisper(tower, audio, WhisperClass::torch).table("embed_positions", audio.positions, audio.hidden);
  tower.norm("layer_norm", audio.hidden, true).under("audio_projection_layer.");
  const auto quarter = audio.intermediate / 4;
  if (quarter == 0) return model.fail(VRAMAUTO_E_FORMAT, "/audio_config/encoder_ffn_dim is less than 4");
  return tower.dense("linear1", s.text, quarter, true).dense("linear2", s.text, s.text, true).done();
}

Answer<std::string_view> text_of(const Description& model) {
  const auto version = VRAMAUTO_TAKE(read_version(model));
  const std::string_view found = version == 20   ? "MiniCPMForCausalLM"
                                 : version == 26 ? "Qwen2ForCausalLM"
                                 : version == 45 ? "Qwen3ForCausalLM"
                                                 : "LlamaForCausalLM";
  return {found, VRAMAUTO_OK};
}

// MiniCPM-V 4.6 and 4.7: windows of four patches are merged inside the tower and again behind it.
vramauto_status merged(const Description& model) {
  auto s = VRAMAUTO_READ(read_tower(model));
  s.text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  Profile image{.modality = "image", .tokens = 10 * 64, .patches = 10 * 1024, .inputs = 10 * 1024 * s.channels * s.patch * s.patch};
  image.output = static_cast<std::uint32_t>(s.text);
  VRAMAUTO_DO(add_encoder(model, image, blocks_of(s)));
  Tower tower(model, "model.vision_tower.", 1);
  tower.conv("embeddings.patch_embedding", s.hidden, s.channels * s.patch * s.patch, true);
  tower.table("embeddings.position_embedding", s.positions, s.hidden).blocks(blocks_of(s));
  tower.norm("post_layernorm", s.hidden, true).under("model.vision_tower.vit_merger.");
  auto window = blocks_of(s);
  window.at = "";
  window.layers = 1;
  window.intermediate = 0;
  window.norms = "layer_norm1";
  const auto four = 4 * s.hidden, inner = 4 * s.intermediate;
  tower.blocks(window).norm("pre_norm", four, true).dense("linear_1", inner, four, true).dense("linear_2", s.hidden, inner, true);
  tower.under("model.merger.mlp.0.").norm("pre_norm", four, true).dense("linear_1", four, four, true);
  return tower.dense("linear_2", s.text, four, true).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "MiniCPMV4_6ForConditionalGeneration MiniCPMV4_7ForConditionalGeneration MiniCPMOcrForConditionalGeneration",
     .towers = merged,
     .text_architecture = "Qwen3_5ForCausalLM"},
    {.architectures = "MiniCPMV", .towers = before, .text = "", .prefix = "llm.", .after = after, .find_text = text_of},
    {.architectures = "MiniCPMO",
     .towers = before_with_audio,
     .text = "",
     .prefix = "llm.",
     .after = after_with_audio,
     .find_text = text_of},
};

}  // namespace

std::span<const Composite> minicpm_kinds() { return kKinds; }

}  // namespace vramauto::vision
