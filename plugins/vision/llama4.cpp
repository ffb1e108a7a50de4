// Llama 4, Llama 3.2 vision and Muse Glimmer. Sources: vLLM 0.33, models/mllama4.py and muse_glimmer.py.
#include <string>

#include "classic.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

constexpr const char* kVision = "/vision_config";

Answer<double> ratio_of(const Description& model, const std::string& at, double otherwise) {
  if (!model.has(at.c_str())) return {otherwise, VRAMAUTO_OK};
  const auto ratio = VRAMAUTO_TAKE(model.real(at.c_str()));
  if (!(ratio > 0.01 && ratio <= 1))
    return {0, model.fail(VRAMAUTO_E_FORMAT, at + " is " + std::to_string(ratio) + ", expected a part of one")};
  return {ratio, VRAMAUTO_OK};
}

// transformers 5.24, models/llama4/configuration_llama4.py: what holds where the file has no vision_config at all.
Answer<VitSizes> read_llama4(const Description& model) {
  if (model.has(kVision)) return read_vit(model, kVision);
  VitSizes s;
  s.hidden = 768;
  s.intermediate = 5632;
  s.layers = 34;
  s.heads = 16;
  s.image = 448;
  s.patch = 14;
  return {s, VRAMAUTO_OK};
}

// The tower takes no format, though all of it is divided.
vramauto_status llama4(const Description& model) {
  const std::string at = kVision;
  const auto s = VRAMAUTO_READ(read_llama4(model));
  const auto inner = VRAMAUTO_READ(model.positive("projector_input_dim", kWidest, 4096, at));
  const auto outer = VRAMAUTO_READ(model.positive("projector_output_dim", kWidest, 4096, at));
  const auto output = VRAMAUTO_READ(model.positive("vision_output_dim", kWidest, 7680, at));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  const auto ratio = VRAMAUTO_READ(ratio_of(model, at + "/pixel_shuffle_ratio", 0.5));
  const auto tiles = VRAMAUTO_READ(model.positive("max_patches", 1024, 16, "preprocessor_config.json#")) + 1;
  const auto each = static_cast<std::uint64_t>(static_cast<double>(s.patches()) * ratio * ratio);
  VRAMAUTO_DO(
      add_encoder(model, {.tokens = tiles * each, .patches = tiles * s.patches(), .inputs = tiles * s.pixels()}, s.shape()));
  Tower tower(model, "vision_model.", 1);
  tower.unquantised();
  tower.column("patch_embedding.linear", s.hidden, s.channels * s.patch * s.patch, false);
  tower.table("class_embedding", s.hidden, 1).table("positional_embedding_vlm", s.patches() + 1, s.hidden);
  tower.norm("layernorm_pre", s.hidden, true).norm("layernorm_post", s.hidden, true);
  tower.blocks({.at = "model.layers.*.",
                .layers = s.layers,
                .heads = s.heads,
                .hidden = s.hidden,
                .intermediate = s.intermediate,
                .q = "self_attn.q_proj",
                .k = "self_attn.k_proj",
                .v = "self_attn.v_proj",
                .o = "self_attn.o_proj",
                .norms = "input_layernorm post_attention_layernorm"});
  // One complex number for two elements of a head.
  tower.of(VRAMAUTO_F32).made("rotary_emb", s.patches() + 1, s.hidden / s.heads).of(0);
  tower.column("vision_adapter.mlp.fc1", inner, s.intermediate, false).row("vision_adapter.mlp.fc2", outer, inner, false);
  return tower.under("multi_modal_projector.").column("linear_1", text, output, false).done();
}

// The text's own head and embedding are the composite's. MLPs of the tower are torch's.
vramauto_status muse_glimmer(const Description& model) {
  const std::string at = kVision;
  if (!model.has(kVision)) return VRAMAUTO_OK;
  const auto hidden = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, at));
  const auto wide = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 0, at));
  const auto layers = VRAMAUTO_READ(narrow_positive(model, "num_hidden_layers", kMostLayers, 0, at));
  const auto heads = VRAMAUTO_READ(narrow_positive(model, "num_attention_heads", kMostHeads, 0, at));
  const auto patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 14, at));
  const auto frames = VRAMAUTO_READ(model.positive("patch_temporal", 64, 2, at));
  const auto merge = VRAMAUTO_READ(model.positive("merge_size", 64, 2, at));
  const auto high = VRAMAUTO_READ(model.positive("pos_emb_height", kMostEdge, 32, at));
  const auto broad = VRAMAUTO_READ(model.positive("pos_emb_width", kMostEdge, 32, at));
  const auto output = VRAMAUTO_READ(model.positive("out_hidden_size", kWidest, hidden * merge * merge));
  const auto middle = VRAMAUTO_READ(model.positive("projector_hidden_size", kWidest, 4096));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  const Blocks blocks{.at = "transformer.*.",
                      .layers = layers,
                      .heads = heads,
                      .hidden = hidden,
                      .q = "attn.q_proj",
                      .k = "attn.k_proj",
                      .v = "attn.v_proj",
                      .o = "attn.o_proj",
                      .norms = "ln_1 ln_2",
                      .uneven = Uneven::replicate};
  Profile image{.tokens = high * broad, .patches = high * broad * merge * merge};
  image.inputs = image.patches * 3 * frames * patch * patch;
  VRAMAUTO_DO(add_encoder(model, image, blocks));
  image.modality = "video";
  VRAMAUTO_DO(add_encoder(model, image, blocks));
  Tower tower(model, "model.vision_encoder.", 3);
  tower.dense("conv1_linear", hidden, 3 * frames * patch * patch, false);
  tower.table("positional_embedding_vlm", high * broad, hidden).norm("ln_pre", hidden, true);
  tower.unquantised().blocks(blocks).unquantised(false).each(layers);
  tower.dense("transformer.*.mlp.c_fc", wide, hidden, true).dense("transformer.*.mlp.c_proj", hidden, wide, true).once();
  tower.norm("ln_post", hidden, true).under("model.");
  tower.dense("vision_adapter.c_fc", middle, output, false).dense("vision_adapter.c_proj", middle, middle, false);
  return tower.dense("vision_projection", text, middle, false).done();
}

// Llama 3.2: transformers' class, whole on every rank. Layers that look at the image are decoder layers with norms and gates more,
// and keep a cache of the text's length as the others do. Source: transformers 5.24, models/mllama/modeling_mllama.py.
Tower& mllama_layers(Tower& tower, const VitSizes& s, const std::string& at, std::uint32_t layers, bool gates) {
  tower.each(layers);
  for (const auto* part : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"})
    tower.whole(at + part, s.hidden, s.hidden, false);
  tower.whole(at + "mlp.fc1", s.intermediate, s.hidden, true).whole(at + "mlp.fc2", s.hidden, s.intermediate, true);
  tower.norm(at + "input_layernorm", s.hidden, true).norm(at + "post_attention_layernorm", s.hidden, true);
  if (gates) tower.table(at + "gate_attn", 1, 1).table(at + "gate_ffn", 1, 1);
  return tower.once();
}

vramauto_status mllama(const Description& model) {
  const std::string at = kVision;
  VitSizes s;
  s.hidden = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 1280, at));
  s.intermediate = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 5120, at));
  s.layers = VRAMAUTO_READ(narrow_positive(model, "num_hidden_layers", kMostLayers, 32, at));
  s.heads = VRAMAUTO_READ(narrow_positive(model, "attention_heads|num_attention_heads", kMostHeads, 16, at));
  s.image = VRAMAUTO_READ(model.positive("image_size", kMostEdge, 448, at));
  s.patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 14, at));
  const auto global = VRAMAUTO_READ(narrow_positive(model, "num_global_layers", kMostLayers, 8, at));
  const auto tiles = VRAMAUTO_READ(model.positive("max_num_tiles", 64, 4, at));
  const auto output = VRAMAUTO_READ(model.positive("vision_output_dim", kWidest, 7680, at));
  const auto ratios = model.has((at + "/supported_aspect_ratios").c_str())
                          ? VRAMAUTO_READ(model.length((at + "/supported_aspect_ratios").c_str()))
                          : std::uint64_t{8};
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  const auto positions = s.patches() + 1;
  VRAMAUTO_DO(
      add_encoder(model, {.tokens = tiles * positions, .patches = tiles * positions, .inputs = tiles * s.pixels()}, s.shape()));
  Tower tower(model, "model.vision_model.", 1);
  tower.conv("patch_embedding", s.hidden, s.channels * s.patch * s.patch, false).table("class_embedding", s.hidden, 1);
  tower.table("gated_positional_embedding.embedding", positions, s.hidden).table("gated_positional_embedding.gate", 1, 1);
  tower.table("gated_positional_embedding.tile_embedding", ratios + 1, tiles * positions * s.hidden);
  for (const auto* part : {"pre_tile_positional_embedding", "post_tile_positional_embedding"})
    tower.table(std::string(part) + ".embedding", ratios + 1, tiles * s.hidden).table(std::string(part) + ".gate", 1, 1);
  tower.norm("layernorm_pre", s.hidden, true).norm("layernorm_post", s.hidden, true);
  mllama_layers(tower, s, "transformer.layers.*.", s.layers, false);
  mllama_layers(tower, s, "global_transformer.layers.*.", global, true);
  return tower.under("model.").whole("multi_modal_projector", text, output, true).done();
}

vramauto_status mllama_cross(const Description& model) {
  constexpr auto* key = "/text_config/cross_attention_layers";
  const auto layers = VRAMAUTO_READ(model.length(key));
  const auto hidden = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  const auto heads = VRAMAUTO_READ(model.positive("num_attention_heads", kMostHeads, 0, "/text_config"));
  if (layers == 0 || layers > kMostLayers || hidden < heads)
    return model.fail(VRAMAUTO_E_FORMAT, std::string(key) + " has " + std::to_string(layers) + " entries, expected layers");
  Tower tower(model, "model.language_model.layers.*.", 0);
  tower.each(static_cast<std::uint32_t>(layers));
  tower.norm("cross_attn.q_norm", hidden / heads, false).norm("cross_attn.k_norm", hidden / heads, false);
  tower.table("cross_attn_attn_gate", 1, 1).table("cross_attn_mlp_gate", 1, 1);
  // The embedding has eight rows beyond the vocabulary.
  return tower.once().under("model.language_model.").table("embed_tokens.extra", 8, hidden).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "Llama4ForConditionalGeneration",
     .towers = llama4,
     .prefix = "language_model.",
     .text_architecture = "Llama4ForCausalLM"},
    {.architectures = "MllamaForConditionalGeneration",
     .towers = mllama,
     .text_architecture = "LlamaForCausalLM",
     .after = mllama_cross},
    {.architectures = "MuseGlimmerForConditionalGeneration", .towers = muse_glimmer, .text_architecture = "MuseGlimmerForCausalLM"},
};

}  // namespace

std::span<const Composite> llama4_kinds() { return kKinds; }

}  // namespace vramauto::vision
