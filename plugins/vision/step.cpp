// dots.ocr, Step-3-VL, Step-VL and Step-3.7. Sources: vLLM 0.33 and 0.19.1, models/dots_ocr.py, step3_vl.py, step_vl.py,
// step3p7.py.
#include "limits.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

Answer<bool> truth(const Description& model, const std::string& at, bool otherwise) {
  return model.has(at.c_str()) ? model.boolean(at.c_str()) : Answer<bool>{otherwise, VRAMAUTO_OK};
}

Answer<double> ratio(const Description& model, const std::string& at, double otherwise) {
  if (!model.has(at.c_str())) return {otherwise, VRAMAUTO_OK};
  const auto read = VRAMAUTO_TAKE(model.real(at.c_str()));
  if (!(read > 0 && read < 64)) return {0, model.fail(VRAMAUTO_E_FORMAT, at + " is no ratio of widths")};
  return {read, VRAMAUTO_OK};
}

vramauto_status dots_ocr(const Description& model) {
  const std::string at = "/vision_config";
  const auto width = VRAMAUTO_READ(model.positive("embed_dim", kWidest, 1536, at));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 1536, at));
  const auto patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 14, at));
  const auto channels = VRAMAUTO_READ(model.positive("num_channels", 64, 3, at));
  const auto merge = VRAMAUTO_READ(model.positive("spatial_merge_size", 64, 2, at));
  const bool bias = VRAMAUTO_READ(truth(model, at + "/use_bias", false));
  Blocks b{.at = "blocks.*.", .hidden = width, .gate = "mlp.fc1", .up = "mlp.fc3", .down = "mlp.fc2", .rms = true};
  b.layers = VRAMAUTO_READ(narrow_positive(model, "num_hidden_layers", kMostLayers, 42, at));
  b.heads = VRAMAUTO_READ(narrow_positive(model, "num_attention_heads", kMostHeads, 12, at));
  b.intermediate = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 4224, at));
  b.qkv_bias = b.o_bias = b.mlp_bias = bias;
  const auto unit = patch * merge;
  const auto most = VRAMAUTO_READ(pixels(model, "preprocessor_config.json", 11289600));
  const auto tokens = std::max<std::uint64_t>(1, most / (unit * unit)), patches = tokens * merge * merge;
  Profile image{.modality = "image", .tokens = tokens, .patches = patches, .inputs = patches * channels * patch * patch};
  image.output = static_cast<std::uint32_t>(text);
  VRAMAUTO_DO(add_encoder(model, image, b));
  Tower tower(model, "vision_tower.", 1);
  tower.conv("patch_embed.patchifier.proj", width, channels * patch * patch, true);
  tower.norm("patch_embed.patchifier.norm", width, false).of(VRAMAUTO_F32);
  tower.made("rotary_pos_emb.inv_freq", std::max<std::uint64_t>(1, width / b.heads / 4), 1).of(0).blocks(b);
  if (VRAMAUTO_READ(truth(model, at + "/post_norm", true))) tower.norm("post_trunk_norm", width, false);
  const auto merged = width * merge * merge;
  tower.norm("merger.ln_q", width, true).unquantised();
  return tower.column("merger.mlp.0", merged, merged, true).row("merger.mlp.2", text, merged, true).done();
}

vramauto_status step3(const Description& model) {
  const std::string at = "/vision_config";
  const auto width = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 1792, at));
  const auto patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 14, at));
  const auto side = VRAMAUTO_READ(model.positive("image_size", kMostEdge, 728, at)) / patch;
  const auto channels = VRAMAUTO_READ(model.positive("num_channels", 64, 3, at));
  const auto output = VRAMAUTO_READ(model.positive("output_hidden_size", kWidest, 4096, at));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 7168, model.first("text_config")));
  Blocks b{.at = "transformer.layers.*.",
           .hidden = width,
           .q = "self_attn.qkv_proj",
           .o = "self_attn.out_proj",
           .norms = "layer_norm1 layer_norm2"};
  b.layers = VRAMAUTO_READ(narrow_positive(model, "num_hidden_layers", kMostLayers, 63, at));
  b.heads = VRAMAUTO_READ(narrow_positive(model, "num_attention_heads", kMostHeads, 16, at));
  b.intermediate = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 15360, at));
  Profile image{.modality = "image", .tokens = 169, .patches = side * side, .inputs = channels * side * side * patch * patch};
  image.output = static_cast<std::uint32_t>(text);
  VRAMAUTO_DO(add_encoder(model, image, b));
  Tower tower(model, "vision_model.", 1);
  tower.unquantised().table("embeddings.class_embedding", 1, width);
  tower.conv("embeddings.patch_embedding", width, channels * patch * patch, true);
  tower.table("embeddings.position_embedding", side * side + 1, width).of(VRAMAUTO_I64);
  tower.made("embeddings.position_ids", side * side + 1, 1).of(0).blocks(b).under("");
  tower.conv("vit_downsampler", output, width * 4, true).conv("vit_downsampler2", 2 * output, output * 9, true);
  return tower.dense("vit_large_projector", text, 2 * output, VRAMAUTO_READ(truth(model, "/projector_bias", false))).done();
}

// PerceptionEncoder: its rotary cache is one for each layer.
vramauto_status perception(const Description& model) {
  const std::string at = "/vision_config";
  const auto width = VRAMAUTO_READ(model.positive("width", kWidest, 1536, at));
  const auto patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 14, at));
  const auto side = VRAMAUTO_READ(model.positive("image_size", kMostEdge, 728, at)) / patch;
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  const bool classes = VRAMAUTO_READ(truth(model, at + "/use_cls_token", false));
  const auto times = VRAMAUTO_READ(ratio(model, at + "/mlp_ratio", 8960.0 / 1536.0));
  Blocks b{.at = "transformer.resblocks.*.",
           .hidden = width,
           .q = "attn.in_proj",
           .o = "attn.out_proj",
           .up = "mlp.c_fc",
           .down = "mlp.c_proj",
           .norms = "ln_1 ln_2"};
  b.layers = VRAMAUTO_READ(narrow_positive(model, "layers", kMostLayers, 47, at));
  b.heads = VRAMAUTO_READ(narrow_positive(model, "heads", kMostHeads, 16, at));
  b.intermediate = static_cast<std::uint64_t>(static_cast<double>(width) * times);
  if (model.has((at + "/ls_init_value").c_str())) b.scales = "ls_1.gamma ls_2.gamma";
  Profile image{.modality = "image", .tokens = 169, .patches = side * side, .inputs = 3 * side * side * patch * patch};
  image.output = static_cast<std::uint32_t>(text);
  VRAMAUTO_DO(add_encoder(model, image, b));
  Tower tower(model, "vision_model.", 1);
  tower.conv("conv1", width, 3 * patch * patch, false);
  if (VRAMAUTO_READ(truth(model, at + "/use_ln_pre", true))) tower.norm("ln_pre", width, true);
  if (VRAMAUTO_READ(truth(model, at + "/use_ln_post", false))) tower.norm("ln_post", width, true);
  tower.blocks(b).each(b.layers).of(VRAMAUTO_F32);
  tower.made("transformer.resblocks.*.attn.rope.freqs_cache", side * side + classes, std::max<std::uint64_t>(1, width / b.heads));
  tower.once().of(0).conv("vit_downsampler1", 2 * width, width * 9, true).conv("vit_downsampler2", 4 * width, 2 * width * 9, true);
  if (classes) tower.table("class_embedding", width, 1);
  if (VRAMAUTO_READ(truth(model, at + "/use_abs_posemb", true))) tower.table("positional_embedding", side * side + classes, width);
  return tower.under("")
      .column("vit_large_projector", text, 4 * width, VRAMAUTO_READ(truth(model, "/projector_bias", true)))
      .done();
}

constexpr Composite kKinds[] = {
    {.architectures = "DotsOCRForCausalLM", .towers = dots_ocr, .text = "", .prefix = "", .text_architecture = "Qwen2ForCausalLM"},
    {.architectures = "Step3VLForConditionalGeneration", .towers = step3, .prefix = ""},
    {.architectures = "StepVLForConditionalGeneration Step3p7ForConditionalGeneration Step5ForConditionalGeneration",
     .towers = perception,
     .prefix = ""},
};

}  // namespace

std::span<const Composite> step_kinds() { return kKinds; }

}  // namespace vramauto::vision
