// DeepSeek-VL2, DeepSeek-OCR and OpenVLA. Sources: vLLM 0.33, models/openvla.py, deepseek_vl2.py, deepseek_ocr.py,
// deepseek_ocr2.py, deepencoder.py, deepencoder2.py, transformers_utils/configs/deepseek_vl2.py; timm,
// models/vision_transformer.py, for VL2's tower.
#include <string>

#include "classic.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

// SigLIP so400m, as timm has it.
constexpr std::uint64_t kHidden = 1152, kWide = 4304, kPatch = 14;
constexpr std::uint32_t kDepth = 27;

struct Projector {
  std::uint64_t in = 0, out = 0, times = 2, ratio = 1, depth = 2;
  bool linear = false;
};

Answer<Projector> read_projector(const Description& model) {
  const std::string at = "/projector_config";
  Projector p;
  p.in = VRAMAUTO_TAKE(model.positive("input_dim", kWidest, 1152, at));
  p.out = VRAMAUTO_TAKE(model.positive("n_embed", kWidest, 2048, at));
  p.times = VRAMAUTO_TAKE(model.positive("downsample_ratio", 64, 2, at));
  p.ratio = VRAMAUTO_TAKE(model.positive("mlp_ratio", 64, 1, at));
  p.depth = VRAMAUTO_TAKE(model.positive("depth", 16, 2, at));
  const auto type = at + "/projector_type";
  if (model.has(type.c_str())) p.linear = VRAMAUTO_TAKE(model.text(type.c_str())) == "linear";
  return {p, VRAMAUTO_OK};
}

Tower& add_projector(Tower& tower, const Projector& p) {
  tower.under("projector.layers");
  if (p.linear) return tower.dense("", p.out, p.in, true);
  const auto middle = p.out * p.ratio;
  tower.dense(".0", middle, p.in * p.times * p.times, true);
  for (std::uint64_t i = 1; i + 1 < p.depth; ++i) tower.dense("." + std::to_string(2 * i), middle, middle, true);
  return tower.dense("." + std::to_string(2 * (p.depth - 1)), p.out, middle, true);
}

// timm's vit_so400m_patch14_siglip at so many patches an edge, with its pooling head. Only its MLPs are ever divided.
Tower& add_timm_siglip(Tower& tower, std::uint64_t grid, bool divided) {
  const auto mlp = [&](const std::string& at) {
    if (divided)
      tower.column(at + "fc1", kWide, kHidden, true).row(at + "fc2", kHidden, kWide, true);
    else
      tower.dense(at + "fc1", kWide, kHidden, true).dense(at + "fc2", kHidden, kWide, true);
  };
  tower.conv("patch_embed.proj", kHidden, 3 * kPatch * kPatch, true).table("pos_embed", grid * grid, kHidden);
  tower.each(kDepth).norm("blocks.*.norm1", kHidden, true).dense("blocks.*.attn.qkv", 3 * kHidden, kHidden, true);
  tower.dense("blocks.*.attn.proj", kHidden, kHidden, true).norm("blocks.*.norm2", kHidden, true);
  mlp("blocks.*.mlp.");
  tower.once().norm("norm", kHidden, true).table("attn_pool.latent", kHidden, 1).dense("attn_pool.q", kHidden, kHidden, true);
  tower.dense("attn_pool.kv", 2 * kHidden, kHidden, true).dense("attn_pool.proj", kHidden, kHidden, true);
  tower.norm("attn_pool.norm", kHidden, true);
  mlp("attn_pool.mlp.");
  return tower;
}

// That tower at 384 pixels, whatever the configuration says.
vramauto_status vl2(const Description& model) {
  constexpr std::uint64_t kGrid = 27;
  const auto p = VRAMAUTO_READ(read_projector(model));
  const Blocks shape{.layers = kDepth, .heads = 16, .hidden = kHidden, .intermediate = kWide};
  // The widest of the candidate resolutions is nine tiles and a view of all.
  constexpr std::uint64_t kTiles = 10, kSide = (kGrid + 1) / 2;
  Profile image{.tokens = kTiles * kSide * (kSide + 1) + 1, .patches = kTiles * kGrid * kGrid};
  image.inputs = kTiles * 3 * 384 * 384;
  VRAMAUTO_DO(add_encoder(model, image, shape));
  Tower tower(model, "vision.", 1);
  add_projector(add_timm_siglip(tower, kGrid, true), p).under("");
  return tower.table("image_newline", p.out, 1).table("view_seperator", p.out, 1).done();
}

// OpenVLA: that tower at 224 pixels beside DINOv2's large one with four registers, whole on every rank; a divided projector.
vramauto_status openvla(const Description& model) {
  constexpr std::uint64_t kGrid = 16, kDino = 1024, kFused = kDino + kHidden;
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  const Blocks dino{.at = "blocks.*.",
                    .layers = 24,
                    .heads = 16,
                    .hidden = kDino,
                    .intermediate = 4 * kDino,
                    .scales = "ls1.gamma ls2.gamma",
                    .quantised = false};
  VRAMAUTO_DO(add_encoder(model, {.tokens = kGrid * kGrid, .patches = kGrid * kGrid, .inputs = 6 * 224 * 224}, dino));
  Tower tower(model, "vision_backbone.featurizer.", 1);
  tower.table("cls_token", 1, kDino).table("reg_token", 4, kDino).table("pos_embed", kGrid * kGrid, kDino);
  tower.conv("patch_embed.proj", kDino, 3 * kPatch * kPatch, true).blocks(dino).norm("norm", kDino, true);
  add_timm_siglip(tower.under("vision_backbone.fused_featurizer."), kGrid, false).under("projector.");
  tower.column("fc1", 4 * kFused, kFused, true).row("fc2", text, 4 * kFused, true);
  return tower.whole("fc3", text, text, true).done();
}

// SAM's ViT-B at 1024 pixels: windows of 14 patches but for four layers that see all 64 by 64.
Tower& add_sam(Tower& tower, std::uint64_t output) {
  constexpr std::uint64_t kWidth = 768, kHead = 64, kGrid = 64, kWindow = 14, kNeck = 256;
  constexpr std::uint32_t kLayers = 12, kGlobal = 4;
  tower.under("model.sam_model.").conv("patch_embed.proj", kWidth, 3 * 16 * 16, true).table("pos_embed", kGrid * kGrid, kWidth);
  tower.blocks({.at = "blocks.*.",
                .layers = kLayers,
                .heads = 12,
                .hidden = kWidth,
                .intermediate = 4 * kWidth,
                .up = "mlp.lin1",
                .down = "mlp.lin2",
                .quantised = false});
  tower.each(kGlobal).table("blocks.*.attn.rel_pos", 2 * (2 * kGrid - 1), kHead);
  tower.each(kLayers - kGlobal).table("blocks.*.attn.rel_pos_window", 2 * (2 * kWindow - 1), kHead).once();
  tower.conv("neck.0", kNeck, kWidth, false).norm("neck.1", kNeck, true);
  tower.conv("neck.2", kNeck, 9 * kNeck, false).norm("neck.3", kNeck, true);
  return tower.conv("net_2", 2 * kNeck, 9 * kNeck, false).conv("net_3", output, 9 * 2 * kNeck, false);
}

// A view of 1024 pixels and up to six crops of 640 (OCR), or 768 (OCR 2), 16 patches of 16 pixels to a token.
vramauto_status add_pages(const Description& model, const Blocks& shape, std::uint64_t crop) {
  constexpr std::uint64_t kView = 1024, kCrops = 6, kUnit = 64;
  const auto side = crop / kUnit, view = kView / kUnit;
  Profile page{.tokens = view * (view + 1) + kCrops * side * (side + 1) + 1};
  page.patches = (kView * kView + kCrops * crop * crop) / (16 * 16);
  page.inputs = 3 * (kView * kView + kCrops * crop * crop);
  return add_encoder(model, page, shape);
}

vramauto_status ocr(const Description& model) {
  const auto p = VRAMAUTO_READ(read_projector(model));
  VitSizes s;
  s.hidden = 1024;
  s.intermediate = 4096;
  s.image = 224;
  s.patch = 14;
  s.layers = 24;
  s.heads = 16;
  VRAMAUTO_DO(add_pages(model, s.shape(), 640));
  Tower tower(model, "", 1);
  add_sam(tower, 1024).under("model.vision_model.");
  add_clip(tower, s, s.layers, LastNorm::never);
  add_projector(tower, p).under("model.");
  return tower.table("image_newline", p.out, 1).table("view_seperator", p.out, 1).done();
}

// The second tower is a Qwen2 of torch's own layers without an embedding.
vramauto_status ocr2(const Description& model) {
  constexpr std::uint64_t kWidth = 896, kInner = 4864;
  const auto p = VRAMAUTO_READ(read_projector(model));
  const Blocks qwen{.at = "model.model.layers.*.",
                    .layers = 24,
                    .heads = 14,
                    .hidden = kWidth,
                    .intermediate = kInner,
                    .kv_heads = 2,
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
  VRAMAUTO_DO(add_pages(model, qwen, 768));
  Tower tower(model, "", 1);
  add_sam(tower, kWidth).under("model.qwen2_model.").blocks(qwen);
  tower.norm("model.model.norm", kWidth, false).table("query_768", 144, kWidth).table("query_1024", 256, kWidth);
  return add_projector(tower, p).under("model.").table("view_seperator", p.out, 1).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "DeepseekVLV2ForCausalLM", .towers = vl2, .text = "language_config", .prefix = "language."},
    {.architectures = "DeepseekOCRForCausalLM UnlimitedOCRForCausalLM", .towers = ocr, .text = "language_config", .prefix = ""},
    {.architectures = "OpenVLAForActionPrediction", .towers = openvla, .prefix = "language_model.", .score = 600},
    {.architectures = "DeepseekOCR2ForCausalLM", .towers = ocr2, .text = "language_config", .prefix = ""},
};

}  // namespace

std::span<const Composite> deepseek_kinds() { return kKinds; }

}  // namespace vramauto::vision
