// BLIP-2, Granite 4 vision (whose windows pass BLIP-2's Q-Former), LLaVA-OneVision 2 and Fuyu. Sources: vLLM 0.33, models/blip.py,
// blip2.py, granite4_vision.py, llava_onevision2.py; 0.19.1, models/fuyu.py.
#include <charconv>
#include <string>

#include "classic.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

constexpr const char* kVision = "/vision_config";

struct Former {
  std::uint64_t hidden = 768, intermediate = 3072, seen = 1408;
  std::uint32_t layers = 12, every = 2;
};

Tower& add_attention(Tower& tower, const std::string& at, std::uint64_t hidden, std::uint64_t from) {
  tower.dense(at + "attention.query", hidden, hidden, true);
  tower.dense(at + "attention.key", hidden, from, true).dense(at + "attention.value", hidden, from, true);
  return tower.dense(at + "output.dense", hidden, hidden, true).norm(at + "output.LayerNorm", hidden, true);
}

// Torch's own layers; every so many of them look at the picture.
Tower& add_former(Tower& tower, const Former& f) {
  const std::string at = "encoder.layer.*.";
  tower.norm("layernorm", f.hidden, true).each(f.layers);
  add_attention(tower, at + "attention.", f.hidden, f.hidden).each((f.layers + f.every - 1) / f.every);
  add_attention(tower, at + "crossattention.", f.hidden, f.seen).each(f.layers);
  tower.dense(at + "intermediate_query.dense", f.intermediate, f.hidden, true);
  tower.dense(at + "output_query.dense", f.hidden, f.intermediate, true);
  return tower.norm(at + "output_query.LayerNorm", f.hidden, true).once();
}

vramauto_status blip2(const Description& model) {
  const std::string former = "/qformer_config";
  const auto s = VRAMAUTO_READ(read_vit(model, kVision));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size|d_model", kWidest, 0, "/text_config"));
  const auto queries = VRAMAUTO_READ(model.positive("num_query_tokens", kWidest, 32));
  Former f;
  f.hidden = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 768, former));
  f.intermediate = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 3072, former));
  f.seen = VRAMAUTO_READ(model.positive("encoder_hidden_size", kWidest, 1408, former));
  f.layers = VRAMAUTO_READ(narrow_positive(model, "num_hidden_layers", kMostLayers, 12, former));
  f.every = VRAMAUTO_READ(narrow_positive(model, "cross_attention_frequency", kMostLayers, 2, former));
  VRAMAUTO_DO(add_encoder(model, {.tokens = queries, .patches = s.patches() + 1, .inputs = s.pixels()}, s.shape()));
  Tower tower(model, "vision_model.", 1);
  tower.table("embeddings.class_embedding", s.hidden, 1).conv("embeddings.patch_embedding", s.hidden, 3 * s.patch * s.patch, true);
  tower.table("embeddings.position_embedding", s.patches() + 1, s.hidden);
  tower.blocks({.at = "encoder.layers.*.",
                .layers = s.layers,
                .heads = s.heads,
                .hidden = s.hidden,
                .intermediate = s.intermediate,
                .q = "self_attn.qkv",
                .o = "self_attn.projection",
                .norms = "layer_norm1 layer_norm2"});
  tower.norm("post_layernorm", s.hidden, true).under("").table("query_tokens", queries, f.hidden).under("qformer.");
  return add_former(tower, f).under("").dense("language_projection", text, f.hidden, true).done();
}

struct Rate {
  std::uint64_t query = 4, window = 8;
};

// "4/8": queries and patches of a window's edge.
Answer<Rate> read_rate(const Description& model) {
  Rate out;
  if (model.type("/downsample_rate") != VRAMAUTO_JSON_STRING) return {out, VRAMAUTO_OK};
  const auto text = VRAMAUTO_TAKE(model.text("/downsample_rate"));
  const auto slash = text.find('/');
  const auto read = [](std::string_view word, std::uint64_t& value) {
    const auto end = word.data() + word.size();
    return std::from_chars(word.data(), end, value).ptr == end && value > 0 && value < 1024;
  };
  if (slash == std::string_view::npos || !read(text.substr(0, slash), out.query) || !read(text.substr(slash + 1), out.window))
    return {{}, model.fail(VRAMAUTO_E_FORMAT, "/downsample_rate is \"" + std::string(text) + "\", expected two numbers as in 4/8")};
  return {out, VRAMAUTO_OK};
}

// Windows of patches become fewer by a Q-Former of one layer, one for each place where the text takes them.
vramauto_status granite4(const Description& model) {
  const auto s = VRAMAUTO_READ(read_vit(model, kVision));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  const auto levels = model.has("/deepstack_layer_map") ? VRAMAUTO_READ(model.length("/deepstack_layer_map")) : std::uint64_t{0};
  const auto [query, window] = VRAMAUTO_READ(read_rate(model));
  constexpr std::uint64_t kSpatial = 4;
  if (levels > kMostLayers) return model.fail(VRAMAUTO_E_LIMIT, "/deepstack_layer_map names more layers than any model has");
  const auto side = s.grid() * query / window, tiles = std::uint64_t{10};
  Profile image{.tokens = tiles * side * (side + 1), .patches = tiles * s.patches(), .inputs = tiles * s.pixels()};
  image.levels = static_cast<std::uint32_t>(levels + kSpatial);
  VRAMAUTO_DO(add_encoder(model, image, s.shape()));
  Tower tower(model, "model.vision_tower.vision_model.", 1);
  add_siglip(tower, s, s.layers, LastNorm::never).under("model.").table("image_newline", text, 1);
  const Former f{.hidden = s.hidden, .intermediate = 3072, .seen = s.hidden, .layers = 1, .every = 1};
  for (std::uint64_t i = 0; i < levels + kSpatial; ++i) {
    tower.under("model.projectors." + std::to_string(i) + ".qformer.");
    add_former(tower, f).under("model.projectors." + std::to_string(i) + ".").norm("norm", s.hidden, true);
    tower.table("query", query * query, s.hidden).table("image_positions", window * window, s.hidden);
    tower.dense("out_linear", text, s.hidden, true);
  }
  return tower.done();
}

vramauto_status onevision2(const Description& model) {
  auto s = VRAMAUTO_READ(read_vit(model, kVision));
  const auto text = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, "/text_config"));
  const auto merge = VRAMAUTO_READ(model.positive("spatial_merge_size", 64, 2, kVision));
  const auto merged = s.hidden * merge * merge;
  constexpr std::uint64_t kPixels = 12845056;  // of the largest image, as for Qwen2-VL
  const auto patches = kPixels / (s.patch * s.patch), tokens = patches / (merge * merge);
  Profile image{.tokens = tokens, .patches = patches, .inputs = 3 * kPixels};
  VRAMAUTO_DO(add_encoder(model, image, s.shape()));
  image.modality = "video";
  VRAMAUTO_DO(add_encoder(model, image, s.shape()));
  Tower tower(model, "model.visual.", 3);
  tower.unquantised().conv("embeddings.patch_embedding", s.hidden, s.channels * s.patch * s.patch, false);
  tower.norm("layernorm_pre", s.hidden, true);
  tower.of(VRAMAUTO_F32).made("rotary_pos_emb.inv_freq", s.hidden / s.heads / 2, 1).of(0);
  tower.blocks({.at = "encoder.layers.*.",
                .layers = s.layers,
                .heads = s.heads,
                .hidden = s.hidden,
                .intermediate = s.intermediate,
                .q = "self_attn.qkv",
                .o = "self_attn.proj",
                .norms = "layer_norm1 layer_norm2"});
  tower.norm("merger.ln_q", s.hidden, true).column("merger.mlp.0", merged, merged, true);
  return tower.row("merger.mlp.2", text, merged, true).done();
}

// No tower: patches go straight to the text's width.
vramauto_status fuyu(const Description& model) {
  const auto patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 30));
  const auto channels = VRAMAUTO_READ(model.positive("num_channels", 64, 3));
  const auto hidden = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 4096));
  // 1920 by 1080 pixels, a line break after each row.
  const auto across = (1920 + patch - 1) / patch, down = (1080 + patch - 1) / patch, in = patch * patch * channels;
  const Blocks none{.hidden = hidden};
  VRAMAUTO_DO(add_encoder(model, {.tokens = (across + 1) * down, .patches = across * down, .inputs = across * down * in}, none));
  return Tower(model, "", 1).unquantised(false).column("vision_embed_tokens", hidden, in, true).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "Blip2ForConditionalGeneration", .towers = blip2, .prefix = "language_model.", .score = 600},
    {.architectures = "Granite4VisionForConditionalGeneration", .towers = granite4, .score = 600},
    {.architectures = "LlavaOnevision2ForConditionalGeneration", .towers = onevision2, .score = 600},
    {.architectures = "FuyuForCausalLM",
     .towers = fuyu,
     .prefix = "language_model.",
     .text_architecture = "PersimmonForCausalLM",
     .score = 600},
};

}  // namespace

std::span<const Composite> blip_kinds() { return kKinds; }

}  // namespace vramauto::vision
