// Phi-4 multimodal and Phi-4 vision. Sources: vLLM 0.33, models/phi4mm.py, phi4mm_audio.py, phi4mm_utils.py, phi4siglip.py. The
// LoRA weights that the checkpoint brings for its modalities are adapters of the engine and no part of the model.
#include <string>

#include "classic.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

struct Conformer {
  std::uint64_t width = 1024, inner = 1536, bands = 80, kernel = 3, outer = 0, separable = 0, multiplier = 1, outer_kernel = 1;
  std::uint64_t channels = 256, reduction = 8, distance = 1000;
  std::uint32_t layers = 24, heads = 16, group = 1;
  bool glu_bias = true, linear_glu = false, symmetric = false;
};

Answer<bool> truth(const Description& model, const std::string& at, bool otherwise) {
  return model.has(at.c_str()) ? model.boolean(at.c_str()) : Answer<bool>{otherwise, VRAMAUTO_OK};
}

// A positive number or 0, which leaves a part out.
Answer<std::uint64_t> perhaps(const Description& model, const std::string& at, std::uint64_t otherwise) {
  if (!model.has(at.c_str())) return {otherwise, VRAMAUTO_OK};
  const auto stated = VRAMAUTO_TAKE(model.integer(at.c_str()));
  if (stated < 0 || stated > static_cast<std::int64_t>(kWidest))
    return {0, model.fail(VRAMAUTO_E_FORMAT, at + " is " + std::to_string(stated) + ", expected a width or 0")};
  return {static_cast<std::uint64_t>(stated), VRAMAUTO_OK};
}

Answer<Conformer> read_conformer(const Description& model) {
  const std::string at = "/audio_processor/config", bias = at + "/relative_attention_bias_args";
  Conformer c;
  c.width = VRAMAUTO_TAKE(model.positive("attention_dim", kWidest, 256, at));
  c.inner = VRAMAUTO_TAKE(model.positive("linear_units", kWidest, 2048, at));
  c.bands = VRAMAUTO_TAKE(model.positive("input_size", 1u << 16, 0, at));
  c.kernel = VRAMAUTO_TAKE(model.positive("kernel_size", 1024, 3, at));
  c.outer = VRAMAUTO_TAKE(perhaps(model, at + "/ext_pw_out_channel", 0));
  c.outer_kernel = VRAMAUTO_TAKE(model.positive("ext_pw_kernel_size", 1024, 1, at));
  c.separable = VRAMAUTO_TAKE(perhaps(model, at + "/depthwise_seperable_out_channel", 256));
  c.multiplier = VRAMAUTO_TAKE(model.positive("depthwise_multiplier", 64, 1, at));
  c.reduction = VRAMAUTO_TAKE(model.positive("time_reduction", 64, 4, at));
  c.channels = VRAMAUTO_TAKE(model.positive("conv_channels", kWidest, 256, at + "/nemo_conv_settings"));
  c.distance = VRAMAUTO_TAKE(model.positive("t5_bias_max_distance", kWidest, 1000, bias));
  c.symmetric = VRAMAUTO_TAKE(truth(model, bias + "/t5_bias_symmetric", false));
  c.layers = VRAMAUTO_TAKE(narrow_positive(model, "num_blocks", kMostLayers, 6, at));
  c.heads = VRAMAUTO_TAKE(narrow_positive(model, "attention_heads", kMostHeads, 4, at));
  c.group = VRAMAUTO_TAKE(narrow_positive(model, "attention_group_size", kMostHeads, 1, at));
  c.glu_bias = VRAMAUTO_TAKE(truth(model, at + "/bias_in_glu", true));
  c.linear_glu = VRAMAUTO_TAKE(truth(model, at + "/linear_glu_in_convm", false));
  return {c, VRAMAUTO_OK};
}

// NemoConvSubsampling, "dw_striding": each step after the first is a convolution of each channel and one of all of them.
Tower& add_subsampling(Tower& tower, const Conformer& c) {
  auto bands = c.bands;
  tower.conv("embed.conv.0", c.channels, 9, true);
  for (std::uint64_t left = c.reduction; left >= 2; left /= 2) {
    bands = (bands - 1) / 2 + 1;
    if (left < 4) break;
    tower.conv("embed.conv.depthwise", c.channels, 9, true).conv("embed.conv.pointwise", c.channels, c.channels, true);
  }
  return tower.dense("embed.out", c.width, c.channels * bands, true);
}

Tower& add_convolution(Tower& tower, const Conformer& c, const std::string& at) {
  tower.norm(at + "layer_norm", c.width, true);
  if (c.outer) {
    tower.conv(at + "ext_pw_conv_1d", c.outer, c.width * c.outer_kernel, true);
    if (c.linear_glu) {
      tower.dense(at + "glu.linear", 2 * c.outer, c.width, c.glu_bias);
    } else {
      tower.conv(at + "glu.ext_pw_conv_1d", 2 * c.outer, c.width * c.outer_kernel, true);
      if (c.glu_bias) tower.table(at + "glu.b", 2 * c.outer, 1);
    }
    if (c.outer != c.width) tower.dense(at + "ln1", c.width, c.outer, true);
  } else {
    tower.table(at + "pw_conv_simplify", 6, 1);
  }
  const auto deep = c.width * c.multiplier;
  tower.conv(at + "dw_sep_conv_1d.dw_conv", deep, c.kernel, true);
  if (c.separable) tower.conv(at + "dw_sep_conv_1d.pw_conv", c.separable, deep, true);
  if (c.separable ? c.separable != c.width : c.multiplier != 1)
    tower.dense(at + "ln2", c.width, c.separable ? c.separable : deep, true);
  return tower;
}

Tower& add_conformer(Tower& tower, const Conformer& c) {
  tower.under("model.embed_tokens_extend.audio_embed.encoder.").table("encoder_embedding", 2, c.bands);
  add_subsampling(tower, c);
  tower.table("relative_attention_bias_layer.bias_values", c.distance * (c.symmetric ? 1 : 2), c.heads / c.group);
  tower.each(c.layers);
  for (const std::string at : {"encoders.*.feed_forward_in.", "encoders.*.feed_forward_out."})
    tower.norm(at + "layer_norm", c.width, true)
        .dense(at + "net.0.linear", 2 * c.inner, c.width, c.glu_bias)
        .dense(at + "net.2", c.width, c.inner, true);
  const std::string attention = "encoders.*.self_attn.";
  tower.dense(attention + "linear_q", c.width, c.width, true).dense(attention + "linear_k", c.width / c.group, c.width, true);
  tower.dense(attention + "linear_v", c.width / c.group, c.width, true);
  tower.dense(attention + "linear_out", c.width, c.width / c.group, true);
  add_convolution(tower, c, "encoders.*.conv.");
  return tower.norm("encoders.*.layer_norm_att", c.width, true).norm("encoders.*.layer_norm", c.width, true).once();
}

// SigLIP so400m at 448 pixels, whatever the configuration says; two by two patches to a token.
vramauto_status phi4mm(const Description& model) {
  VitSizes s;
  s.hidden = 1152;
  s.intermediate = 4304;
  s.image = 448;
  s.patch = 14;
  s.layers = 27;
  s.heads = 16;
  const auto c = VRAMAUTO_READ(read_conformer(model));
  const auto text = VRAMAUTO_READ(model.positive("n_embd|hidden_size", kWidest));
  const auto used = VRAMAUTO_READ(layers_for(model, "/img_processor/layer_idx", -2, s.layers));
  const auto crops = VRAMAUTO_READ(model.positive("dynamic_hd", 1024, 36, "preprocessor_config.json#"));
  if (c.group == 0 || c.heads % c.group != 0)
    return model.fail(VRAMAUTO_E_FORMAT, "/audio_processor/config: attention_heads is no multiple of attention_group_size");
  Profile image{.tokens = (crops + 1) * 256 + (crops + 1) * 16 + 1, .patches = (crops + 1) * s.patches()};
  image.inputs = (crops + 1) * s.pixels();
  VRAMAUTO_DO(add_encoder(model, image, s.shape()));
  const Blocks ear{.layers = c.layers, .heads = c.heads, .hidden = c.width, .intermediate = c.inner};
  // Speech of at most 30 seconds, a hundred frames each.
  Profile sound{.modality = "audio", .tokens = 3000 / c.reduction, .patches = 3000 / c.reduction, .inputs = 3000 * c.bands};
  VRAMAUTO_DO(add_encoder(model, sound, ear));
  Tower tower(model, "model.embed_tokens_extend.image_embed.img_processor.", 1);
  tower.unquantised().conv("embeddings.patch_embedding", s.hidden, 3 * s.patch * s.patch, true);
  tower.table("embeddings.position_embedding", s.patches(), s.hidden);
  add_siglip_blocks(tower, s, used).under("model.embed_tokens_extend.image_embed.");
  tower.table("glb_GN", s.hidden, 1).table("sub_GN", s.hidden, 1);
  tower.dense("img_projection.0", text, s.hidden, true).dense("img_projection.2", text, text, true).serving(2);
  add_conformer(tower, c).under("model.embed_tokens_extend.audio_embed.");
  for (const std::string at : {"audio_projection.speech.", "audio_projection.vision."})
    tower.dense(at + "0", text, c.width, true).dense(at + "2", text, text, true);
  return tower.done();
}

// SigLIP 2 with patches as they come, without its last layer.
vramauto_status phi4v(const Description& model) {
  const std::string at = "/vision_config";
  VitSizes s;
  s.hidden = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 768, at));
  s.intermediate = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 3072, at));
  s.layers = VRAMAUTO_READ(narrow_positive(model, "num_hidden_layers", kMostLayers, 12, at));
  s.heads = VRAMAUTO_READ(narrow_positive(model, "num_attention_heads", kMostHeads, 12, at));
  s.patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 16, at));
  const auto positions = VRAMAUTO_READ(model.positive("num_patches", kWidest, 256, at));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest));
  const auto features = VRAMAUTO_READ(model.positive("mm_hidden_size", kWidest));
  const auto most = VRAMAUTO_READ(model.positive("max_num_patches", kWidest, 3600));
  VRAMAUTO_DO(add_encoder(model, {.tokens = most, .patches = most, .inputs = most * 3 * s.patch * s.patch}, s.shape()));
  Tower tower(model, "model.vision_tower.vision_tower.vision_model.", 1);
  tower.whole("embeddings.patch_embedding", s.hidden, 3 * s.patch * s.patch, true);
  tower.table("embeddings.position_embedding", positions, s.hidden);
  add_siglip_blocks(tower, s, s.layers - 1).under("model.mm_projector.");
  return tower.column("0", text, features, true).row("2", text, text, true).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "Phi4MMForCausalLM",
     .towers = phi4mm,
     .text = "",
     .prefix = "",
     .text_architecture = "Phi3ForCausalLM",
     .score = 600},
    {.architectures = "Phi4ForCausalLMV",
     .towers = phi4v,
     .text = "",
     .prefix = "",
     .text_architecture = "Phi3ForCausalLM",
     .score = 600},
};

}  // namespace

std::span<const Composite> phi4_kinds() { return kKinds; }

}  // namespace vramauto::vision
