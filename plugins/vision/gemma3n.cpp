// Gemma 3n. Sources: vLLM 0.33, models/gemma3n_mm.py; transformers 5.24, models/gemma3n/modeling_gemma3n.py; timm 1.0,
// models/mobilenetv5.py (mobilenetv5_300m_enc). Both towers are whole on every rank, their embedders are divided.
#include <string>

#include "limits.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

// All weights of MobileNet-V5 300M, whose blocks are of many shapes: summed over timm's list of them.
constexpr std::uint64_t kMobileNet = 294126912;

struct Hearing {
  std::uint64_t hidden = 0, bands = 128, kernel = 5, first = 128, second = 32;
  std::uint32_t layers = 0, heads = 0;
};

Answer<Hearing> read_hearing(const Description& model) {
  const std::string at = "/audio_config";
  Hearing a;
  a.hidden = VRAMAUTO_TAKE(model.positive("hidden_size", kWidest, 1536, at));
  a.bands = VRAMAUTO_TAKE(model.positive("input_feat_size", 1u << 16, 128, at));
  a.kernel = VRAMAUTO_TAKE(model.positive("conf_conv_kernel_size", 1024, 5, at));
  a.first = VRAMAUTO_TAKE(model.positive("0", kWidest, 128, at + "/sscp_conv_channel_size"));
  a.second = VRAMAUTO_TAKE(model.positive("1", kWidest, 32, at + "/sscp_conv_channel_size"));
  a.layers = VRAMAUTO_TAKE(narrow_positive(model, "conf_num_hidden_layers", kMostLayers, 12, at));
  a.heads = VRAMAUTO_TAKE(narrow_positive(model, "conf_num_attention_heads", kMostHeads, 8, at));
  if (a.hidden % a.heads != 0)
    return {{}, model.fail(VRAMAUTO_E_FORMAT, at + ": hidden_size is no multiple of conf_num_attention_heads")};
  return {a, VRAMAUTO_OK};
}

Tower& add_hearing(Tower& tower, const Hearing& a) {
  const auto h = a.hidden;
  tower.under("model.audio_tower.subsample_conv_projection.");
  tower.conv("conv_0.conv", a.first, 9, false).norm("conv_0.norm", a.first, false);
  tower.conv("conv_1.conv", a.second, 9 * a.first, false).norm("conv_1.norm", a.second, false);
  // Two steps of two leave a quarter of the bands.
  tower.dense("input_proj_linear", h, a.bands / 4 * a.second, false).under("model.audio_tower.conformer.*.").each(a.layers);
  for (const std::string at : {"ffw_layer_start.", "ffw_layer_end."}) {
    tower.norm(at + "pre_layer_norm", h, false).norm(at + "post_layer_norm", h, false);
    tower.dense(at + "ffw_layer_1", 4 * h, h, false).dense(at + "ffw_layer_2", h, 4 * h, false);
  }
  const std::string attention = "attention.attn.";
  for (const auto* part : {"q_proj", "k_proj", "v_proj", "relative_position_embedding.pos_proj"})
    tower.dense(attention + part, h, h, false);
  tower.table(attention + "per_dim_scale", h / a.heads, 1).dense("attention.post", h, h, false);
  tower.norm("attention.pre_attn_norm", h, false).norm("attention.post_norm", h, false);
  tower.norm("lconv1d.pre_layer_norm", h, false).norm("lconv1d.conv_norm", h, false);
  tower.dense("lconv1d.linear_start", 2 * h, h, false).dense("lconv1d.linear_end", h, h, false);
  return tower.conv("lconv1d.depthwise_conv1d", h, a.kernel, false).norm("norm", h, false).once();
}

vramauto_status add_embedder(const Description& model, Tower& tower, const std::string& at, std::uint64_t encoders,
                             std::uint64_t vocab, std::uint64_t width, std::uint64_t text) {
  const auto name = at + "embedding";
  vramauto_weights table =
      Tensors(name.c_str(), VRAMAUTO_ROLE_EMBEDDING, {VRAMAUTO_LAYER_INPUT, 1, 1, 1}, vocab, width).by(VRAMAUTO_SPLIT_VOCAB);
  table.encoders = encoders;
  VRAMAUTO_DO(model.host()->add_weights(model.call(), &table));
  tower.serving(encoders).under(at).norm("hard_embedding_norm", width, false).norm("soft_embedding_norm", width, false);
  return tower.unquantised().row("embedding_projection", text, width, false).unquantised(false).done();
}

vramauto_status gemma3n(const Description& model) {
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  const auto width = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 2048, "/vision_config"));
  const auto seen = VRAMAUTO_READ(model.positive("vocab_size", 1u << 20, 128, "/vision_config"));
  const auto heard = VRAMAUTO_READ(model.positive("vocab_size", 1u << 20, 128, "/audio_config"));
  const auto tokens = VRAMAUTO_READ(model.positive("vision_soft_tokens_per_image", kWidest, 256));
  const auto sounds = VRAMAUTO_READ(model.positive("audio_soft_tokens_per_image", kWidest, 188));
  const auto a = VRAMAUTO_READ(read_hearing(model));
  const Blocks eye{.hidden = width}, ear{.layers = a.layers, .heads = a.heads, .hidden = a.hidden, .intermediate = 4 * a.hidden};
  VRAMAUTO_DO(add_encoder(model, {.tokens = tokens, .patches = tokens, .inputs = 3 * 768 * 768}, eye));
  VRAMAUTO_DO(add_encoder(model, {.modality = "audio", .tokens = sounds, .patches = 4 * sounds, .inputs = 3000 * a.bands}, ear));
  Tower tower(model, "model.vision_tower.", 1);
  tower.table("timm_model", kMobileNet, 1);
  VRAMAUTO_DO(add_embedder(model, tower, "model.embed_vision.", 1, seen, width, text));
  add_hearing(tower.serving(2), a);
  return add_embedder(model, tower, "model.embed_audio.", 2, heard, a.hidden, text);
}

constexpr Composite kKinds[] = {
    {.architectures = "Gemma3nForConditionalGeneration",
     .towers = gemma3n,
     .text_architecture = "Gemma3nForCausalLM",
     .score = 600},
};

}  // namespace

std::span<const Composite> gemma3n_kinds() { return kKinds; }

}  // namespace vramauto::vision
