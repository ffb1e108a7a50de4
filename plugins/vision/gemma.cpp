// Gemma 3, 4 and PaliGemma. Sources: vLLM 0.33, models/gemma3_mm.py, gemma4_mm.py, paligemma.py; transformers 5.24,
// models/gemma4/modeling_gemma4.py, whose towers vLLM runs as they are: whole on every rank.
#include <algorithm>
#include <string>

#include "classic.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

constexpr std::uint64_t kImage = 1;
// models/gemma4_mm.py, _get_tower_quant_config: formats that take towers whose widths 64 does not divide.
constexpr std::string_view kAnyWidth = "bitsandbytes torchao compressed-tensors";

Answer<std::uint64_t> text_hidden(const Description& model) { return model.positive("hidden_size", kWidest, 0, "/text_config"); }

vramauto_status gemma3(const Description& model) {
  const auto s = VRAMAUTO_READ(read_vit(model, "/vision_config"));
  const auto tokens = VRAMAUTO_READ(model.positive("mm_tokens_per_image", kWidest, 256));
  const auto width = VRAMAUTO_READ(text_hidden(model));
  VRAMAUTO_DO(add_encoder(model, {.tokens = tokens, .patches = s.patches(), .inputs = s.pixels()}, s.shape()));
  Tower tower(model, "model.vision_tower.vision_model.", kImage);
  add_siglip(tower, s, s.layers);
  tower.under("model.multi_modal_projector.").table("mm_input_projection_weight", s.hidden, width);
  return tower.norm("mm_soft_emb_norm", s.hidden, false).done();
}

vramauto_status paligemma(const Description& model) {
  const auto s = VRAMAUTO_READ(read_vit(model, "/vision_config"));
  const auto text = VRAMAUTO_READ(text_hidden(model));
  const auto width = VRAMAUTO_READ(model.positive("projection_dim", kWidest, text, "/vision_config"));
  VRAMAUTO_DO(add_encoder(model, {.tokens = s.patches(), .patches = s.patches(), .inputs = s.pixels()}, s.shape()));
  Tower tower(model, "model.vision_tower.vision_model.", kImage);
  add_siglip(tower, s, s.layers);
  return tower.under("model.multi_modal_projector.").dense("linear", width, s.hidden, true).done();
}

// Linear layers whose inputs and outputs are clipped to bounds that are four numbers.
class Clipped {
 public:
  Clipped(Tower& tower, bool bounded) : tower_(tower), bounded_(bounded) {}
  Clipped& add(const std::string& name, std::uint64_t out, std::uint64_t in) {
    tower_.whole(name + ".linear", out, in, false);
    if (bounded_) tower_.table(name + ".bounds", 4, 1);
    return *this;
  }

 private:
  Tower& tower_;
  bool bounded_;
};

Answer<bool> clips(const Description& model, const std::string& at) {
  const auto key = at + "/use_clipped_linears";
  return model.has(key.c_str()) ? model.boolean(key.c_str()) : Answer<bool>{false, VRAMAUTO_OK};
}

struct Gemma4Vision {
  VitSizes vit;
  std::uint64_t head_dim = 0, kv_heads = 0, positions = 0, pool = 3, tokens = 280;
  bool clipped = false, standardised = false;
};

Answer<Gemma4Vision> read_gemma4(const Description& model) {
  const std::string at = "/vision_config";
  Gemma4Vision out;
  auto& s = out.vit;
  s.hidden = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, at));
  s.intermediate = VRAMAUTO_TAKE(model.positive("intermediate_size", kWidest, 0, at));
  s.layers = VRAMAUTO_TAKE(narrow_positive(model, "num_hidden_layers", kMostLayers, 0, at));
  s.heads = VRAMAUTO_TAKE(narrow_positive(model, "num_attention_heads", kMostHeads, 0, at));
  s.patch = VRAMAUTO_TAKE(model.positive("patch_size", kMostEdge, 0, at));
  out.head_dim = VRAMAUTO_TAKE(model.positive("head_dim", kWidest, 64, at));
  out.kv_heads = VRAMAUTO_TAKE(model.positive("num_key_value_heads", kMostHeads, s.heads, at));
  out.positions = VRAMAUTO_TAKE(model.positive("position_embedding_size", kWidest, 10240, at));
  out.pool = VRAMAUTO_TAKE(model.positive("pooling_kernel_size", 64, 3, at));
  out.tokens = VRAMAUTO_TAKE(model.positive("default_output_length", kWidest, 280, at));
  out.tokens = VRAMAUTO_TAKE(model.positive("vision_soft_tokens_per_image", kWidest, out.tokens));
  out.clipped = VRAMAUTO_TAKE(clips(model, at));
  s.any_width = VRAMAUTO_TAKE(has_format(model, kAnyWidth));
  const auto key = at + "/standardize";
  if (model.has(key.c_str())) out.standardised = VRAMAUTO_TAKE(model.boolean(key.c_str()));
  return {out, VRAMAUTO_OK};
}

Tower& add_gemma4_vision(Tower& tower, const Gemma4Vision& v) {
  const auto& s = v.vit;
  const auto width = s.heads * v.head_dim, kv_width = v.kv_heads * v.head_dim;
  tower.under("model.vision_tower.").whole("patch_embedder.input_proj", s.hidden, 3 * s.patch * s.patch, false);
  tower.table("patch_embedder.position_embedding_table", 2 * v.positions, s.hidden);
  tower.each(s.layers);
  const std::string at = "encoder.layers.*.";
  Clipped linear(tower, v.clipped);
  linear.add(at + "self_attn.q_proj", width, s.hidden).add(at + "self_attn.k_proj", kv_width, s.hidden);
  linear.add(at + "self_attn.v_proj", kv_width, s.hidden).add(at + "self_attn.o_proj", s.hidden, width);
  for (const auto* part : {"self_attn.q_norm", "self_attn.k_norm"}) tower.norm(at + part, v.head_dim, false);
  linear.add(at + "mlp.gate_proj", s.intermediate, s.hidden).add(at + "mlp.up_proj", s.intermediate, s.hidden);
  linear.add(at + "mlp.down_proj", s.hidden, s.intermediate);
  for (const auto* part :
       {"input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"})
    tower.norm(at + part, s.hidden, false);
  tower.once().of(VRAMAUTO_F32).made("encoder.rotary_emb.inv_freq", v.head_dim / 2, 1).of(0);  // and their originals
  if (v.standardised) tower.table("std_bias", s.hidden, 1).table("std_scale", s.hidden, 1);
  return tower;
}

struct Gemma4Audio {
  std::uint64_t hidden = 0, output = 0, kernel = 5, first = 128, second = 32;
  std::uint32_t layers = 0, heads = 0;
  bool clipped = true;
};

Answer<Gemma4Audio> read_gemma4_audio(const Description& model) {
  const std::string at = "/audio_config";
  Gemma4Audio out;
  out.hidden = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 1024, at));
  out.output = VRAMAUTO_TAKE(model.positive("output_proj_dims", kWidest, 1536, at));
  out.kernel = VRAMAUTO_TAKE(model.positive("conv_kernel_size", 1024, 5, at));
  out.layers = VRAMAUTO_TAKE(narrow_positive(model, "num_hidden_layers", kMostLayers, 12, at));
  out.heads = VRAMAUTO_TAKE(narrow_positive(model, "num_attention_heads", kMostHeads, 8, at));
  out.first = VRAMAUTO_TAKE(model.positive("0", kWidest, 128, at + "/subsampling_conv_channels"));
  out.second = VRAMAUTO_TAKE(model.positive("1", kWidest, 32, at + "/subsampling_conv_channels"));
  out.clipped = VRAMAUTO_TAKE(clips(model, at));
  if (out.hidden % out.heads != 0)
    return {{}, model.fail(VRAMAUTO_E_FORMAT, at + ": hidden_size is no multiple of num_attention_heads")};
  return {out, VRAMAUTO_OK};
}

void add_audio_feed(Tower& tower, Clipped& linear, const std::string& at, std::uint64_t hidden) {
  linear.add(at + "ffw_layer_1", 4 * hidden, hidden).add(at + "ffw_layer_2", hidden, 4 * hidden);
  tower.norm(at + "pre_layer_norm", hidden, false).norm(at + "post_layer_norm", hidden, false);
}

Tower& add_gemma4_audio(Tower& tower, const Gemma4Audio& a) {
  const auto h = a.hidden, head = h / a.heads;
  tower.under("model.audio_tower.subsample_conv_projection.");
  tower.conv("layer0.conv", a.first, 9, false).norm("layer0.norm", a.first, false);
  tower.conv("layer1.conv", a.second, 9 * a.first, false).norm("layer1.norm", a.second, false);
  tower.whole("input_proj_linear", h, a.first / 4 * a.second, false);
  tower.under("model.audio_tower.").made("rel_pos_enc.inv_timescales", h / 2, 1).each(a.layers);
  Clipped linear(tower, a.clipped);
  add_audio_feed(tower, linear, "layers.*.feed_forward1.", h);
  add_audio_feed(tower, linear, "layers.*.feed_forward2.", h);
  const std::string at = "layers.*.self_attn.";
  for (const auto* part : {"q_proj", "k_proj", "v_proj", "post"}) linear.add(at + part, h, h);
  tower.whole(at + "relative_k_proj", h, h, false).table(at + "per_dim_scale", head, 1).made(at + "softcap", 1, 1);
  const std::string conv = "layers.*.lconv1d.";
  linear.add(conv + "linear_start", 2 * h, h).add(conv + "linear_end", h, h);
  tower.conv(conv + "depthwise_conv1d", h, a.kernel, false);
  for (const auto* part : {"lconv1d.pre_layer_norm", "lconv1d.conv_norm", "norm_pre_attn", "norm_post_attn", "norm_out"})
    tower.norm(std::string("layers.*.") + part, h, false);
  return tower.once().whole("output_proj", a.output, h, true);
}

vramauto_status gemma4(const Description& model) {
  const auto v = VRAMAUTO_READ(read_gemma4(model));
  const auto width = VRAMAUTO_READ(text_hidden(model));
  const bool hears = model.has("/audio_config");
  const auto patch = 3 * v.vit.patch * v.vit.patch;
  Profile image{.tokens = v.tokens, .patches = v.tokens * v.pool * v.pool, .inputs = v.tokens * v.pool * v.pool * patch};
  VRAMAUTO_DO(add_encoder(model, image, v.vit.shape()));
  // vLLM 0.33, models/gemma4_mm.py, get_mm_max_tokens_per_item: 32 frames, each 70 tokens, two around them and six of its time.
  Profile video{.modality = "video", .tokens = 70 + 2 + 6, .patches = 70 * v.pool * v.pool, .inputs = 70 * v.pool * v.pool * patch};
  video.max_frames = 32;
  VRAMAUTO_DO(add_encoder(model, video, v.vit.shape()));
  Gemma4Audio a;
  if (hears) {
    a = VRAMAUTO_READ(read_gemma4_audio(model));
    const Blocks blocks{.layers = a.layers, .heads = a.heads, .hidden = a.hidden, .intermediate = 4 * a.hidden};
    // 30 seconds at 100 frames a second of 128 bands, four frames a token.
    VRAMAUTO_DO(add_encoder(model, {.modality = "audio", .tokens = 750, .patches = 750, .inputs = 3000 * 128}, blocks));
  }
  Tower tower(model, "", 3);
  tower.unquantised(!v.vit.takes_formats());
  add_gemma4_vision(tower, v).under("model.embed_vision.").whole("embedding_projection", width, v.vit.hidden, false);
  if (hears) {
    tower.serving(4).unquantised(!v.vit.any_width && a.hidden % 64 != 0);
    add_gemma4_audio(tower, a).under("model.embed_audio.").whole("embedding_projection", width, a.output, false);
  }
  return tower.done();
}

// No towers: patches and frames of sound go straight to the text's width. The class builds both whatever is asked of it.
vramauto_status gemma4_unified(const Description& model) {
  const std::string at = "/vision_config";
  const auto text = VRAMAUTO_READ(text_hidden(model));
  const auto small = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 16, at));
  const auto pool = VRAMAUTO_READ(model.positive("pooling_kernel_size", 64, 3, at));
  const auto edge = VRAMAUTO_READ(model.positive("model_patch_size", kMostEdge, small * pool, at));
  const auto width = VRAMAUTO_READ(model.positive("mm_embed_dim|hidden_size", kWidest, 3840, at));
  const auto positions = VRAMAUTO_READ(model.positive("mm_posemb_size", kWidest, 1120, at));
  const auto tokens = VRAMAUTO_READ(model.positive("num_soft_tokens|default_output_length", kWidest, 280, at));
  const auto patch = 3 * edge * edge;
  const Blocks none{.hidden = width};
  VRAMAUTO_DO(add_encoder(model, {.tokens = tokens, .patches = tokens, .inputs = tokens * patch}, none));
  Profile video{.modality = "video", .tokens = 70 + 2 + 6, .patches = 70, .inputs = 70 * patch};
  video.max_frames = 32;
  VRAMAUTO_DO(add_encoder(model, video, none));
  Tower tower(model, "model.vision_embedder.", 0);
  tower.norm("patch_ln1", patch, true).column("patch_dense", width, patch, true).norm("patch_ln2", width, true);
  tower.table("pos_embedding", 2 * positions, width).norm("pos_norm", width, true);
  const auto out = VRAMAUTO_READ(model.positive("output_proj_dims", kWidest, width, at));
  tower.under("model.embed_vision.").whole("embedding_projection", text, out, false);
  if (!model.has("/audio_config")) return tower.done();
  const auto samples = VRAMAUTO_READ(model.positive("audio_embed_dim", kWidest, 640, "/audio_config"));
  VRAMAUTO_DO(add_encoder(model, {.modality = "audio", .tokens = 750, .patches = 750, .inputs = 750 * samples}, none));
  return tower.under("model.embed_audio.").whole("embedding_projection", text, samples, false).done();
}

// Gemma 4's tower, and a gated MLP that what was denoised before passes.
vramauto_status diffusion_gemma(const Description& model) {
  if (model.has("/vision_config")) {
    const auto v = VRAMAUTO_READ(read_gemma4(model));
    const auto text = VRAMAUTO_READ(text_hidden(model));
    const auto patches = v.tokens * v.pool * v.pool, patch = 3 * v.vit.patch * v.vit.patch;
    VRAMAUTO_DO(add_encoder(model, {.tokens = v.tokens, .patches = patches, .inputs = patches * patch}, v.vit.shape()));
    Tower tower(model, "", 1);
    tower.unquantised(!v.vit.takes_formats());
    add_gemma4_vision(tower, v).under("model.embed_vision.").whole("embedding_projection", text, v.vit.hidden, false);
    VRAMAUTO_DO(tower.done());
  }
  return VRAMAUTO_OK;
}

vramauto_status self_conditioning(const Description& model) {
  const auto text = VRAMAUTO_READ(text_hidden(model));
  const auto inner = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 0, "/text_config"));
  const auto wide = VRAMAUTO_READ(model.positive("self_conditioning_size", kWidest, inner));
  Tower tower(model, "model.self_conditioning.", 0);
  tower.norm("pre_norm", text, false).dense("gate_proj", wide, text, false).dense("up_proj", wide, text, false);
  return tower.dense("down_proj", text, wide, false).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "Gemma3ForConditionalGeneration", .towers = gemma3, .text_architecture = "Gemma3ForCausalLM"},
    {.architectures = "Gemma4ForConditionalGeneration", .towers = gemma4, .text_architecture = "Gemma4ForCausalLM"},
    {.architectures = "Gemma4UnifiedForConditionalGeneration",
     .towers = gemma4_unified,
     .text_architecture = "Gemma4ForCausalLM",
     .score = 600},
    {.architectures = "DiffusionGemmaForBlockDiffusion",
     .towers = diffusion_gemma,
     .text_architecture = "Gemma4ForCausalLM",
     .after = self_conditioning,
     .score = 600},
    {.architectures = "PaliGemmaForConditionalGeneration", .towers = paligemma},
};

}  // namespace

std::span<const Composite> gemma_kinds() { return kKinds; }

}  // namespace vramauto::vision
