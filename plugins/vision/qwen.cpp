// Qwen2-VL, Qwen2.5-VL, Qwen3-VL (dense and MoE), Qwen3.5. Sources: vLLM 0.33 and 0.19.1, models/qwen2_vl.py, qwen2_5_vl.py,
// qwen3_vl.py, qwen3_vl_moe.py, qwen3_5.py.
#include "qwen.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

// Qwen2VisionTransformer, Qwen2_5_VisionTransformer, Qwen3_VisionTransformer.
Tower& qwen2(Tower& tower, const QwenSizes& s) {
  const Blocks b{.at = "blocks.*.", .layers = s.depth, .heads = s.heads, .hidden = s.hidden, .intermediate = s.intermediate};
  tower.conv("patch_embed.proj", s.hidden, s.patch_elements(), false);
  tower.made("rotary_pos_emb", 8192, s.hidden / s.heads / 2).blocks(b).norm("merger.ln_q", s.hidden, true);
  tower.column("merger.mlp.0", s.merged(), s.merged(), true).row("merger.mlp.2", s.output, s.merged(), true);
  return tower;
}

Tower& qwen2_5(Tower& tower, const QwenSizes& s) {
  const Blocks b{.at = "blocks.*.",
                 .layers = s.depth,
                 .heads = s.heads,
                 .hidden = s.hidden,
                 .intermediate = s.intermediate,
                 .kv_heads = s.kv_heads,
                 .gate = "mlp.gate_proj",
                 .up = "mlp.up_proj",
                 .down = "mlp.down_proj",
                 .rms = true};
  tower.conv("patch_embed.proj", s.hidden, s.patch_elements(), false);
  tower.made("rotary_pos_emb", 8192, s.hidden / s.heads / 2).blocks(b).norm("merger.ln_q", s.hidden, false);
  tower.column("merger.mlp.0", s.merged(), s.merged(), true).row("merger.mlp.2", s.output, s.merged(), true);
  return tower;
}

// Qwen3Omni_VisionTransformer: the same blocks, other names and order.
Tower& qwen3_omni(Tower& tower, const QwenSizes& s) {
  const Blocks b{.at = "blocks.*.",
                 .layers = s.depth,
                 .heads = s.heads,
                 .hidden = s.hidden,
                 .intermediate = s.intermediate,
                 .up = "mlp.linear_fc1",
                 .down = "mlp.linear_fc2"};
  tower.conv("patch_embed.proj", s.hidden, s.patch_elements(), true).table("pos_embed", s.positions, s.hidden);
  tower.made("rotary_pos_emb", 8192, s.hidden / s.heads / 2).blocks(b).norm("merger.ln_q", s.hidden, true);
  tower.column("merger.mlp.0", s.merged(), s.merged(), true).row("merger.mlp.2", s.output, s.merged(), true);
  if (s.levels == 0) return tower;
  tower.each(s.levels).norm("merger_list.*.ln_q", s.merged(), true);
  tower.column("merger_list.*.mlp.0", s.merged(), s.merged(), true);
  return tower.row("merger_list.*.mlp.2", s.output, s.merged(), true).once();
}

Tower& qwen3(Tower& tower, const QwenSizes& s) {
  const Blocks b{.at = "blocks.*.",
                 .layers = s.depth,
                 .heads = s.heads,
                 .hidden = s.hidden,
                 .intermediate = s.intermediate,
                 .up = "mlp.linear_fc1",
                 .down = "mlp.linear_fc2"};
  tower.conv("patch_embed.proj", s.hidden, s.patch_elements(), true).table("pos_embed", s.positions, s.hidden);
  tower.made("rotary_pos_emb", 8192, s.hidden / s.heads / 2).norm("merger.norm", s.hidden, true);
  tower.column("merger.linear_fc1", s.merged(), s.merged(), true).row("merger.linear_fc2", s.output, s.merged(), true);
  if (s.levels) {
    tower.each(s.levels).norm("deepstack_merger_list.*.norm", s.merged(), true);
    tower.column("deepstack_merger_list.*.linear_fc1", s.merged(), s.merged(), true);
    tower.row("deepstack_merger_list.*.linear_fc2", s.output, s.merged(), true).once();
  }
  return tower.blocks(b);
}

}  // namespace

Answer<QwenSizes> read_qwen(const Description& model, const std::string& at, QwenTower kind) {
  QwenSizes s;
  s.kind = kind;
  const bool first = kind == QwenTower::qwen2;
  s.hidden = VRAMAUTO_TAKE(model.positive(first ? "embed_dim" : "hidden_size", kWidest, 0, at));
  s.depth = VRAMAUTO_TAKE(narrow_positive(model, "depth", kMostLayers, 0, at));
  s.heads = VRAMAUTO_TAKE(narrow_positive(model, "num_heads", kMostHeads, 0, at));
  s.channels = VRAMAUTO_TAKE(model.positive("in_channels", 64, 3, at));
  s.patch = VRAMAUTO_TAKE(model.positive("patch_size", kMostEdge, 0, at));
  s.frames = VRAMAUTO_TAKE(model.positive("temporal_patch_size", 64, 2, at));
  s.merge = VRAMAUTO_TAKE(model.positive("spatial_merge_size", 64, 2, at));
  if (first) {
    const auto ratio = VRAMAUTO_TAKE(model.has((at + "/mlp_ratio").c_str()) ? model.real((at + "/mlp_ratio").c_str())
                                                                            : Answer<double>{4.0, VRAMAUTO_OK});
    if (!(ratio > 0 && ratio < 64)) return {{}, model.fail(VRAMAUTO_E_FORMAT, at + "/mlp_ratio is no ratio of widths")};
    s.intermediate = static_cast<std::uint64_t>(static_cast<double>(s.hidden) * ratio);
    s.output = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, at));
  } else {
    s.intermediate = VRAMAUTO_TAKE(model.positive("intermediate_size", kWidest, 0, at));
    s.output = VRAMAUTO_TAKE(model.positive("out_hidden_size", kWidest, 0, at));
  }
  if (kind == QwenTower::exaone4_5) s.kv_heads = VRAMAUTO_TAKE(narrow_positive(model, "num_key_value_heads", kMostHeads, 0, at));
  if (kind == QwenTower::qwen3 || kind == QwenTower::qwen3_omni) {
    if (kind == QwenTower::qwen3) {
      s.positions = VRAMAUTO_TAKE(model.positive("num_position_embeddings", kWidest, 2304, at));
    } else {
      const auto side = VRAMAUTO_TAKE(model.positive("image_size", kWidest, 768, at)) / s.patch;
      s.positions = std::max<std::uint64_t>(1, side * side);
    }
    const auto levels = at + "/deepstack_visual_indexes";
    if (model.has(levels.c_str())) s.levels = static_cast<std::uint32_t>(VRAMAUTO_TAKE(model.length(levels.c_str())));
  }
  if (s.hidden % s.heads != 0)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, at + ": " + std::to_string(s.hidden) + " features are no multiple of " +
                                              std::to_string(s.heads) + " heads")};
  return {s, VRAMAUTO_OK};
}

vramauto_status add_qwen_encoders(const Description& model, const QwenSizes& s) {
  const Blocks b{.layers = s.depth, .heads = s.heads, .hidden = s.hidden, .intermediate = s.intermediate};
  // transformers 5.24, image_processing_qwen2_vl.py: at most 12,845,056 pixels where no file says otherwise. Qwen3-VL and 3.5
  // say 16,777,216, and for two frames of a video 25,165,824.
  const bool third = s.kind == QwenTower::qwen3 || s.kind == QwenTower::qwen3_omni;
  const auto most = VRAMAUTO_READ(pixels(model, "preprocessor_config.json", third ? 16777216 : 12845056));
  const auto unit = s.patch * s.merge;
  const auto tokens = std::max<std::uint64_t>(1, most / (unit * unit)), patches = tokens * s.merge * s.merge;
  Profile image{.modality = "image", .tokens = tokens, .patches = patches, .inputs = patches * s.patch_elements()};
  image.levels = s.levels;
  image.output = static_cast<std::uint32_t>(s.output);
  VRAMAUTO_DO(add_encoder(model, image, b));
  image.modality = "video";
  if (third) {
    image.tokens = std::max<std::uint64_t>(
        1, VRAMAUTO_READ(pixels(model, "video_preprocessor_config.json", 25165824)) / s.frames / (unit * unit));
    image.patches = image.tokens * s.merge * s.merge;
  } else {  // vLLM 0.33, models/qwen2_vl.py: up to 14 frames as large as an image, as many as fit the model's length
    image.max_frames = 14;
    image.tokens = std::max<std::uint64_t>(1, tokens / s.frames);
    image.patches = patches / s.frames;
  }
  image.inputs = image.patches * s.patch_elements();
  return add_encoder(model, image, b);
}

Tower& add_qwen_tower(Tower& tower, const QwenSizes& s) {
  switch (s.kind) {
    case QwenTower::qwen2:
      return qwen2(tower, s);
    case QwenTower::qwen2_5:
    case QwenTower::exaone4_5:
      return qwen2_5(tower, s);
    case QwenTower::qwen3_omni:
      return qwen3_omni(tower, s);
    case QwenTower::qwen3:
      break;
  }
  return qwen3(tower, s);
}

namespace {

template <QwenTower kKind, bool kQuantised = true>
vramauto_status towers(const Description& model) {
  const auto s = VRAMAUTO_READ(read_qwen(model, "/vision_config", kKind));
  VRAMAUTO_DO(add_qwen_encoders(model, s));
  Tower tower(model, "model.visual.", 3);
  tower.unquantised(!kQuantised);
  return add_qwen_tower(tower, s).done();
}

// BailingMoeV3VisionTransformer: patches are merged without a layer, a projector follows.
vramauto_status bailing(const Description& model) {
  auto s = VRAMAUTO_READ(read_qwen(model, "/vision_config", QwenTower::qwen3));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  s.levels = 0;
  s.output = text;
  const Blocks b{.at = "blocks.*.",
                 .layers = s.depth,
                 .heads = s.heads,
                 .hidden = s.hidden,
                 .intermediate = s.intermediate,
                 .up = "mlp.linear_fc1",
                 .down = "mlp.linear_fc2"};
  VRAMAUTO_DO(add_qwen_encoders(model, s));
  Tower tower(model, "model.visual.", 1);
  tower.conv("patch_embed.proj", s.hidden, s.patch_elements(), true).table("pos_embed", s.positions, s.hidden);
  tower.made("rotary_pos_emb", 8192, s.hidden / s.heads / 2).norm("merger.norm", s.hidden, true).blocks(b);
  tower.under("model.linear_proj.").column("linear_fc1", text, s.merged(), true);
  return tower.row("linear_fc2", text, text, true).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "BailingMoeV3VLForConditionalGeneration",
     .towers = bailing,
     .text_architecture = "BailingMoeV3ForCausalLM",
     .score = 700},
    {.architectures = "Qwen2VLForConditionalGeneration",
     .towers = towers<QwenTower::qwen2>,
     .text_architecture = "Qwen2ForCausalLM"},
    {.architectures = "Qwen2_5_VLForConditionalGeneration",
     .towers = towers<QwenTower::qwen2_5>,
     .text_architecture = "Qwen2ForCausalLM"},
    {.architectures = "Exaone4_5_ForConditionalGeneration",
     .towers = towers<QwenTower::exaone4_5>,
     .text_architecture = "Exaone4ForCausalLM"},
    {.architectures = "OpenCUAForConditionalGeneration",
     .towers = towers<QwenTower::qwen2_5>,
     .prefix = "language_model.",
     .text_architecture = "Qwen2ForCausalLM"},
    {.architectures = "Qwen3VLForConditionalGeneration",
     .towers = towers<QwenTower::qwen3>,
     .text_architecture = "Qwen3ForCausalLM"},
    {.architectures = "Cosmos3ForConditionalGeneration Alpamayo2Super",
     .towers = towers<QwenTower::qwen3>,
     .text_architecture = "Qwen3ForCausalLM"},
    {.architectures = "InternS1ProForConditionalGeneration",
     .towers = towers<QwenTower::qwen3, false>,
     .text_architecture = "Qwen3MoeForCausalLM"},
    {.architectures = "InternS2PreviewForConditionalGeneration",
     .towers = towers<QwenTower::qwen3>,
     .text_architecture = "Qwen3_5MoeForCausalLM"},
    {.architectures = "Qwen4ExpForConditionalGeneration",
     .towers = towers<QwenTower::qwen3>,
     .text_architecture = "Qwen4ExpForCausalLM"},
    {.architectures = "Tarsier2ForConditionalGeneration",
     .towers = towers<QwenTower::qwen2>,
     .text_architecture = "Qwen2ForCausalLM"},
    {.architectures = "Qwen3VLMoeForConditionalGeneration",
     .towers = towers<QwenTower::qwen3>,
     .text_architecture = "Qwen3MoeForCausalLM"},
    {.architectures = "Qwen3_5ForConditionalGeneration",
     .towers = towers<QwenTower::qwen3>,
     .text_architecture = "Qwen3_5ForCausalLM"},
    {.architectures = "Qwen3_5MoeForConditionalGeneration",
     .towers = towers<QwenTower::qwen3>,
     .text_architecture = "Qwen3_5MoeForCausalLM"},
};

}  // namespace

std::span<const Composite> qwen_kinds() { return kKinds; }

}  // namespace vramauto::vision
