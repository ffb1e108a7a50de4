// HunYuanVL, openPangu-VL and Isaac. Sources: vLLM 0.19.1, models/hunyuan_vision.py; 0.33 and 0.19.1, models/openpangu_vl.py,
// isaac.py.
#include "limits.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

struct Sizes {
  std::uint64_t hidden = 0, intermediate = 0, channels = 3, patch = 14, frames = 1, merge = 2, output = 0;
  std::uint32_t layers = 0, heads = 0;
  std::uint64_t patch_elements() const { return channels * frames * patch * patch; }
  std::uint64_t merged() const { return hidden * merge * merge; }
};

Answer<Sizes> read(const Description& model, std::uint64_t frames) {
  const std::string at = "/vision_config";
  Sizes s;
  s.hidden = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, at));
  s.intermediate = VRAMAUTO_TAKE(model.positive("intermediate_size", kWidest, 0, at));
  s.layers = VRAMAUTO_TAKE(narrow_positive(model, "num_hidden_layers|depth", kMostLayers, 0, at));
  s.heads = VRAMAUTO_TAKE(narrow_positive(model, "num_attention_heads|num_heads", kMostHeads, 0, at));
  s.channels = VRAMAUTO_TAKE(model.positive("num_channels|in_channels", 64, 3, at));
  s.patch = VRAMAUTO_TAKE(model.positive("patch_size", kMostEdge, 14, at));
  s.frames = VRAMAUTO_TAKE(model.positive("temporal_patch_size", 64, frames, at));
  s.merge = VRAMAUTO_TAKE(model.positive("spatial_merge_size|pixel_shuffle_scale_factor", 64, 2, at));
  s.output = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, model.first("text_config")));
  return {s, VRAMAUTO_OK};
}

vramauto_status encoders(const Description& model, const Sizes& s, const Blocks& blocks, bool video) {
  const auto unit = s.patch * s.merge;
  const auto most = VRAMAUTO_READ(pixels(model, "preprocessor_config.json", 2048 * 2048));
  const auto tokens = std::max<std::uint64_t>(1, most / (unit * unit)), patches = tokens * s.merge * s.merge;
  Profile profile{.modality = "image", .tokens = tokens, .patches = patches, .inputs = patches * s.patch_elements()};
  profile.output = static_cast<std::uint32_t>(s.output);
  VRAMAUTO_DO(add_encoder(model, profile, blocks));
  profile.modality = "video";
  return video ? add_encoder(model, profile, blocks) : VRAMAUTO_OK;
}

Blocks blocks_of(const Sizes& s) {
  return {.layers = s.layers, .heads = s.heads, .hidden = s.hidden, .intermediate = s.intermediate};
}

vramauto_status hunyuan(const Description& model) {
  const auto s = VRAMAUTO_READ(read(model, 1));
  const auto edge = VRAMAUTO_READ(model.positive("max_image_size", kMostEdge, 2048, "/vision_config")) / s.patch;
  const auto output = VRAMAUTO_READ(model.positive("out_hidden_size", kWidest, s.output, "/vision_config"));
  auto b = blocks_of(s);
  b.at = "layers.*.";
  b.q = "self_attn.q_proj";
  b.k = "self_attn.k_proj";
  b.v = "self_attn.v_proj";
  b.o = "self_attn.o_proj";
  b.up = "mlp.dense_h_to_4h";
  b.down = "mlp.dense_4h_to_h";
  b.norms = "input_layernorm post_attention_layernorm";
  VRAMAUTO_DO(encoders(model, s, b, false));
  Tower tower(model, "vit.", 1);
  tower.conv("embeddings.patch_embedding", s.hidden, s.patch_elements(), true);
  tower.table("embeddings.position_embedding", edge * edge + 1, s.hidden).blocks(b);
  tower.conv("perceive.proj.0", 2 * s.hidden, s.merged(), true).conv("perceive.proj.2", 4 * s.hidden, 2 * s.hidden, true);
  tower.dense("perceive.mlp", output, 4 * s.hidden, true).table("perceive.image_newline", 4 * s.hidden, 1);
  tower.each(3).table("perceive.image_*", output, 1).once();  // begin, end, separator
  return tower.norm("perceive.before_rms", s.hidden, false).norm("perceive.after_rms", output, false).done();
}

// The MLP's width is rounded up to what ranks divide, where it has a gate.
vramauto_status pangu(const Description& model) {
  const std::string at = "/vision_config";
  const auto s = VRAMAUTO_READ(read(model, 2));
  const auto output = VRAMAUTO_READ(model.positive("out_hidden_size", kWidest, s.output, at));
  const bool gated = !model.has((at + "/hidden_act").c_str()) || VRAMAUTO_READ(model.text((at + "/hidden_act").c_str())) == "silu";
  const auto picks = at + "/mm_unit_vision_select_layer";
  const auto mergers = model.has(picks.c_str()) ? VRAMAUTO_READ(model.length(picks.c_str())) : 2;
  if (mergers == 0 || mergers > kMostLayers) return model.fail(VRAMAUTO_E_FORMAT, picks + " is no list of layers");
  auto b = blocks_of(s);
  b.at = "blocks.*.";
  b.rms = true;
  VRAMAUTO_DO(encoders(model, s, b, true));
  const auto width = static_cast<std::uint32_t>(s.intermediate);
  b.intermediate = 0;
  Tower tower(model, "visual.", 3);
  tower.conv("patch_embed.proj", s.hidden, s.patch_elements(), false).blocks(b).each(s.layers);
  if (gated) tower.by_heads("blocks.*.mlp.gate_proj", width, s.hidden, width, true, Uneven::pad, 2);
  tower.by_heads("blocks.*.mlp.up_proj", width, s.hidden, width, true, gated ? Uneven::pad : Uneven::refuse, gated ? 2 : 0);
  tower.from_heads("blocks.*.mlp.down_proj", s.hidden, width, width, true, gated ? Uneven::pad : Uneven::refuse).once();
  tower.norm("final_layernorm", s.hidden, false).each(static_cast<std::uint32_t>(mergers));
  tower.norm("merger.*.ln_q", s.hidden, false).column("merger.*.mlp.0", s.merged(), s.merged(), true);
  tower.row("merger.*.mlp.2", output, s.merged(), true).once();
  return tower.dense("vision_projection.fc1", s.output, output, true).done();
}

// The text is built first.
Blocks isaac_blocks(const Sizes& s) {
  auto b = blocks_of(s);
  b.at = "encoder.layers.*.";
  b.q = "self_attn.q_proj";
  b.k = "self_attn.k_proj";
  b.v = "self_attn.v_proj";
  b.o = "self_attn.out_proj";
  b.norms = "layer_norm1 layer_norm2";
  return b;
}

vramauto_status isaac_encoder(const Description& model) {
  const auto s = VRAMAUTO_READ(read(model, 1));
  return encoders(model, s, isaac_blocks(s), false);
}

vramauto_status isaac(const Description& model) {
  const auto s = VRAMAUTO_READ(read(model, 1));
  const auto positions = VRAMAUTO_READ(model.positive("num_patches", kWidest, 256, "/vision_config"));
  Tower tower(model, "model.vision_embedding.0.", 1);
  tower.whole("embeddings.patch_embedding", s.hidden, s.patch_elements(), true)
      .table("embeddings.position_embedding", positions, s.hidden);
  tower.blocks(isaac_blocks(s)).norm("post_layernorm", s.hidden, true).under("model.vision_embedding.");
  return tower.column("1", 4 * s.merged(), s.merged(), false).row("3", s.output, 4 * s.merged(), false).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "HunYuanVLForConditionalGeneration",
     .towers = hunyuan,
     .prefix = "",
     .text_architecture = "HunYuanDenseV1ForCausalLM",
     .score = 700},
    {.architectures = "OpenPanguVLForConditionalGeneration",
     .towers = pangu,
     .prefix = "",
     .text_architecture = "PanguEmbeddedForCausalLM",
     .score = 700},
    {.architectures = "IsaacForConditionalGeneration",
     .towers = isaac_encoder,
     .prefix = "",
     .text_architecture = "Qwen3ForCausalLM",
     .after = isaac,
     .score = 700},
};

}  // namespace

std::span<const Composite> hunyuan_kinds() { return kKinds; }

}  // namespace vramauto::vision
