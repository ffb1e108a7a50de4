// MiniMax-M3, DeepSeek-V4 with pictures, MiMo-V2 Omni. Sources: vLLM 0.33, vllm/models/minimax_m3/common/vision_tower.py,
// vllm/models/deepseek_v4/common/vision.py and vl_model.py, vllm/models/deepseek_v41; models/mimo_v2_omni.py.
#include "limits.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

Answer<bool> truth(const Description& model, const std::string& at, bool otherwise) {
  return model.has(at.c_str()) ? model.boolean(at.c_str()) : Answer<bool>{otherwise, VRAMAUTO_OK};
}

vramauto_status pictures(const Description& model, const Blocks& blocks, std::uint64_t tokens, std::uint64_t merge,
                         std::uint64_t patch_elements, std::uint64_t output, bool video) {
  const auto patches = tokens * merge;
  Profile profile{.modality = "image", .tokens = tokens, .patches = patches, .inputs = patches * patch_elements};
  profile.output = static_cast<std::uint32_t>(output);
  VRAMAUTO_DO(add_encoder(model, profile, blocks));
  profile.modality = "video";
  return video ? add_encoder(model, profile, blocks) : VRAMAUTO_OK;
}

vramauto_status minimax(const Description& model) {
  const std::string at = "/vision_config", compression = at + "/img_token_compression_config";
  const auto width = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, at));
  const auto patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 14, at));
  const auto channels = VRAMAUTO_READ(model.positive("num_channels", 64, 3, at));
  const auto frames = VRAMAUTO_READ(model.positive("temporal_patch_size", 64, 2, compression));
  const auto merge = VRAMAUTO_READ(model.positive("spatial_merge_size", 64, 2, compression));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  const auto middle = VRAMAUTO_READ(model.positive("projector_hidden_size", kWidest, text));
  Blocks b{.at = "encoder.layers.*.",
           .hidden = width,
           .q = "self_attn.q_proj",
           .k = "self_attn.k_proj",
           .v = "self_attn.v_proj",
           .o = "self_attn.out_proj",
           .up = "mlp.fc1",
           .down = "mlp.fc2",
           .norms = "layer_norm1 layer_norm2"};
  b.layers = VRAMAUTO_READ(narrow_positive(model, "num_hidden_layers", kMostLayers, 0, at));
  b.heads = VRAMAUTO_READ(narrow_positive(model, "num_attention_heads", kMostHeads, 0, at));
  b.intermediate = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 0, at));
  const auto elements = channels * frames * patch * patch;
  const auto most = VRAMAUTO_READ(pixels(model, "preprocessor_config.json", 12845056)) / (patch * merge * patch * merge);
  VRAMAUTO_DO(pictures(model, b, std::max<std::uint64_t>(1, most), merge * merge, elements, text, true));
  Tower tower(model, "vision_tower.vision_model.", 3);
  tower.of(VRAMAUTO_F32).each(3).made("inv_freq_*", std::max<std::uint64_t>(1, width / b.heads / 6), 1).once().of(0);
  tower.conv("embeddings.patch_embedding", width, elements, false).norm("pre_layrnorm", width, true).blocks(b);
  const bool bias = VRAMAUTO_READ(truth(model, at + "/multimodal_projector_bias", true));
  const bool merge_bias = VRAMAUTO_READ(truth(model, at + "/patch_merge_bias", true));
  tower.under("multi_modal_projector.").column("linear_1", middle, width, bias).row("linear_2", text, middle, bias);
  tower.under("patch_merge_mlp.").column("linear_1", middle, text * merge * merge, merge_bias);
  return tower.row("linear_2", text, middle, merge_bias).done();
}

// Keys of the tower stand beside the text's.
template <bool kPad>
vramauto_status deepseek(const Description& model) {
  const auto width = VRAMAUTO_READ(model.positive("vision_dim", kWidest));
  const auto patch = VRAMAUTO_READ(model.positive("vision_patch_size", kMostEdge, 14));
  const auto down = VRAMAUTO_READ(model.positive("vision_downsample_ratio", 64, 3));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest));
  Blocks b{.at = "blocks.*.",
           .hidden = width,
           .q = "attn.wqkv",
           .o = "attn.wo",
           .gate = "mlp.w1",
           .up = "mlp.w3",
           .down = "mlp.w2",
           .mlp_bias = false,
           .rms = true};
  b.layers = VRAMAUTO_READ(narrow_positive(model, "vision_n_layers", kMostLayers, 0, ""));
  b.heads = VRAMAUTO_READ(narrow_positive(model, "vision_n_heads", kMostHeads, 0, ""));
  b.intermediate = VRAMAUTO_READ(model.positive("vision_inter_dim", kWidest));
  VRAMAUTO_DO(pictures(model, b, 1024, down * down, 3 * patch * patch, text, false));
  Tower tower(model, "vision.", 1);
  tower.unquantised().together(b.heads).whole("patch_embed.proj", width, 3 * patch * patch, true).blocks(b);
  tower.norm("norm", width, false).under("aligner.").column("w1", text, width * down * down, true).row("w2", text, text, true);
  tower.under("").of(VRAMAUTO_F32).table("image_start", text, 1).table("image_end", text, 1).table("image_newline", text, 1);
  return kPad ? tower.table("image_pad", text, 1).done() : tower.done();
}

struct Mimo {
  std::uint64_t width = 0, patch = 16, channels = 3, frames = 2, merge = 2, output = 0, key = 64, value = 64;
  Blocks blocks;
};

Answer<Mimo> read_mimo(const Description& model) {
  const std::string at = "/vision_config";
  Mimo s;
  s.width = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 1280, at));
  s.patch = VRAMAUTO_TAKE(model.positive("patch_size", kMostEdge, 16, at));
  s.channels = VRAMAUTO_TAKE(model.positive("in_channels", 64, 3, at));
  s.frames = VRAMAUTO_TAKE(model.positive("temporal_patch_size", 64, 2, at));
  s.merge = VRAMAUTO_TAKE(model.positive("spatial_merge_size", 64, 2, at));
  s.output = VRAMAUTO_TAKE(model.positive("out_hidden_size", kWidest, 2048, at));
  s.key = VRAMAUTO_TAKE(model.positive("qk_channels", kWidest, 64, at));
  s.value = VRAMAUTO_TAKE(model.positive("kv_channels", kWidest, 64, at));
  s.blocks = {
      .at = "blocks.*.", .hidden = s.width, .gate = "mlp.gate_proj", .up = "mlp.up_proj", .down = "mlp.down_proj", .rms = true};
  s.blocks.layers = VRAMAUTO_TAKE(narrow_positive(model, "depth", kMostLayers, 28, at));
  s.blocks.heads = VRAMAUTO_TAKE(narrow_positive(model, "num_heads", kMostHeads, 32, at));
  s.blocks.kv_heads = VRAMAUTO_TAKE(narrow_positive(model, "num_key_value_heads", kMostHeads, 8, at));
  s.blocks.head_dim = static_cast<std::uint32_t>(s.key);
  s.blocks.intermediate = VRAMAUTO_TAKE(model.positive("intermediate_size", kWidest, 4608, at));
  if (s.key != s.value) return {{}, model.fail(VRAMAUTO_E_UNSUPPORTED, at + ": keys and values of different widths")};
  return {s, VRAMAUTO_OK};
}

// The local transformer that reads groups of codes: transformers' Qwen2Model, whole on every rank.
vramauto_status mimo_audio(const Description& model, Tower& tower) {
  const std::string at = "/audio_config";
  const auto width = VRAMAUTO_READ(model.positive("input_local_dim", kWidest, 1024, at));
  const auto channels = VRAMAUTO_READ(narrow_positive(model, "audio_channels", 256, 8, at));
  const auto group = VRAMAUTO_READ(model.positive("group_size", 256, 4, at));
  const auto output = VRAMAUTO_READ(model.positive("out_hidden_size", kWidest, 4096, at));
  const auto codes = at + "/speech_vocab_size";
  const auto words = model.type(codes.c_str()) == VRAMAUTO_JSON_INT
                         ? VRAMAUTO_READ(model.positive("speech_vocab_size", 1u << 24, 1025, at))
                         : 1025;
  Blocks b{.at = "layers.*.",
           .hidden = width,
           .q = "self_attn.q_proj",
           .k = "self_attn.k_proj",
           .v = "self_attn.v_proj",
           .o = "self_attn.o_proj",
           .gate = "mlp.gate_proj",
           .up = "mlp.up_proj",
           .down = "mlp.down_proj",
           .norms = "input_layernorm post_attention_layernorm",
           .o_bias = false,
           .mlp_bias = false,
           .rms = true,
           .quantised = false};
  b.layers = VRAMAUTO_READ(narrow_positive(model, "input_local_layers", kMostLayers, 6, at));
  b.heads = VRAMAUTO_READ(narrow_positive(model, "input_local_attn_heads", kMostHeads, 64, at));
  b.intermediate = VRAMAUTO_READ(model.positive("input_local_intermediate_size", kWidest, 4096, at));
  tower.under("audio_encoder.input_local_transformer.").blocks(b);
  if (VRAMAUTO_READ(truth(model, at + "/add_post_norm", true))) tower.norm("norm", width, false);
  tower.under("audio_encoder.").each(channels).table("speech_embeddings.*", words, width).once();
  const auto joined = width * group;
  if (VRAMAUTO_READ(model.positive("projection_layers", 2, 2, at)) == 1)
    return tower.dense("projection", output, joined, false).done();
  return tower.dense("projection.mlp.0", 4 * joined, joined, false).dense("projection.mlp.2", output, 4 * joined, false).done();
}

vramauto_status mimo(const Description& model) {
  const auto s = VRAMAUTO_READ(read_mimo(model));
  const auto elements = s.channels * s.frames * s.patch * s.patch, merged = s.width * s.merge * s.merge;
  const auto most = VRAMAUTO_READ(pixels(model, "preprocessor_config.json", 12845056)) / (s.patch * s.merge * s.patch * s.merge);
  VRAMAUTO_DO(pictures(model, s.blocks, std::max<std::uint64_t>(1, most), s.merge * s.merge, elements, s.output, true));
  Tower tower(model, "visual.", 3);
  tower.unquantised().conv("patch_embed.proj", s.width, elements, false).made("rotary_pos_emb", 8192, s.key / 2).blocks(s.blocks);
  tower.norm("merger.ln_q", s.width, true).column("merger.mlp.0", merged, merged, false);
  VRAMAUTO_DO(tower.row("merger.mlp.2", s.output, merged, false).done());
  if (!model.has("/audio_config")) return VRAMAUTO_OK;
  const Profile sound{.modality = "audio", .tokens = 750, .patches = 3000, .inputs = 3000 * 128};
  VRAMAUTO_DO(add_encoder(model, sound, s.blocks));
  return mimo_audio(model, tower.serving(4));
}

constexpr Composite kKinds[] = {
    {.architectures = "MiniMaxM3SparseForConditionalGeneration",
     .towers = minimax,
     .prefix = "language_model.",
     .text_architecture = "MiniMaxM3SparseForCausalLM",
     .score = 700},
    {.architectures = "DeepseekV4ForConditionalGeneration",
     .towers = deepseek<true>,
     .text = "",
     .prefix = "",
     .text_architecture = "DeepseekV4ForCausalLM",
     .score = 700},
    {.architectures = "DeepseekV41ForCausalLM",
     .towers = deepseek<false>,
     .text = "",
     .prefix = "",
     .text_architecture = "DeepseekV4ForCausalLM",
     .score = 700},
    {.architectures = "MiMoV2OmniForCausalLM",
     .towers = mimo,
     .text = "text_config",
     .prefix = "",
     .text_architecture = "MiMoV2FlashForCausalLM",
     .score = 700},
};

}  // namespace

std::span<const Composite> newer_kinds() { return kKinds; }

}  // namespace vramauto::vision
