// Idefics 3 and SmolVLM, Command A vision, Aya vision and Bee: SigLIP's blocks with projectors of their own. Sources: vLLM 0.33,
// models/idefics3.py, idefics2_vision_model.py, cohere2_vision.py, bee.py, rvl.py; 0.19.1, models/aya_vision.py.
#include <string>

#include "classic.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

constexpr const char* kVision = "/vision_config";

Answer<std::uint64_t> text_width(const Description& model) { return model.positive("hidden_size", kWidest, 0, "/text_config"); }

// Tiles of the longest edge that the processor makes, and a view of all.
vramauto_status add_tiles(const Description& model, const VitSizes& s, std::uint64_t tiles, std::uint64_t times) {
  const auto side = (s.grid() + times - 1) / times;
  return add_encoder(model, {.tokens = tiles * side * side, .patches = tiles * s.patches(), .inputs = tiles * s.pixels()},
                     s.shape());
}

vramauto_status idefics3(const Description& model) {
  const auto s = VRAMAUTO_READ(read_vit(model, kVision));
  const auto text = VRAMAUTO_READ(text_width(model));
  const auto scale = VRAMAUTO_READ(model.positive("scale_factor", 64, 2));
  const auto longest = VRAMAUTO_READ(model.positive("longest_edge", 1u << 20, 4 * s.image, "preprocessor_config.json#/size"));
  const auto edge = (longest + s.image - 1) / s.image;
  VRAMAUTO_DO(add_tiles(model, s, std::min<std::uint64_t>(edge * edge, 1024) + 1, scale));
  Tower tower(model, "model.vision_model.", 1);
  tower.conv("embeddings.patch_embedding", s.hidden, s.channels * s.patch * s.patch, true);
  tower.table("embeddings.position_embedding", s.patches(), s.hidden);
  add_siglip_blocks(tower, s, s.layers).norm("post_layernorm", s.hidden, true);
  return tower.under("model.connector.modality_projection.").whole("proj", text, s.hidden * scale * scale, false).done();
}

// Both halves of the projector's middle are one divided layer: intermediate_size holds their sum.
vramauto_status cohere2(const Description& model) {
  const auto s = VRAMAUTO_READ(read_vit(model, kVision));
  const auto text = VRAMAUTO_READ(text_width(model));
  const auto times = VRAMAUTO_READ(model.positive("downsample_factor", 64, 2));
  const auto middle = VRAMAUTO_READ(model.positive("alignment_intermediate_size", kWidest, 36864)) / 2;
  VRAMAUTO_DO(add_tiles(model, s, VRAMAUTO_READ(model.positive("max_patches", 1024, 12, "preprocessor_config.json#")) + 1, times));
  Tower tower(model, "model.vision_tower.vision_model.", 1);
  add_siglip(tower, s, s.layers).under("model.multi_modal_projector.");
  tower.unquantised().column("linear_1", 2 * middle, s.hidden * times * times, true);
  return tower.row("linear_2", text, middle, true).done();
}

vramauto_status aya(const Description& model) {
  const auto s = VRAMAUTO_READ(read_vit(model, kVision));
  const auto text = VRAMAUTO_READ(text_width(model));
  const auto times = VRAMAUTO_READ(model.positive("downsample_factor", 64, 2));
  const auto middle = VRAMAUTO_READ(model.positive("alignment_intermediate_size", kWidest, text));
  const auto used = VRAMAUTO_READ(layers_for(model, "/vision_feature_layer", -1, s.layers));
  VRAMAUTO_DO(add_tiles(model, s, VRAMAUTO_READ(model.positive("max_patches", 1024, 12, "preprocessor_config.json#")) + 1, times));
  Tower tower(model, "model.vision_tower.vision_model.", 1);
  add_siglip(tower, s, used).under("model.multi_modal_projector.").norm("layernorm", s.hidden * times * times, true);
  return tower.dense("linear_1", middle, s.hidden * times * times, true).dense("linear_2", text, middle / 2, true).done();
}

// The projector's middle is so many times the text's width.
template <std::uint64_t kTimes>
vramauto_status bee(const Description& model) {
  const auto s = VRAMAUTO_READ(read_vit(model, kVision));
  const auto text = VRAMAUTO_READ(text_width(model));
  const auto used = VRAMAUTO_READ(layers_for(model, "/vision_feature_layer", -1, s.layers));
  VRAMAUTO_DO(add_tiles(model, s, 10, 1));
  Tower tower(model, "model.vision_tower.vision_model.", 3);
  add_siglip(tower, s, used, LastNorm::never).under("model.").table("image_newline", text, 1);
  tower.under("model.multi_modal_projector.").norm("pre_norm", s.hidden, true).dense("linear_1", kTimes * text, s.hidden, true);
  return tower.dense("linear_2", text, kTimes * text, true).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "Idefics3ForConditionalGeneration SmolVLMForConditionalGeneration",
     .towers = idefics3,
     .prefix = "model.text_model.",
     .text_architecture = "LlamaForCausalLM"},
    {.architectures = "Cohere2VisionForConditionalGeneration", .towers = cohere2},
    {.architectures = "AyaVisionForConditionalGeneration", .towers = aya, .text_architecture = "Cohere2ForCausalLM"},
    {.architectures = "BeeForConditionalGeneration", .towers = bee<4>},
    {.architectures = "RForConditionalGeneration", .towers = bee<1>},
};

}  // namespace

std::span<const Composite> idefics_kinds() { return kKinds; }

}  // namespace vramauto::vision
