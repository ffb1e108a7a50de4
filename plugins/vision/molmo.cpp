// Molmo and Molmo 2, towers and texts. Sources: vLLM 0.33, models/molmo.py and molmo2.py. What pools and projects is as the tower:
// divided, and open to the checkpoint's format.
#include "molmo.hpp"

#include <string>

#include "estimator/decoder/names.hpp"
#include "estimator/decoder/writer.hpp"
#include "limits.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

using estimator::Family;
using estimator::flag;
using estimator::Norm;
using estimator::QkNorm;
using estimator::Tie;

struct Sight {
  std::uint64_t hidden = 1024, intermediate = 4096, patch = 14, positions = 577, edge = 336;
  std::uint32_t layers = 23, heads = 16, kv_heads = 16;
  std::uint64_t pool = 1024, projector = 0, text = 0, features = 2;  // widths after the tower, feature layers
  std::uint32_t pool_heads = 16, pool_kv_heads = 16;
  bool first = true;  // Molmo 1: a class token, norms before the tower and pads after it
};

Blocks blocks_of(const Sight& s) {
  return {.at = "image_vit.transformer.resblocks.*.",
          .layers = s.layers,
          .heads = s.heads,
          .hidden = s.hidden,
          .intermediate = s.intermediate,
          .kv_heads = s.kv_heads,
          .q = "attention.wq",
          .k = "attention.wk",
          .v = "attention.wv",
          .o = "attention.wo",
          .up = "feed_forward.w1",
          .down = "feed_forward.w2",
          .norms = "attention_norm ffn_norm"};
}

vramauto_status add_sight(const Description& model, const Sight& s, std::uint64_t encoders) {
  Tower tower(model, "model.vision_backbone.", encoders);
  if (s.first) tower.table("image_vit.class_embedding", s.hidden, 1);
  tower.table("image_vit.positional_embedding", s.positions, s.hidden);
  tower.dense("image_vit.patch_embedding", s.hidden, 3 * s.patch * s.patch, !s.first);
  if (s.first) tower.norm("image_vit.pre_ln", s.hidden, true);
  tower.blocks(blocks_of(s));
  const auto in = s.hidden * s.features, head = s.pool / s.pool_heads;
  tower.by_heads("image_pooling_2d.wq", s.pool, in, s.pool_heads, true);
  for (const auto* part : {"image_pooling_2d.wk", "image_pooling_2d.wv"})
    tower.by_heads(part, s.pool_kv_heads * head, in, s.pool_kv_heads, true);
  tower.row("image_pooling_2d.wo", s.pool, s.pool, true);
  tower.column("image_projector.w1", s.projector, s.pool, false, estimator::kGateUp);
  tower.column("image_projector.w3", s.projector, s.pool, false, estimator::kGateUp);
  tower.row("image_projector.w2", s.text, s.projector, false);
  if (s.first) tower.table("pad_embed", 2, in);
  return tower.done();
}

// Twelve crops and a view of all, two by two patches to a token.
vramauto_status add_crops(const Description& model, const Sight& s, std::uint64_t crops, bool video) {
  const auto grid = s.edge / s.patch, side = (grid + 1) / 2;
  Profile image{.tokens = (crops + 1) * side * (side + 1), .patches = (crops + 1) * grid * grid};
  image.inputs = (crops + 1) * 3 * s.edge * s.edge;
  VRAMAUTO_DO(add_encoder(model, image, blocks_of(s)));
  if (!video) return VRAMAUTO_OK;
  const auto third = (grid + 2) / 3;
  Profile frame{.modality = "video", .tokens = third * (third + 1), .patches = grid * grid, .inputs = 3 * s.edge * s.edge};
  frame.max_frames = 384;
  return add_encoder(model, frame, blocks_of(s));
}

// The class's tower has sizes of its own, whatever the configuration says.
vramauto_status molmo(const Description& model) {
  Sight s;
  s.text = VRAMAUTO_READ(model.positive("hidden_size", kWidest));
  s.projector = VRAMAUTO_READ(model.positive("intermediate_size", kWidest)) / 2;
  VRAMAUTO_DO(add_crops(model, s, 12, false));
  return add_sight(model, s, 1);
}

vramauto_status molmo2(const Description& model) {
  const auto vit = model.first("vit_config|vision_config");
  const std::string adapter = "/adapter_config";
  Sight s;
  s.first = false;
  s.hidden = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 1152, vit));
  s.intermediate = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 4304, vit));
  s.layers = VRAMAUTO_READ(narrow_positive(model, "num_hidden_layers", kMostLayers, 27, vit));
  s.heads = VRAMAUTO_READ(narrow_positive(model, "num_attention_heads", kMostHeads, 16, vit));
  s.kv_heads = VRAMAUTO_READ(narrow_positive(model, "num_key_value_heads", kMostHeads, 16, vit));
  s.patch = VRAMAUTO_READ(model.positive("image_patch_size", kMostEdge, 14, vit));
  s.positions = VRAMAUTO_READ(model.positive("image_num_pos", kWidest, 577, vit));
  s.edge = 378;
  s.pool = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 1152, adapter));
  s.pool_heads = VRAMAUTO_READ(narrow_positive(model, "num_attention_heads", kMostHeads, 16, adapter));
  s.pool_kv_heads = VRAMAUTO_READ(narrow_positive(model, "num_key_value_heads", kMostHeads, 16, adapter));
  s.projector = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 18944, adapter));
  s.text = VRAMAUTO_READ(model.positive("text_hidden_size", kWidest, 3584, adapter));
  const auto layers = adapter + "/vit_layers";
  std::int64_t deepest = static_cast<std::int64_t>(s.layers) - 3;
  if (model.type(layers.c_str()) == VRAMAUTO_JSON_ARRAY) {
    s.features = VRAMAUTO_READ(model.length(layers.c_str()));
    deepest = 0;
    for (std::uint64_t i = 0; i < s.features && i < kMostLayers; ++i) {
      const auto one = VRAMAUTO_READ(model.integer((layers + "/" + std::to_string(i)).c_str()));
      deepest = std::max(deepest, one < 0 ? one + s.layers : one);
    }
  }
  if (s.features == 0 || s.features > kMostLayers || deepest < 0 || s.heads == 0 || s.pool_heads == 0)
    return model.fail(VRAMAUTO_E_FORMAT, layers + " names no layers of the tower");
  s.layers = std::min(s.layers, static_cast<std::uint32_t>(deepest + 1));
  VRAMAUTO_DO(add_crops(model, s, 8, true));
  return add_sight(model, s, 3);
}

constexpr Composite kKinds[] = {
    {.architectures = "MolmoForCausalLM", .towers = molmo, .text = "", .prefix = "", .text_architecture = "MolmoText"},
    {.architectures = "Molmo2ForConditionalGeneration",
     .towers = molmo2,
     .text = "text_config|llm_config",
     .prefix = "",
     .text_architecture = "Molmo2Text"},
};

constexpr estimator::Names kNames =
    estimator::with_mlp(estimator::with_attention(estimator::kLlama, "self_attn.att_proj", "self_attn.attn_out"), "mlp.ff_proj",
                        "mlp.ff_proj", "mlp.ff_out");
constexpr Family kFirst{.architectures = "MolmoText",
                        .names = &kNames,
                        .qkv_bias = "qkv_bias",
                        .width = estimator::Width::half,
                        .head_dim_key = false,
                        .qk_norm = QkNorm::full_rms,
                        .qk_norm_if = "attention_layer_norm",
                        .tie = Tie::never};
constexpr Family kSecond{.architectures = "Molmo2Text",
                         .names = &kNames,
                         .qkv_bias = "qkv_bias",
                         .qk_norm = QkNorm::full_rms,
                         .qk_norm_if = "use_qk_norm",
                         .tie = Tie::never};
constexpr Family kSecondByHead{.architectures = "Molmo2Text",
                               .names = &kNames,
                               .qkv_bias = "qkv_bias",
                               .qk_norm = QkNorm::head_rms,
                               .qk_norm_if = "use_qk_norm",
                               .tie = Tie::never};

// The embedding has rows beyond the vocabulary that lm_head has not.
class Text final : public estimator::Writer {
 public:
  Text(const Description& model, const Family& family, estimator::Sizes sizes, std::uint32_t extra)
      : Writer(model, family, std::move(sizes)), extra_(extra) {}

 private:
  vramauto_status input() override {
    return model_.add(
        Tensors("model.embed_tokens", VRAMAUTO_ROLE_EMBEDDING, estimator::kInput, sizes_.vocab + extra_, sizes_.hidden)
            .by(VRAMAUTO_SPLIT_VOCAB));
  }
  std::uint32_t extra_;
};

std::string_view name_of(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  return host->model(call, &info) == VRAMAUTO_OK && info.architecture ? info.architecture : std::string_view();
}

std::int32_t match(const vramauto_host* host, vramauto_call* call) {
  const auto name = name_of(host, call);
  return name == kFirst.architectures || name == kSecond.architectures ? 600 : 0;
}

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  const bool first = name_of(host, call) == kFirst.architectures;
  const auto* family = first ? &kFirst : &kSecond;
  constexpr auto* kind = "/qk_norm_type";
  if (!first && model.has(kind) && VRAMAUTO_READ(model.text(kind)) == "qwen3") family = &kSecondByHead;
  auto sizes = VRAMAUTO_READ(estimator::read_sizes(model, *family));
  if (first) sizes.vocab = static_cast<std::uint32_t>(VRAMAUTO_READ(model.positive("embedding_size", 1u << 26, sizes.vocab)));
  const auto extra = static_cast<std::uint32_t>(VRAMAUTO_READ(model.positive("additional_vocab_size", 1u << 20, 128)));
  VRAMAUTO_DO(model.traits(VRAMAUTO_READ(estimator::read_traits(model, *family, sizes))));
  return Text(model, *family, std::move(sizes), extra).write();
}

}  // namespace

const vramauto_estimator kMolmoText{sizeof(vramauto_estimator), 0, "molmo-text", match, describe};

std::span<const Composite> molmo_kinds() { return kKinds; }

}  // namespace vramauto::vision
