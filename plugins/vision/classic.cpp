#include "classic.hpp"

#include <string>

namespace vramauto::vision {

Answer<bool> has_format(const Description& model, std::string_view words) {
  constexpr auto* at = "/quantization_config/quant_method";
  if (model.type(at) != VRAMAUTO_JSON_STRING) return {false, VRAMAUTO_OK};
  const auto stated = VRAMAUTO_TAKE(model.text(at));
  return {!stated.empty() && words.find(stated) != std::string_view::npos, VRAMAUTO_OK};
}

Answer<VitSizes> read_vit(const Description& model, const std::string& at) {
  VitSizes s;
  s.hidden = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, at));
  s.intermediate = VRAMAUTO_TAKE(model.positive("intermediate_size", kWidest, 4 * s.hidden, at));
  s.layers = VRAMAUTO_TAKE(narrow_positive(model, "num_hidden_layers", kMostLayers, 0, at));
  s.heads = VRAMAUTO_TAKE(narrow_positive(model, "num_attention_heads", kMostHeads, 0, at));
  s.channels = VRAMAUTO_TAKE(model.positive("num_channels", 64, 3, at));
  const auto edge = [&](const char* key) {
    const bool list = model.type((at + "/" + key).c_str()) == VRAMAUTO_JSON_ARRAY;
    return list ? model.positive("0", kMostEdge, 0, at + "/" + key) : model.positive(key, kMostEdge, 0, at);
  };
  s.any_width = VRAMAUTO_TAKE(has_format(model, "bitsandbytes torchao"));
  s.image = VRAMAUTO_TAKE(edge("image_size"));
  s.patch = VRAMAUTO_TAKE(edge("patch_size"));
  if (s.hidden % s.heads != 0 || s.patch > s.image)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, at + ": " + std::to_string(s.hidden) + " features in " + std::to_string(s.heads) +
                                              " heads, patches of " + std::to_string(s.patch) + " in images of " +
                                              std::to_string(s.image) + " pixels: expected whole heads and whole patches")};
  return {s, VRAMAUTO_OK};
}

namespace {

// vLLM 0.33, models/vision.py, get_num_selected_vision_tokens' neighbours; models/llava.py, _get_layer_index.
std::uint32_t used_for(std::int64_t feature, std::uint32_t layers) {
  const auto depth = feature < 0 ? feature + layers + 1 : feature;
  return depth < 1 ? 1 : depth > layers ? layers : static_cast<std::uint32_t>(depth);
}

}  // namespace

Answer<std::uint32_t> layers_for(const Description& model, const char* at, std::int64_t otherwise, std::uint32_t layers) {
  if (!model.has(at)) return {used_for(otherwise, layers), VRAMAUTO_OK};
  if (model.type(at) != VRAMAUTO_JSON_ARRAY) return {used_for(VRAMAUTO_TAKE(model.integer(at)), layers), VRAMAUTO_OK};
  std::uint32_t deepest = 1;
  const auto count = VRAMAUTO_TAKE(model.length(at));
  for (std::uint64_t i = 0; i < count && i < kMostLayers; ++i) {
    const auto one = VRAMAUTO_TAKE(model.integer((std::string(at) + "/" + std::to_string(i)).c_str()));
    deepest = std::max(deepest, used_for(one, layers));
  }
  return {deepest, VRAMAUTO_OK};
}

Tower& add_siglip_blocks(Tower& tower, const VitSizes& s, std::uint32_t used, bool mlp) {
  tower.blocks({.at = "encoder.layers.*.",
                .layers = used,
                .heads = s.heads,
                .hidden = s.hidden,
                .intermediate = mlp ? s.intermediate : 0,
                .q = "self_attn.q_proj",
                .k = "self_attn.k_proj",
                .v = "self_attn.v_proj",
                .o = "self_attn.out_proj",
                .norms = "layer_norm1 layer_norm2"});
  if (mlp) return tower;
  tower.unquantised().each(used).column("encoder.layers.*.mlp.fc1", s.intermediate, s.hidden, true);
  return tower.row("encoder.layers.*.mlp.fc2", s.hidden, s.intermediate, true).once().unquantised(false);
}

namespace {

bool has_last(LastNorm last, const VitSizes& s, std::uint32_t used) {
  return last == LastNorm::always || (last == LastNorm::if_whole && used == s.layers);
}

Tower& add_positions(Tower& tower, const VitSizes& s, std::uint64_t count) {
  tower.table("embeddings.position_embedding", count, s.hidden);
  return tower.of(VRAMAUTO_I64).made("embeddings.position_ids", count, 1).of(0);
}

}  // namespace

Tower& add_siglip(Tower& tower, const VitSizes& s, std::uint32_t used, LastNorm last) {
  tower.conv("embeddings.patch_embedding", s.hidden, s.channels * s.patch * s.patch, true);
  add_positions(tower, s, s.patches());
  add_siglip_blocks(tower, s, used, s.takes_formats());  // SiglipMLP asks for widths of 64
  if (has_last(last, s, used)) tower.norm("post_layernorm", s.hidden, true);
  return tower;
}

Tower& add_clip(Tower& tower, const VitSizes& s, std::uint32_t used, LastNorm last) {
  tower.table("embeddings.class_embedding", s.hidden, 1);
  tower.conv("embeddings.patch_embedding", s.hidden, s.channels * s.patch * s.patch, false);
  add_positions(tower, s, s.patches() + 1);
  tower.norm("pre_layrnorm", s.hidden, true);
  add_siglip_blocks(tower, s, used);
  if (has_last(last, s, used)) tower.norm("post_layernorm", s.hidden, true);
  return tower;
}

// vLLM 0.33, models/pixtral.py, PixtralHFVisionModel.
Tower& add_pixtral(Tower& tower, const VitSizes& s, std::uint32_t used) {
  tower.conv("patch_conv", s.hidden, s.channels * s.patch * s.patch, false).norm("ln_pre", s.hidden, false);
  tower.blocks({.at = "transformer.layers.*.",
                .layers = used,
                .heads = s.heads,
                .hidden = s.hidden,
                .intermediate = s.intermediate,
                .q = "attention.q_proj",
                .k = "attention.k_proj",
                .v = "attention.v_proj",
                .o = "attention.o_proj",
                .gate = "feed_forward.gate_proj",
                .up = "feed_forward.up_proj",
                .down = "feed_forward.down_proj",
                .norms = "attention_norm ffn_norm",
                .qkv_bias = false,
                .o_bias = false,
                .mlp_bias = false,
                .rms = true});
  // Frequencies and their originals.
  return tower.of(VRAMAUTO_F32).made("patch_positional_embedding.inv_freq", s.hidden / s.heads, 1).of(0);
}

Answer<Kind> classic_kind(const Description& model, const std::string& at) {
  const auto type = at + "/model_type";
  if (!model.has(type.c_str())) return {Kind::clip, VRAMAUTO_OK};
  const auto stated = VRAMAUTO_TAKE(model.text(type.c_str()));
  if (stated.starts_with("clip")) return {Kind::clip, VRAMAUTO_OK};
  if (stated.starts_with("siglip")) return {Kind::siglip, VRAMAUTO_OK};
  if (stated == "pixtral") return {Kind::pixtral, VRAMAUTO_OK};
  return {
      {},
      model.fail(VRAMAUTO_E_UNSUPPORTED, type + " is \"" + std::string(stated) + "\", expected a CLIP, SigLIP or Pixtral tower")};
}

Tower& add_classic(Tower& tower, Kind kind, const VitSizes& s, std::uint32_t used, LastNorm last) {
  if (kind == Kind::pixtral) return add_pixtral(tower, s, used);
  return kind == Kind::clip ? add_clip(tower, s, used, last) : add_siglip(tower, s, used, last);
}

}  // namespace vramauto::vision
