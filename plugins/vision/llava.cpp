// LLaVA and its kin: a shared tower, two linear layers, any text. Sources: vLLM 0.33, models/llava.py, llava_next.py,
// llava_next_video.py, llava_onevision.py; 0.19.1 for Mantis.
#include <string>

#include "classic.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

constexpr const char* kVision = "/vision_config";

enum class Joint : std::uint8_t { divided, dense };

struct Llava {
  VitSizes vit;
  Kind kind = Kind::clip;
  std::uint64_t text = 0, features = 1;  // feature layers that are concatenated
  std::uint32_t used = 0;
  bool bias = true;
};

Answer<Llava> read_llava(const Description& model, std::int64_t feature_layer) {
  Llava out;
  out.vit = VRAMAUTO_TAKE(read_vit(model, kVision));
  out.kind = VRAMAUTO_TAKE(classic_kind(model, kVision));
  out.text = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, "/text_config"));
  constexpr auto* layer = "/vision_feature_layer";
  out.used = VRAMAUTO_TAKE(layers_for(model, layer, feature_layer, out.vit.layers));
  if (model.type(layer) == VRAMAUTO_JSON_ARRAY) out.features = VRAMAUTO_TAKE(model.length(layer));
  if (out.features == 0 || out.features > out.vit.layers)
    return {
        {},
        model.fail(VRAMAUTO_E_FORMAT, std::string(layer) + " has " + std::to_string(out.features) + " entries, expected layers")};
  if (model.has("/multimodal_projector_bias")) out.bias = VRAMAUTO_TAKE(model.boolean("/multimodal_projector_bias"));
  return {out, VRAMAUTO_OK};
}

// Tiles of the largest image among those the processor may choose: image_grid_pinpoints, in pixels.
Answer<std::uint64_t> most_tiles(const Description& model, const VitSizes& vit) {
  constexpr auto* key = "/image_grid_pinpoints";
  std::uint64_t most = 4;
  if (model.type(key) != VRAMAUTO_JSON_ARRAY) return {most + 1, VRAMAUTO_OK};
  const auto count = VRAMAUTO_TAKE(model.length(key));
  for (std::uint64_t i = 0; i < count && i < 1024; ++i) {
    const auto at = std::string(key) + "/" + std::to_string(i);
    const auto height = VRAMAUTO_TAKE(model.positive("0", 1u << 20, 0, at)),
               width = VRAMAUTO_TAKE(model.positive("1", 1u << 20, 0, at));
    most = std::max(most, (height + vit.image - 1) / vit.image * ((width + vit.image - 1) / vit.image));
  }
  return {most + 1, VRAMAUTO_OK};
}

Tower& add_llava(Tower& tower, const Llava& s, Joint joint, bool newline) {
  tower.under(s.kind == Kind::pixtral ? "model.vision_tower." : "model.vision_tower.vision_model.");
  add_classic(tower, s.kind, s.vit, s.used, LastNorm::never);
  if (newline) tower.under("model.").table("image_newline", s.text, 1);
  const auto in = s.vit.hidden * s.features;
  tower.under("model.multi_modal_projector.");
  if (joint == Joint::dense) return tower.dense("linear_1", s.text, in, s.bias).dense("linear_2", s.text, s.text, s.bias);
  return tower.column("linear_1", s.text, in, s.bias).row("linear_2", s.text, s.text, s.bias);
}

vramauto_status llava(const Description& model) {
  const auto s = VRAMAUTO_READ(read_llava(model, -2));
  VRAMAUTO_DO(add_encoder(model, {.tokens = s.vit.patches(), .patches = s.vit.patches(), .inputs = s.vit.pixels()}, s.vit.shape()));
  Tower tower(model, "", 1);
  return add_llava(tower, s, Joint::divided, false).done();
}

vramauto_status add_tiled(const Description& model, const Llava& s) {
  const auto tiles = VRAMAUTO_READ(most_tiles(model, s.vit));
  // Each row of patches ends with a newline.
  const auto tokens = tiles * s.vit.patches() + s.vit.grid() * (tiles - 1);
  return add_encoder(model, {.tokens = tokens, .patches = tiles * s.vit.patches(), .inputs = tiles * s.vit.pixels()},
                     s.vit.shape());
}

vramauto_status llava_next(const Description& model) {
  const auto s = VRAMAUTO_READ(read_llava(model, -2));
  VRAMAUTO_DO(add_tiled(model, s));
  Tower tower(model, "", 1);
  return add_llava(tower, s, Joint::divided, true).done();
}

vramauto_status llava_next_video(const Description& model) {
  const auto s = VRAMAUTO_READ(read_llava(model, -2));
  const auto stride = VRAMAUTO_READ(model.positive("spatial_pool_stride", 64, 2));
  const auto side = (s.vit.grid() + stride - 1) / stride;
  Profile video{.modality = "video", .tokens = side * side, .patches = s.vit.patches(), .inputs = s.vit.pixels()};
  video.max_frames = 32;
  VRAMAUTO_DO(add_encoder(model, video, s.vit.shape()));
  Tower tower(model, "", 1);
  return add_llava(tower, s, Joint::dense, false).done();
}

vramauto_status llava_onevision(const Description& model) {
  const auto s = VRAMAUTO_READ(read_llava(model, -1));
  VRAMAUTO_DO(add_tiled(model, s));
  const auto side = (s.vit.grid() + 1) / 2;
  Profile video{.modality = "video", .tokens = side * side + 1, .patches = s.vit.patches(), .inputs = s.vit.pixels()};
  video.max_frames = 16;
  VRAMAUTO_DO(add_encoder(model, video, s.vit.shape()));
  Tower tower(model, "", 3);
  return add_llava(tower, s, Joint::dense, true).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "LlavaForConditionalGeneration MantisForConditionalGeneration TarsierForConditionalGeneration",
     .towers = llava},
    {.architectures = "LlavaNextForConditionalGeneration", .towers = llava_next},
    {.architectures = "MiniMaxVL01ForConditionalGeneration",
     .towers = llava_next,
     .text_architecture = "MiniMaxText01ForCausalLM",
     .score = 600},
    {.architectures = "LlavaNextVideoForConditionalGeneration", .towers = llava_next_video},
    {.architectures = "LlavaOnevisionForConditionalGeneration", .towers = llava_onevision},
};

}  // namespace

std::span<const Composite> llava_kinds() { return kKinds; }

}  // namespace vramauto::vision
