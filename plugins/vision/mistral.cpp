// Mistral 3 and what has Pixtral's tower. Sources: vLLM 0.33, models/mistral3.py, lightonocr.py, pixtral.py.
#include <string>

#include "classic.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

constexpr const char* kVision = "/vision_config";

Answer<bool> flag_of(const Description& model, const char* at, bool otherwise) {
  return model.has(at) ? model.boolean(at) : Answer<bool>{otherwise, VRAMAUTO_OK};
}

struct Mistral {
  VitSizes vit;
  std::uint64_t text = 0, merge = 2;
  std::uint32_t used = 0;
  std::uint64_t merged() const { return vit.hidden * merge * merge; }
};

// The largest image: each row of merged patches ends with a token of its own.
vramauto_status add_image(const Description& model, const Mistral& s) {
  const auto side = std::max<std::uint64_t>(1, s.vit.grid() / s.merge);
  return add_encoder(model, {.tokens = side * (side + 1), .patches = s.vit.patches(), .inputs = s.vit.pixels()}, s.vit.shape());
}

Answer<Mistral> read_mistral(const Description& model) {
  Mistral s;
  s.vit = VRAMAUTO_TAKE(read_vit(model, kVision));
  s.text = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, "/text_config"));
  s.merge = VRAMAUTO_TAKE(model.positive("spatial_merge_size", 64, 2));
  s.used = VRAMAUTO_TAKE(layers_for(model, "/vision_feature_layer", -1, s.vit.layers));
  return {s, VRAMAUTO_OK};
}

// The projector is divided, but for the layer that merges patches.
vramauto_status mistral3(const Description& model) {
  const auto s = VRAMAUTO_READ(read_mistral(model));
  const bool bias = VRAMAUTO_READ(flag_of(model, "/multimodal_projector_bias", false));
  VRAMAUTO_DO(add_image(model, s));
  Tower tower(model, "model.vision_tower.", 1);
  add_pixtral(tower, s.vit, s.used);
  tower.under("model.multi_modal_projector.").norm("norm", s.vit.hidden, false);
  tower.dense("patch_merger.merging_layer", s.vit.hidden, s.merged(), false);
  return tower.column("linear_1", s.text, s.vit.hidden, bias).row("linear_2", s.text, s.text, bias).done();
}

// Mistral's own layout (params.json): vision_config holds VisionEncoderArgs. The whole of it on every rank.
vramauto_status pixtral(const Description& model) {
  const std::string at = kVision;
  Mistral s;
  s.vit = VRAMAUTO_READ(read_vit(model, at));
  s.text = VRAMAUTO_READ(model.positive("hidden_size|dim", kWidest, 0, model.first("text_config")));
  s.merge = VRAMAUTO_READ(model.positive("spatial_merge_size", 64, 1, at));
  const bool bias = VRAMAUTO_READ(flag_of(model, "/vision_config/adapter_bias", true));
  const bool norm = VRAMAUTO_READ(flag_of(model, "/vision_config/add_pre_mm_projector_layer_norm", false));
  const auto id = at + "/mm_projector_id";
  const bool merges = model.type(id.c_str()) == VRAMAUTO_JSON_STRING && VRAMAUTO_READ(model.text(id.c_str())) == "patch_merge";
  VRAMAUTO_DO(add_image(model, s));
  Tower tower(model, "vision_encoder.", 1);
  tower.conv("patch_conv", s.vit.hidden, s.vit.channels * s.vit.patch * s.vit.patch, false).norm("ln_pre", s.vit.hidden, false);
  tower.blocks({.at = "transformer.layers.*.",
                .layers = s.vit.layers,
                .heads = s.vit.heads,
                .hidden = s.vit.hidden,
                .intermediate = s.vit.intermediate,
                .q = "attention.wq",
                .k = "attention.wk",
                .v = "attention.wv",
                .o = "attention.wo",
                .gate = "feed_forward.w1",
                .up = "feed_forward.w3",
                .down = "feed_forward.w2",
                .norms = "attention_norm ffn_norm",
                .qkv_bias = false,
                .o_bias = false,
                .mlp_bias = false,
                .rms = true});
  tower.under("");
  if (norm) tower.norm("pre_mm_projector_norm", s.vit.hidden, false);
  if (merges) tower.whole("patch_merger.merging_layer", s.vit.hidden, s.merged(), false);
  tower.under("vision_language_adapter.").whole("w_in", s.text, s.vit.hidden, bias);
  return tower.whole("w_out", s.text, s.text, bias).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "Mistral3ForConditionalGeneration LightOnOCRForConditionalGeneration", .towers = mistral3},
    {.architectures = "PixtralForConditionalGeneration", .towers = pixtral, .prefix = ""},
};

}  // namespace

std::span<const Composite> mistral_kinds() { return kKinds; }

}  // namespace vramauto::vision
