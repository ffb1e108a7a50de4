// GLM-4.1V, GLM-4.5V, GLM-OCR. Sources: vLLM 0.33 and 0.19.1, models/glm4_1v.py, glm_ocr.py.
#include "limits.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

struct GlmSizes {
  std::uint64_t hidden = 0, intermediate = 0, output = 0, channels = 3, patch = 14, frames = 2, merge = 2, positions = 0, text = 0;
  std::uint32_t depth = 0, heads = 0;
  std::uint64_t patch_elements() const { return channels * frames * patch * patch; }
};

Answer<GlmSizes> read_glm(const Description& model) {
  const std::string at = "/vision_config";
  GlmSizes s;
  s.hidden = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, at));
  s.intermediate = VRAMAUTO_TAKE(model.positive("intermediate_size", kWidest, 0, at));
  s.output = VRAMAUTO_TAKE(model.positive("out_hidden_size", kWidest, 0, at));
  s.depth = VRAMAUTO_TAKE(narrow_positive(model, "depth", kMostLayers, 0, at));
  s.heads = VRAMAUTO_TAKE(narrow_positive(model, "num_heads", kMostHeads, 0, at));
  s.channels = VRAMAUTO_TAKE(model.positive("in_channels", 64, 3, at));
  s.patch = VRAMAUTO_TAKE(model.positive("patch_size", kMostEdge, 14, at));
  s.frames = VRAMAUTO_TAKE(model.positive("temporal_patch_size", 64, 2, at));
  s.merge = VRAMAUTO_TAKE(model.positive("spatial_merge_size", 64, 2, at));
  const auto side = VRAMAUTO_TAKE(model.positive("image_size", kMostEdge, 336, at)) / s.patch;
  s.positions = std::max<std::uint64_t>(1, side * side);
  s.text = VRAMAUTO_TAKE(model.positive("intermediate_size", kWidest, s.intermediate, "/text_config"));
  return {s, VRAMAUTO_OK};
}

// transformers 5.24, models/glm4v/image_processing_glm4v.py: 14 x 14 x 2 x 2 x 2 x 6,144 pixels, frames counted.
constexpr std::uint64_t kMostPixels = 9633792;

vramauto_status encoders(const Description& model, const GlmSizes& s, const Blocks& blocks) {
  const auto unit = s.patch * s.merge;
  const auto most = VRAMAUTO_READ(pixels(model, "preprocessor_config.json", kMostPixels)) / s.frames;
  const auto tokens = std::max<std::uint64_t>(1, most / (unit * unit)), patches = tokens * s.merge * s.merge;
  Profile profile{.modality = "image", .tokens = tokens, .patches = patches, .inputs = patches * s.patch_elements()};
  profile.output = static_cast<std::uint32_t>(s.output);
  VRAMAUTO_DO(add_encoder(model, profile, blocks));
  profile.modality = "video";
  return add_encoder(model, profile, blocks);
}

Tower& merger(Tower& tower, const GlmSizes& s, std::uint64_t width) {
  tower.column("merger.proj", s.output, s.output, false).norm("merger.post_projection_norm", s.output, true);
  tower.column("merger.gate_proj", width, s.output, false, 2).column("merger.up_proj", width, s.output, false, 2);
  return tower.row("merger.down_proj", s.output, width, false);
}

Blocks blocks_of(const GlmSizes& s, bool ocr) {
  return {.at = "blocks.*.",
          .layers = s.depth,
          .heads = s.heads,
          .hidden = s.hidden,
          .intermediate = ocr ? s.intermediate : s.output,  // Glm4vVisionBlock is as wide as the text
          .gate = "mlp.gate_proj",
          .up = "mlp.up_proj",
          .down = "mlp.down_proj",
          .qkv_bias = ocr,
          .o_bias = ocr,
          .mlp_bias = ocr,
          .rms = true,
          .head_norms = ocr ? "attn.q_norm attn.k_norm" : ""};
}

template <bool kOcr>
vramauto_status towers(const Description& model) {
  const auto s = VRAMAUTO_READ(read_glm(model));
  const auto blocks = blocks_of(s, kOcr);
  VRAMAUTO_DO(encoders(model, s, blocks));
  Tower tower(model, "model.visual.", 3);
  tower.conv("patch_embed.proj", s.hidden, s.patch_elements(), true);
  tower.made("rotary_pos_emb", 8192, s.hidden / std::max(1u, s.heads) / 2).blocks(blocks);
  merger(tower, s, kOcr ? s.text : s.intermediate);
  if (!kOcr) {
    tower.table("embeddings.position_embedding", s.positions, s.hidden);
    tower.of(VRAMAUTO_I64).made("embeddings.position_ids", s.positions, 1).of(0).norm("post_conv_layernorm", s.hidden, false);
  }
  tower.conv("downsample", s.output, s.hidden * s.merge * s.merge, true).norm("post_layernorm", s.hidden, false);
  return tower.done();
}

// GLM-5-Next: OCR's tower with a merger of its own width; its rotary table is as long as the text's.
vramauto_status next(const Description& model) {
  const auto s = VRAMAUTO_READ(read_glm(model));
  const auto blocks = blocks_of(s, true);
  const auto width = VRAMAUTO_READ(model.positive("projection_intermediate_size", kWidest, 0, "/vision_config"));
  const auto positions = VRAMAUTO_READ(model.positive("max_position_embeddings", std::uint64_t{1} << 34, 0, "/text_config"));
  VRAMAUTO_DO(encoders(model, s, blocks));
  Tower tower(model, "model.visual.", 3);
  tower.unquantised().conv("patch_embed.proj", s.hidden, s.patch_elements(), true);
  tower.made("rotary_pos_emb", positions, std::max<std::uint64_t>(1, s.hidden / s.heads / 2)).blocks(blocks);
  merger(tower, s, width).conv("downsample", s.output, s.hidden * s.merge * s.merge, true);
  return tower.norm("post_layernorm", s.hidden, false).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "Glm5NextForConditionalGeneration", .towers = next, .text_architecture = "Glm5NextForCausalLM", .score = 700},
    {.architectures = "Glm4vForConditionalGeneration", .towers = towers<false>, .text_architecture = "Glm4ForCausalLM"},
    {.architectures = "Glm4vMoeForConditionalGeneration", .towers = towers<false>, .text_architecture = "Glm4MoeForCausalLM"},
    {.architectures = "GlmOcrForConditionalGeneration", .towers = towers<true>, .text_architecture = "Glm4ForCausalLM"},
};

}  // namespace

std::span<const Composite> glm_kinds() { return kKinds; }

}  // namespace vramauto::vision
