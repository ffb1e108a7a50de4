// PaddleOCR-VL and Keye-VL: SigLIP with rotary positions. Sources: vLLM 0.33 and 0.19.1, models/paddleocr_vl.py, keye.py,
// keye_vl1_5.py.
#include "limits.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

struct Sizes {
  std::uint64_t hidden = 0, intermediate = 0, channels = 3, patch = 14, positions = 0, text = 0, merge = 2;
  std::uint32_t layers = 0, heads = 0;
};

Answer<Sizes> read(const Description& model) {
  const std::string at = "/vision_config";
  Sizes s;
  s.hidden = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, at));
  s.intermediate = VRAMAUTO_TAKE(model.positive("intermediate_size", kWidest, 0, at));
  s.layers = VRAMAUTO_TAKE(narrow_positive(model, "num_hidden_layers", kMostLayers, 0, at));
  s.heads = VRAMAUTO_TAKE(narrow_positive(model, "num_attention_heads", kMostHeads, 0, at));
  s.channels = VRAMAUTO_TAKE(model.positive("num_channels", 64, 3, at));
  s.patch = VRAMAUTO_TAKE(model.positive("patch_size", kMostEdge, 14, at));
  s.merge = VRAMAUTO_TAKE(model.positive("spatial_merge_size", 64, 2, at));
  const auto side = VRAMAUTO_TAKE(model.positive("image_size", kMostEdge, 384, at)) / s.patch;
  s.positions = std::max<std::uint64_t>(1, side * side);
  s.text = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, model.first("text_config")));
  return {s, VRAMAUTO_OK};
}

Blocks blocks_of(const Sizes& s) {
  return {.at = "vision_model.encoder.layers.*.",
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

vramauto_status encoders(const Description& model, const Sizes& s, std::uint64_t most_pixels, bool video) {
  const auto unit = s.patch * s.merge;
  const auto most = VRAMAUTO_READ(pixels(model, "preprocessor_config.json", most_pixels));
  const auto tokens = std::max<std::uint64_t>(1, most / (unit * unit)), patches = tokens * s.merge * s.merge;
  Profile profile{.modality = "image", .tokens = tokens, .patches = patches, .inputs = patches * s.channels * s.patch * s.patch};
  profile.output = static_cast<std::uint32_t>(s.text);
  VRAMAUTO_DO(add_encoder(model, profile, blocks_of(s)));
  profile.modality = "video";
  return video ? add_encoder(model, profile, blocks_of(s)) : VRAMAUTO_OK;
}

Tower& siglip(Tower& tower, const Sizes& s) {
  tower.conv("vision_model.embeddings.patch_embedding", s.hidden, s.channels * s.patch * s.patch, true);
  tower.table("vision_model.embeddings.position_embedding", s.positions, s.hidden);
  tower.of(VRAMAUTO_I64).made("vision_model.embeddings.position_ids", s.positions, 1).of(0);
  return tower.blocks(blocks_of(s));
}

vramauto_status paddle(const Description& model) {
  const auto s = VRAMAUTO_READ(read(model));
  VRAMAUTO_DO(encoders(model, s, 2822400, false));
  Tower tower(model, "visual.", 1);
  siglip(tower, s);
  tower.of(VRAMAUTO_F32).made("vision_model.encoder.rotary_pos_emb.inv_freq", s.hidden / s.heads / 4, 1).of(0);
  tower.norm("vision_model.post_layernorm", s.hidden, true).under("mlp_AR.").norm("pre_norm", s.hidden, true);
  const auto merged = s.hidden * 4;
  return tower.dense("linear_1", merged, merged, true).dense("linear_2", s.text, merged, true).done();
}

// Keye-VL 1.0 normalises before patches are merged, 1.5 after.
template <bool kLater>
vramauto_status keye(const Description& model) {
  const auto s = VRAMAUTO_READ(read(model));
  VRAMAUTO_DO(encoders(model, s, 1003520, true));
  Tower tower(model, "visual.", 3);
  tower.conv("vision_model.embeddings.patch_embedding", s.hidden, s.channels * s.patch * s.patch, true);
  tower.table("vision_model.embeddings.position_embedding", s.positions, s.hidden);
  tower.table("vision_model.embeddings.packing_position_embedding", 32768, s.hidden).of(VRAMAUTO_I64);
  tower.made("vision_model.embeddings.position_ids", s.positions, 1).of(0).blocks(blocks_of(s)).of(VRAMAUTO_F32);
  tower.made("vision_model.encoder.rotary_pos_emb.inv_freq", s.hidden / s.heads / 4, 1).of(0);
  const auto merged = s.hidden * 4;
  tower.norm("vision_model.post_layernorm", s.hidden, true).under("mlp_AR.").norm("pre_norm", kLater ? merged : s.hidden, true);
  return tower.column("linear_1", merged, merged, true).row("linear_2", s.text, merged, true).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "KeyeForConditionalGeneration", .towers = keye<false>, .prefix = "", .text_architecture = "Qwen3ForCausalLM"},
    {.architectures = "KeyeVL1_5ForConditionalGeneration",
     .towers = keye<true>,
     .prefix = "",
     .text_architecture = "Qwen3ForCausalLM"},
    {.architectures = "PaddleOCRVLForConditionalGeneration",
     .towers = paddle,
     .prefix = "",
     .text_architecture = "Ernie4_5ForCausalLM"},
};

}  // namespace

std::span<const Composite> paddle_kinds() { return kKinds; }

}  // namespace vramauto::vision
