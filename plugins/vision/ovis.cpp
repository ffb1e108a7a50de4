// Ovis: a tower, a head that turns what it sees into words of a visual vocabulary, and their embeddings. Sources: vLLM 0.33,
// models/ovis.py, ovis2_5.py, aimv2.py, siglip2navit.py.
#include <string>

#include "classic.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

Answer<bool> truth(const Description& model, const std::string& at, bool otherwise) {
  return model.has(at.c_str()) ? model.boolean(at.c_str()) : Answer<bool>{otherwise, VRAMAUTO_OK};
}

// `indicators`: words of the visual vocabulary that stand for no picture.
Tower& add_words(Tower& tower, const std::string& prefix, std::uint64_t features, std::uint64_t vocab, std::uint64_t indicators,
                 std::uint64_t text) {
  const auto words = vocab > indicators ? vocab - indicators : 1;
  tower.under(prefix).whole("head.0", words, features, false).norm("head.1", words, true);
  return tower.under("").table("vte", vocab, text);
}

Tower& add_aimv2(Tower& tower, const VitSizes& s, bool qkv_bias, bool bias) {
  tower.conv("preprocessor.patchifier.proj", s.hidden, s.channels * s.patch * s.patch, true);
  tower.norm("preprocessor.patchifier.norm", s.hidden, false).table("preprocessor.pos_embed", s.patches(), s.hidden);
  return tower.blocks({.at = "trunk.blocks.*.",
                       .layers = s.layers,
                       .heads = s.heads,
                       .hidden = s.hidden,
                       .intermediate = s.intermediate,
                       .gate = "mlp.fc1",
                       .up = "mlp.fc3",
                       .down = "mlp.fc2",
                       .norms = "norm_1 norm_2",
                       .qkv_bias = qkv_bias,
                       .o_bias = bias,
                       .mlp_bias = bias,
                       .rms = true});
}

vramauto_status ovis(const Description& model) {
  const std::string tokens = "/visual_tokenizer_config", at = tokens + "/backbone_config";
  const auto s = VRAMAUTO_READ(read_vit(model, at));
  const auto stride = VRAMAUTO_READ(model.positive("hidden_stride", 64, 1, tokens));
  const auto vocab = VRAMAUTO_READ(model.positive("vocab_size", 1u << 24, 16384, tokens));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest));
  const auto type = at + "/model_type";
  const bool aim = model.has(type.c_str()) && VRAMAUTO_READ(model.text(type.c_str())).starts_with("aimv2");
  const bool qkv_bias = VRAMAUTO_READ(truth(model, at + "/qkv_bias", false));
  const bool bias = VRAMAUTO_READ(truth(model, at + (model.has((at + "/mlp_bias").c_str()) ? "/mlp_bias" : "/use_bias"), false));
  const auto side = (s.grid() + stride - 1) / stride;
  // Nine parts and a view of all.
  VRAMAUTO_DO(
      add_encoder(model, {.tokens = 10 * (side * side + 2), .patches = 10 * s.patches(), .inputs = 10 * s.pixels()}, s.shape()));
  Tower tower(model, aim ? "visual_tokenizer.backbone." : "visual_tokenizer.backbone.vision_model.", 1);
  if (aim)
    add_aimv2(tower, s, qkv_bias, bias);
  else
    add_siglip(tower, s, s.layers);
  return add_words(tower, "visual_tokenizer.", s.hidden * stride * stride, vocab, 5, text).done();
}

vramauto_status ovis2_5(const Description& model) {
  const std::string at = "/vit_config";
  VitSizes s;
  s.hidden = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 1152, at));
  s.intermediate = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 4304, at));
  s.layers = VRAMAUTO_READ(narrow_positive(model, "num_hidden_layers", kMostLayers, 27, at));
  s.heads = VRAMAUTO_READ(narrow_positive(model, "num_attention_heads", kMostHeads, 16, at));
  s.patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 16, at));
  s.image = VRAMAUTO_READ(model.positive("image_size", kMostEdge, 512, at));
  const auto stride = VRAMAUTO_READ(model.positive("hidden_stride", 64, 2, at));
  const auto vocab = VRAMAUTO_READ(model.positive("visual_vocab_size", 1u << 24, 65536));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest));
  const auto count = at + "/num_patches";
  const auto patches = model.has(count.c_str()) ? VRAMAUTO_READ(model.integer(count.c_str())) : std::int64_t{-1};
  const bool positions = VRAMAUTO_READ(truth(model, at + "/preserve_original_pe", false));
  if (s.patch > s.image || patches > static_cast<std::int64_t>(kWidest))
    return model.fail(VRAMAUTO_E_FORMAT, at + ": expected patches within the image");
  // 1792 pixels an edge at most.
  const auto grid = 1792 / s.patch, tokens = grid * grid / (stride * stride);
  Profile image{.tokens = tokens, .patches = grid * grid, .inputs = 3 * grid * grid * s.patch * s.patch};
  VRAMAUTO_DO(add_encoder(model, image, s.shape()));
  image.modality = "video";
  VRAMAUTO_DO(add_encoder(model, image, s.shape()));
  Tower tower(model, "visual_tokenizer.vit.vision_model.", 3);
  if (patches > 0)
    tower.whole("embeddings.patch_embedding", s.hidden, 3 * s.patch * s.patch, true);
  else
    tower.conv("embeddings.patch_embedding", s.hidden, 3 * s.patch * s.patch, true);
  if (positions)
    tower.table("embeddings.position_embedding", patches > 0 ? static_cast<std::uint64_t>(patches) : s.patches(), s.hidden);
  add_siglip_blocks(tower, s, s.layers).norm("post_layernorm", s.hidden, true);
  return add_words(tower, "visual_tokenizer.", s.hidden * stride * stride, vocab, 4, text).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "Ovis", .towers = ovis, .text = "llm_config|text_config", .prefix = "llm.", .score = 600},
    {.architectures = "Ovis2_5 Ovis2_6ForCausalLM Ovis2_6_MoeForCausalLM",
     .towers = ovis2_5,
     .text = "llm_config|text_config",
     .prefix = "llm.",
     .score = 600},
};

}  // namespace

std::span<const Composite> ovis_kinds() { return kKinds; }

}  // namespace vramauto::vision
