// Kimi-VL, Kimi-K2.5 and Kimi-K3: MoonViT in front of latent attention. Sources: vLLM 0.33 and 0.19.1, models/kimi_vl.py,
// moonvit.py, kimi_k25.py, kimi_k25_vit.py; 0.33, vllm/models/kimi_k3.
#include "limits.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

struct MoonSizes {
  std::uint64_t hidden = 0, intermediate = 0, patch = 14, height = 64, width = 64, time = 4, qkv = 0, merge = 4, text = 0;
  std::uint32_t layers = 0, heads = 0;
  bool attention_bias = true, linear_bias = true, patch_bias = true, rms = false, second_projector = false;
};

Answer<bool> truth(const Description& model, const std::string& at, bool otherwise) {
  return model.has(at.c_str()) ? model.boolean(at.c_str()) : Answer<bool>{otherwise, VRAMAUTO_OK};
}

// [2, 2]: tokens are merged in windows of so many.
Answer<std::uint64_t> merged(const Description& model, const std::string& at) {
  std::uint64_t product = 1;
  for (const auto* index : {"/0", "/1"})
    product *= VRAMAUTO_TAKE(model.positive(std::string(index).substr(1), 64, 2, at + "/merge_kernel_size"));
  return {product, VRAMAUTO_OK};
}

Answer<MoonSizes> read_moon(const Description& model) {
  const std::string at = "/vision_config";
  MoonSizes s;
  s.hidden = VRAMAUTO_TAKE(model.positive("vt_hidden_size|hidden_size", kWidest, 0, at));
  s.intermediate = VRAMAUTO_TAKE(model.positive("vt_intermediate_size|intermediate_size", kWidest, 0, at));
  s.layers = VRAMAUTO_TAKE(narrow_positive(model, "vt_num_hidden_layers|num_hidden_layers", kMostLayers, 0, at));
  s.heads = VRAMAUTO_TAKE(narrow_positive(model, "vt_num_attention_heads|num_attention_heads", kMostHeads, 0, at));
  s.patch = VRAMAUTO_TAKE(model.positive("patch_size", kMostEdge, 14, at));
  s.height = VRAMAUTO_TAKE(model.positive("init_pos_emb_height|pos_emb_height", kMostEdge, 64, at));
  s.width = VRAMAUTO_TAKE(model.positive("init_pos_emb_width|pos_emb_width", kMostEdge, 64, at));
  s.time = VRAMAUTO_TAKE(model.positive("init_pos_emb_time|pos_emb_time", kMostEdge, 4, at));
  s.qkv = VRAMAUTO_TAKE(model.positive("qkv_hidden_size", kWidest, s.hidden, at));
  s.text = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 0, "/text_config"));
  s.merge = VRAMAUTO_TAKE(merged(model, at));
  s.attention_bias = VRAMAUTO_TAKE(truth(model, at + "/attn_bias", true));
  s.linear_bias = VRAMAUTO_TAKE(truth(model, at + "/linear_bias", true));
  s.patch_bias = VRAMAUTO_TAKE(truth(model, at + "/patch_embed_proj_bias", true));
  s.rms = model.has((at + "/norm_type").c_str()) && VRAMAUTO_TAKE(model.text((at + "/norm_type").c_str())) == "rmsnorm";
  s.second_projector = model.has((at + "/mm_projector_type").c_str()) &&
                       VRAMAUTO_TAKE(model.text((at + "/mm_projector_type").c_str())) == "patchmergerv2";
  return {s, VRAMAUTO_OK};
}

Blocks blocks_of(const MoonSizes& s) {
  return {.at = "encoder.blocks.*.",
          .layers = s.layers,
          .heads = s.heads,
          .hidden = s.hidden,
          .intermediate = s.intermediate,
          .head_dim = static_cast<std::uint32_t>(s.qkv / s.heads),
          .q = "wqkv",
          .o = "wo",
          .up = "mlp.fc0",
          .down = "mlp.fc1",
          .norms = "norm0 norm1",
          .qkv_bias = s.attention_bias,
          .o_bias = s.attention_bias,
          .mlp_bias = s.linear_bias,
          .rms = s.rms};
}

void add_tower(Tower& tower, const MoonSizes& s) {
  tower.conv("patch_embed.proj", s.hidden, 3 * s.patch * s.patch, s.patch_bias);
  tower.table("patch_embed.pos_emb", s.height * s.width, s.hidden);
}

// Kimi-VL: 1,024 tokens an item. What the tower gives the projector stays alive as the pixels do: two starts of 0.19, within 0.001
// GiB.
vramauto_status encoders(const Description& model, const MoonSizes& s, const char* modality, std::uint64_t tokens) {
  const auto patches = tokens * s.merge;
  Profile profile{.modality = modality, .tokens = tokens, .patches = patches};
  profile.inputs = patches * (3 * s.patch * s.patch + s.hidden);
  profile.output = static_cast<std::uint32_t>(s.text);
  return add_encoder(model, profile, blocks_of(s));
}

vramauto_status kimi_vl(const Description& model) {
  const auto s = VRAMAUTO_READ(read_moon(model));
  VRAMAUTO_DO(encoders(model, s, "image", 1024));
  Tower tower(model, "vision_tower.", 1);
  tower.unquantised();
  add_tower(tower, s);
  tower.blocks(blocks_of(s)).norm("encoder.final_layernorm", s.hidden, true).under("multi_modal_projector.");
  tower.norm("pre_norm", s.hidden, true).whole("linear_1", s.hidden * s.merge, s.hidden * s.merge, true);
  return tower.whole("linear_2", s.text, s.hidden * s.merge, true).done();
}

// Compressed-tensors formats are kept from the tower by its class; any other is offered to it, and leaves its buffers in float32.
Answer<bool> offers_format(const Description& model) {
  for (const auto* at : {"/quantization_config/quant_method", "/text_config/quantization_config/quant_method"})
    if (model.type(at) == VRAMAUTO_JSON_STRING) return {VRAMAUTO_TAKE(model.text(at)) != "compressed-tensors", VRAMAUTO_OK};
  return {false, VRAMAUTO_OK};
}

vramauto_status kimi_k25(const Description& model) {
  const auto s = VRAMAUTO_READ(read_moon(model));
  VRAMAUTO_DO(encoders(model, s, "vision_chunk", 4096));
  Tower tower(model, "vision_tower.", 1);
  const bool offered = VRAMAUTO_READ(offers_format(model));
  tower.unquantised(!offered).together(s.heads);
  add_tower(tower, s);
  if (offered) tower.of(VRAMAUTO_F32);
  tower.made("patch_embed.pos_emb.time_weight", s.time, s.hidden).of(0);
  tower.blocks(blocks_of(s)).norm("encoder.final_layernorm", s.hidden, !s.rms).under("mm_projector.");
  const auto width = s.hidden * s.merge;
  if (!s.second_projector) tower.norm("pre_norm", s.hidden, true);
  tower.whole("proj.0", width, width, !s.second_projector).whole("proj.2", s.text, width, !s.second_projector);
  if (s.second_projector) tower.norm("post_norm", s.text, false);
  return tower.done();
}

constexpr Composite kKinds[] = {
    {.architectures = "KimiVLForConditionalGeneration",
     .towers = kimi_vl,
     .prefix = "language_model.",
     .text_architecture = "DeepseekV2ForCausalLM"},
    {.architectures = "KimiK25ForConditionalGeneration",
     .towers = kimi_k25,
     .prefix = "language_model.",
     .text_architecture = "DeepseekV2ForCausalLM"},
    {.architectures = "KimiK3ForConditionalGeneration",
     .towers = kimi_k25,
     .prefix = "language_model.",
     .text_architecture = "KimiLinearForCausalLM"},
};

}  // namespace

std::span<const Composite> kimi_kinds() { return kKinds; }

}  // namespace vramauto::vision
