// InternVL and what is built like it. Sources: vLLM 0.33, models/internvl.py, intern_vit.py, interns1.py, interns1_vit.py,
// h2ovl.py, skyworkr1v.py, nvlm_d.py, eagle2_5_vl.py.
#include <string>

#include "classic.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

constexpr const char* kVision = "/vision_config";
constexpr std::string_view kText = "text_config|llm_config";

struct Intern {
  VitSizes vit;
  std::uint64_t text = 0, image = 0, merged = 0, tiles = 0;  // widths, pixels of a tile's edge, tiles of the largest image
  std::uint32_t used = 0;
  bool qkv_bias = true, head_norms = false, rms = false;
  std::uint64_t tile_tokens(std::uint64_t times) const {
    const auto side = image / vit.patch / times;
    return side * side;
  }
};

Answer<bool> truth(const Description& model, const std::string& at, bool otherwise) {
  return model.has(at.c_str()) ? model.boolean(at.c_str()) : Answer<bool>{otherwise, VRAMAUTO_OK};
}

// How many patches of an edge become one: the inverse of downsample_ratio.
Answer<std::uint64_t> shrinks(const Description& model) {
  if (!model.has("/downsample_ratio")) return {2, VRAMAUTO_OK};
  const auto ratio = VRAMAUTO_TAKE(model.real("/downsample_ratio"));
  if (!(ratio > 0.01 && ratio <= 1))
    return {0, model.fail(VRAMAUTO_E_FORMAT, "/downsample_ratio is " + std::to_string(ratio) + ", expected a part of one")};
  return {static_cast<std::uint64_t>(1 / ratio), VRAMAUTO_OK};
}

Answer<Intern> read_intern(const Description& model) {
  Intern out;
  out.vit = VRAMAUTO_TAKE(read_vit(model, kVision));
  const auto text = model.first(kText);
  out.text = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, text));
  out.image = VRAMAUTO_TAKE(model.positive("force_image_size", kMostEdge, out.vit.image));
  const auto times = VRAMAUTO_TAKE(shrinks(model));
  out.merged = out.vit.hidden * times * times;
  out.tiles = VRAMAUTO_TAKE(model.positive("max_dynamic_patch", 1024, 12)) + 1;  // and a thumbnail
  out.used = VRAMAUTO_TAKE(layers_for(model, "/select_layer", -1, out.vit.layers));
  const std::string at = kVision;
  // Transformers' names of the same: attention_bias, use_qk_norm.
  const bool biased = VRAMAUTO_TAKE(truth(model, at + "/attention_bias", false));
  const bool normed = VRAMAUTO_TAKE(truth(model, at + "/use_qk_norm", false));
  out.qkv_bias = VRAMAUTO_TAKE(truth(model, at + "/qkv_bias", biased));
  out.head_norms = VRAMAUTO_TAKE(truth(model, at + "/qk_normalization", normed));
  if (model.has((at + "/norm_type").c_str())) out.rms = VRAMAUTO_TAKE(model.text((at + "/norm_type").c_str())) == "rms_norm";
  return {out, VRAMAUTO_OK};
}

vramauto_status add_tiles(const Description& model, const Intern& s, std::uint64_t times, bool video) {
  Profile tile{.tokens = s.tiles * s.tile_tokens(times), .patches = s.tiles * s.vit.patches()};
  tile.inputs = s.tiles * s.vit.channels * s.image * s.image;
  VRAMAUTO_DO(add_encoder(model, tile, s.vit.shape()));
  if (!video) return VRAMAUTO_OK;
  Profile frame{.modality = "video", .tokens = s.tile_tokens(times), .patches = s.vit.patches()};
  frame.inputs = s.vit.channels * s.image * s.image;
  frame.max_frames = 32;
  return add_encoder(model, frame, s.vit.shape());
}

// vLLM 0.33, models/intern_vit.py. Heads that ranks do not divide leave attention whole; dummy heads fill them up.
Tower& add_intern_vit(Tower& tower, const Intern& s, std::uint32_t dummies) {
  const auto& v = s.vit;
  tower.table("embeddings.class_embedding", v.hidden, 1);
  tower.conv("embeddings.patch_embedding", v.hidden, 3 * v.patch * v.patch, true);
  tower.table("embeddings.position_embedding", v.patches() + 1, v.hidden);
  const bool norms = s.head_norms;
  Blocks blocks{.at = "encoder.layers.*.",
                .layers = s.used,
                .heads = v.heads + dummies,
                .hidden = v.hidden,
                .intermediate = v.intermediate,
                .head_dim = static_cast<std::uint32_t>(v.hidden / v.heads),
                .norms = "norm1 norm2",
                .qkv_bias = s.qkv_bias,
                .rms = s.rms,
                .scales = "ls1 ls2",
                .uneven = Uneven::replicate};
  tower.blocks(blocks).each(s.used);
  if (norms)
    for (const auto* part : {"encoder.layers.*.attn.q_norm", "encoder.layers.*.attn.k_norm"})
      tower.norm(part, std::uint64_t{blocks.heads} * blocks.head_dim, false);
  return tower.once();
}

enum class Mlp : std::uint8_t { plain, quantised, wide };

void add_mlp(Tower& tower, const Intern& s, Mlp kind, std::uint64_t middle) {
  tower.under("mlp1.").norm("0", s.merged, true);
  if (kind == Mlp::quantised) {
    tower.whole("1", s.text, s.merged, true).whole("3", s.text, s.text, true);
  } else {
    const bool bias = kind == Mlp::plain;
    tower.dense("1", middle, s.merged, bias).dense("3", s.text, middle, bias);
  }
}

// vLLM 0.33, models/internvl.py, _patch_quant_config: AWQ files that list nothing mean the text alone.
Answer<bool> text_alone_quantised(const Description& model) {
  const bool awq = VRAMAUTO_TAKE(has_format(model, "awq"));
  const auto listed = std::string("/quantization_config/modules_to_not_convert");
  const auto nested = model.first(kText) + "/quantization_config";
  return {awq && !model.has(listed.c_str()) && model.has(nested.c_str()), VRAMAUTO_OK};
}

template <Mlp kMlp, std::uint32_t kDummies, bool kVideo>
vramauto_status intern(const Description& model) {
  const auto s = VRAMAUTO_READ(read_intern(model));
  const auto times = VRAMAUTO_READ(shrinks(model));
  VRAMAUTO_DO(add_tiles(model, s, times, kVideo));
  auto middle = s.text;
  if (kMlp == Mlp::wide) middle = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 0, model.first(kText)));
  Tower tower(model, "vision_model.", kVideo ? 3 : 1);
  tower.unquantised(VRAMAUTO_READ(text_alone_quantised(model)));
  add_mlp(add_intern_vit(tower, s, kDummies), s, kMlp, middle);
  return tower.done();
}

vramauto_status eagle(const Description& model) {
  const auto s = VRAMAUTO_READ(read_intern(model));
  const auto times = VRAMAUTO_READ(shrinks(model));
  VRAMAUTO_DO(add_tiles(model, s, times, false));
  Tower tower(model, "vision_model.vision_model.", 1);
  add_mlp(add_siglip(tower, s.vit, s.used), s, Mlp::plain, s.text);
  return tower.done();
}

// transformers' layout. vLLM 0.33, models/interns1.py and interns1_vit.py: attention of torch's own layers.
vramauto_status intern_s1(const Description& model) {
  const std::string at = kVision;
  auto s = VRAMAUTO_READ(read_intern(model));
  const auto times = VRAMAUTO_READ(shrinks(model));
  const bool biased = VRAMAUTO_READ(truth(model, at + "/attention_bias", false));
  const bool norms = VRAMAUTO_READ(truth(model, at + "/use_qk_norm", false));
  const bool mask = VRAMAUTO_READ(truth(model, at + "/use_mask_token", false));
  const bool positions = VRAMAUTO_READ(truth(model, at + "/use_absolute_position_embeddings", false));
  const bool pools = VRAMAUTO_READ(truth(model, at + "/use_mean_pooling", true));
  s.used = VRAMAUTO_READ(layers_for(model, "/vision_feature_layer", -1, s.vit.layers));
  VRAMAUTO_DO(add_tiles(model, s, times, true));
  const auto& v = s.vit;
  Tower tower(model, "model.vision_tower.", 3);
  tower.table("embeddings.cls_token", v.hidden, mask ? 2 : 1);
  tower.conv("embeddings.patch_embeddings.projection", v.hidden, v.channels * v.patch * v.patch, true);
  if (positions) tower.table("embeddings.position_embeddings", v.patches() + 1, v.hidden);
  tower.each(s.used);
  const std::string layer = "encoder.layer.*.";
  for (const auto* part : {"q_proj", "k_proj", "v_proj"}) tower.dense(layer + "attention." + part, v.hidden, v.hidden, biased);
  if (norms) tower.norm(layer + "attention.q_norm", v.hidden, false).norm(layer + "attention.k_norm", v.hidden, false);
  tower.dense(layer + "attention.projection_layer", v.hidden, v.hidden, true);
  tower.column(layer + "mlp.fc1", v.intermediate, v.hidden, true).row(layer + "mlp.fc2", v.hidden, v.intermediate, true);
  for (const auto* part : {"layernorm_before", "layernorm_after"}) tower.norm(layer + part, v.hidden, !s.rms);
  for (const auto* part : {"lambda_1", "lambda_2"}) tower.table(layer + part, v.hidden, 1);
  tower.once();
  if (!pools) tower.norm("layernorm", v.hidden, true);
  tower.under("model.multi_modal_projector.").norm("layer_norm", s.merged, true);
  return tower.dense("linear_1", s.text, s.merged, true).dense("linear_2", s.text, s.text, true).done();
}

constexpr const char* kOwnPrefix = "language_model.";

constexpr Composite kKinds[] = {
    {.architectures = "InternVLChatModel", .towers = intern<Mlp::plain, 0, true>, .text = kText, .prefix = kOwnPrefix},
    {.architectures = "H2OVLChatModel QianfanOCRForConditionalGeneration",
     .towers = intern<Mlp::plain, 0, false>,
     .text = kText,
     .prefix = kOwnPrefix},
    {.architectures = "SkyworkR1VChatModel", .towers = intern<Mlp::quantised, 0, false>, .text = kText, .prefix = kOwnPrefix},
    {.architectures = "NVLM_D", .towers = intern<Mlp::wide, 7, false>, .text = kText, .prefix = kOwnPrefix},
    {.architectures = "Eagle2_5_VLForConditionalGeneration", .towers = eagle, .text = kText, .prefix = kOwnPrefix},
    {.architectures = "InternVLForConditionalGeneration InternS1ForConditionalGeneration", .towers = intern_s1},
};

}  // namespace

std::span<const Composite> intern_kinds() { return kKinds; }

}  // namespace vramauto::vision
