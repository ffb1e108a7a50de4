// Phi-3 vision and LFM2-VL. Sources: vLLM 0.33, models/phi3v.py, lfm2_vl.py, lfm2_siglip2.py.
#include <string>

#include "classic.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

// The class builds CLIP ViT-L/14 at 336 pixels, whatever the configuration says, and an embedding beside the text's.
vramauto_status phi3v(const Description& model) {
  VitSizes s;
  s.hidden = 1024;
  s.intermediate = 4096;
  s.image = 336;
  s.patch = 14;
  s.layers = 24;
  s.heads = 16;
  const auto used = VRAMAUTO_READ(layers_for(model, "/img_processor/layer_idx", -2, s.layers));
  const auto out = VRAMAUTO_READ(model.positive("image_dim_out", kWidest, 0, "/img_processor"));
  const auto text = VRAMAUTO_READ(model.positive("n_embd|hidden_size", kWidest, 0));
  const auto vocab = VRAMAUTO_READ(model.positive("vocab_size", 1u << 26));
  const auto crops = VRAMAUTO_READ(model.positive("num_crops", 1024, 16, "preprocessor_config.json#"));
  const auto each = VRAMAUTO_READ(model.positive("num_img_tokens", 1u << 16, 144, "/img_processor"));
  const auto tokens = (crops + 1) * each + 1 + (crops + 1) * 12;
  VRAMAUTO_DO(
      add_encoder(model, {.tokens = tokens, .patches = (crops + 1) * s.patches(), .inputs = (crops + 1) * s.pixels()}, s.shape()));
  vramauto_weights embedding =
      Tensors("model.embed_tokens", VRAMAUTO_ROLE_EMBEDDING, {VRAMAUTO_LAYER_INPUT, 1, 1, 1}, vocab, text).by(VRAMAUTO_SPLIT_VOCAB);
  embedding.encoders = 1;
  VRAMAUTO_DO(model.host()->add_weights(model.call(), &embedding));
  Tower tower(model, "model.vision_embed_tokens.img_processor.vision_model.", 1);
  add_clip(tower, s, used);
  tower.under("model.vision_embed_tokens.").table("glb_GN", 4 * out, 1).table("sub_GN", 4 * out, 1);
  return tower.dense("img_projection.0", text, 4 * out, true).dense("img_projection.2", text, text, true).done();
}

vramauto_status lfm2(const Description& model) {
  const std::string at = "/vision_config";
  const auto hidden = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, at));
  const auto patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 16, at));
  const auto channels = VRAMAUTO_READ(model.positive("num_channels", 64, 3, at));
  const auto positions = VRAMAUTO_READ(model.positive("num_patches", kWidest, 256, at));
  const auto shrinks = VRAMAUTO_READ(model.positive("downsample_factor", 64, 2));
  const auto middle = VRAMAUTO_READ(model.positive("projector_hidden_size", kWidest, 2560));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size|block_dim", kWidest, 0, "/text_config"));
  const auto tiles = VRAMAUTO_READ(model.positive("max_tiles", 1024, 10)) + 1;
  const auto tokens = VRAMAUTO_READ(model.positive("max_image_tokens", kWidest, 256));
  const bool norm = model.has("/projector_use_layernorm") ? VRAMAUTO_READ(model.boolean("/projector_use_layernorm")) : true;
  const bool bias = model.has("/projector_bias") ? VRAMAUTO_READ(model.boolean("/projector_bias")) : true;
  const Blocks blocks{.at = "encoder.layers.*.",
                      .layers = VRAMAUTO_READ(narrow_positive(model, "num_hidden_layers", kMostLayers, 0, at)),
                      .heads = VRAMAUTO_READ(narrow_positive(model, "num_attention_heads", kMostHeads, 0, at)),
                      .hidden = hidden,
                      .intermediate = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 0, at)),
                      .q = "self_attn.q_proj",
                      .k = "self_attn.k_proj",
                      .v = "self_attn.v_proj",
                      .o = "self_attn.out_proj",
                      .norms = "layer_norm1 layer_norm2"};
  const auto patches = tiles * tokens * shrinks * shrinks, in = channels * patch * patch;
  VRAMAUTO_DO(add_encoder(model, {.tokens = tiles * tokens, .patches = patches, .inputs = patches * in}, blocks));
  Tower tower(model, "model.vision_tower.vision_model.", 1);
  tower.whole("embeddings.patch_embedding", hidden, in, true).table("embeddings.position_embedding", positions, hidden);
  tower.blocks(blocks).norm("post_layernorm", hidden, true).under("model.multi_modal_projector.");
  const auto merged = hidden * shrinks * shrinks;
  if (norm) tower.norm("layer_norm", merged, true);
  return tower.whole("linear_1", middle, merged, bias).whole("linear_2", text, middle, bias).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "Phi3VForCausalLM", .towers = phi3v, .prefix = "", .text_architecture = "Phi3ForCausalLM"},
    {.architectures = "Lfm2VlForConditionalGeneration", .towers = lfm2},
};

}  // namespace

std::span<const Composite> small_kinds() { return kKinds; }

}  // namespace vramauto::vision
