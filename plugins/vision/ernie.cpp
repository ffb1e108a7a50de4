// ERNIE 4.5 VL: a tower with a resampler, and a text whose layers have experts for words and experts for pictures. Sources: vLLM
// 0.33 and 0.19.1, models/ernie45_vl.py, ernie45_vl_moe.py.
#include "ernie.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "estimator/decoder/experts.hpp"
#include "estimator/decoder/names.hpp"
#include "estimator/decoder/writer.hpp"
#include "limits.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

using estimator::LayerShape;

constexpr std::string_view kText = "Ernie4_5_VLMoeForCausalLM";
constexpr estimator::Family kFamily{
    .architectures = kText, .names = &estimator::kLlama, .qkv_bias = "use_bias", .mlp_bias = "use_bias"};
constexpr estimator::ExpertNames kWords{.router = "mlp.text_experts_gate",
                                        .gate = "mlp.text_experts.*.gate_proj",
                                        .up = "mlp.text_experts.*.up_proj",
                                        .down = "mlp.text_experts.*.down_proj"};
constexpr estimator::ExpertNames kPictures{.router = "mlp.vision_experts_gate",
                                           .gate = "mlp.vision_experts.*.gate_proj",
                                           .up = "mlp.vision_experts.*.up_proj",
                                           .down = "mlp.vision_experts.*.down_proj"};

// One number for both kinds, or [words, pictures].
struct Pair {
  std::array<std::int64_t, 2> of{};
};
Answer<Pair> pair_at(const Description& model, const char* key, std::int64_t otherwise) {
  Pair out{{otherwise, otherwise}};
  if (!model.has(key)) return {out, VRAMAUTO_OK};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto at = model.type(key) == VRAMAUTO_JSON_ARRAY ? std::string(key) + "/" + std::to_string(i) : std::string(key);
    out.of[i] = VRAMAUTO_TAKE(model.integer(at.c_str()));
  }
  return {out, VRAMAUTO_OK};
}

struct Mixture {
  Pair count, width, first, last;
  std::int64_t every = 1, taken = 6, shared = 0;

  bool has(std::int64_t layer, std::size_t kind) const { return layer >= first.of[kind] && layer <= last.of[kind]; }
  bool is_sparse(std::int64_t layer) const {
    const auto low = std::min(first.of[0], first.of[1]), high = std::max(last.of[0], last.of[1]);
    return count.of[0] > 0 && (layer + 1) % every == 0 && layer >= low && layer <= high;
  }
};

Answer<Mixture> read_mixture(const Description& model, std::uint32_t layers) {
  Mixture out;
  out.count = VRAMAUTO_TAKE(pair_at(model, "/moe_num_experts", 64));
  out.width = VRAMAUTO_TAKE(pair_at(model, "/moe_intermediate_size", 1536));
  out.first = VRAMAUTO_TAKE(pair_at(model, "/moe_layer_start_index", 1));
  out.last = VRAMAUTO_TAKE(pair_at(model, "/moe_layer_end_index", std::int64_t{layers} - 1));
  if (model.has("/moe_layer_interval")) out.every = VRAMAUTO_TAKE(model.integer("/moe_layer_interval"));
  if (model.has("/moe_num_shared_experts")) out.shared = VRAMAUTO_TAKE(model.integer("/moe_num_shared_experts"));
  out.taken = static_cast<std::int64_t>(VRAMAUTO_TAKE(model.positive("moe_k", 1024, 6)));
  for (std::size_t i = 0; i < 2; ++i)
    if (out.count.of[i] < 0 || out.count.of[i] > 65536 || out.width.of[i] <= 0 || out.width.of[i] > std::int64_t{kWidest})
      return {{}, model.fail(VRAMAUTO_E_FORMAT, "/moe_num_experts and /moe_intermediate_size are no sizes of experts")};
  if (out.every <= 0 || out.shared < 0 || out.shared > 64)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, "/moe_layer_interval and /moe_num_shared_experts are no numbers of layers and experts")};
  return {out, VRAMAUTO_OK};
}

class Ernie : public estimator::Writer {
 public:
  Ernie(const Description& model, estimator::Sizes sizes, const Mixture& mixture)
      : Writer(model, kFamily, std::move(sizes)), mixture_(mixture) {}

 private:
  // own: bit 0 experts for words, bit 1 for pictures; a kind that is not there is a plain MLP.
  vramauto_status shapes() override {
    sizes_.blocks.assign(sizes_.layers, sizes_.shape);
    for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
      if (!mixture_.is_sparse(layer)) continue;
      sizes_.blocks[layer].feed = 1;
      sizes_.blocks[layer].own = static_cast<std::uint8_t>((mixture_.has(layer, 0) ? 1 : 0) | (mixture_.has(layer, 1) ? 2 : 0));
    }
    return VRAMAUTO_OK;
  }

  estimator::Experts experts(std::size_t kind) const {
    estimator::Experts out;
    out.count = static_cast<std::uint32_t>(mixture_.count.of[kind]);
    out.per_token = std::min(out.count, static_cast<std::uint32_t>(mixture_.taken));
    out.width = static_cast<std::uint32_t>(mixture_.width.of[kind]);
    out.router_dtype = VRAMAUTO_F32;
    return out;
  }

  vramauto_status feed(const LayerShape& shape, const vramauto_layers& range) override {
    if (shape.feed == 0) return Writer::feed(shape, range);
    const auto statics = named("mlp.moe_statics.e_score_correction_bias");
    VRAMAUTO_DO(model_.add(Tensors(statics.c_str(), VRAMAUTO_ROLE_OTHER, range, 2, static_cast<std::uint64_t>(mixture_.count.of[0]))
                               .of(VRAMAUTO_F32)));
    auto words = experts(0);
    words.shared_width = static_cast<std::uint32_t>(mixture_.width.of[0] * mixture_.shared);
    const auto prefix = named("");
    VRAMAUTO_DO(shape.own & 1 ? estimator::add_experts(model_, kWords, words, prefix, range, sizes_.hidden) : mlp(shape, range));
    return shape.own & 2 ? estimator::add_experts(model_, kPictures, experts(1), prefix, range, sizes_.hidden) : mlp(shape, range);
  }

  vramauto_status forward(const LayerShape& shape, const vramauto_layers& range) override {
    if (shape.feed == 0) return Writer::forward(shape, range);
    vramauto_forward out{};
    out.struct_size = sizeof out;
    out.layers = range;
    out.query = shape.heads * key_dim(shape);
    out.attention_out = shape.heads * value_dim(shape);
    out.key_value = shape.kv_heads * (key_dim(shape) + value_dim(shape));
    out.kv_heads = shape.kv_heads;
    const auto one = experts(0);
    out.intermediate = one.width * static_cast<std::uint32_t>(mixture_.shared);
    out.experts = one.count;
    out.experts_per_token = one.per_token;
    out.expert_intermediate = one.width;
    return model_.add(out);
  }

  const Mixture& mixture_;
};

bool is_text(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  return host->model(call, &info) == VRAMAUTO_OK && info.architecture == kText;
}

std::int32_t match(const vramauto_host* host, vramauto_call* call) { return is_text(host, call) ? 700 : 0; }

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  if (!is_text(host, call))
    return model.fail(VRAMAUTO_E_UNSUPPORTED, "the architecture is not ERNIE's text with two kinds of experts");
  auto sizes = VRAMAUTO_READ(read_sizes(model, kFamily));
  const auto mixture = VRAMAUTO_READ(read_mixture(model, sizes.layers));
  auto traits = VRAMAUTO_READ(read_traits(model, kFamily, sizes));
  traits.flags |= 2;  // Ernie4_5_VLRotaryEmbedding, whatever the file says
  VRAMAUTO_DO(model.traits(traits));
  return Ernie(model, std::move(sizes), mixture).write();
}

vramauto_status towers(const Description& model) {
  const std::string at = "/vision_config", text = model.first("text_config");
  const auto width = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 1280, at));
  const auto patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 14, at));
  const auto channels = VRAMAUTO_READ(model.positive("in_channels", 64, 3, at));
  const auto merge = VRAMAUTO_READ(model.positive("spatial_merge_size", 64, 2, at));
  const auto time = VRAMAUTO_READ(model.positive("temporal_conv_size", 64, 2));
  const auto output = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, text));
  Blocks b{.at = "blocks.*.", .hidden = width};
  b.layers = VRAMAUTO_READ(narrow_positive(model, "depth", kMostLayers, 32, at));
  b.heads = VRAMAUTO_READ(narrow_positive(model, "num_heads", kMostHeads, 16, at));
  b.intermediate = VRAMAUTO_READ(model.positive("intermediate_size", kWidest, 4 * width, at));
  const auto unit = patch * merge;
  const auto most = VRAMAUTO_READ(pixels(model, "preprocessor_config.json", 4816896)) / (unit * unit);
  const auto tokens = std::max<std::uint64_t>(1, most), patches = tokens * merge * merge;
  Profile image{.modality = "image", .tokens = tokens, .patches = patches, .inputs = patches * channels * patch * patch};
  image.output = static_cast<std::uint32_t>(output);
  VRAMAUTO_DO(add_encoder(model, image, b));
  image.modality = "video";
  VRAMAUTO_DO(add_encoder(model, image, b));
  Tower tower(model, "model.vision_tower.", 3);
  tower.dense("patch_embed.proj", width, channels * patch * patch, false).of(VRAMAUTO_F32);
  tower.made("rotary_pos_emb.inv_freq", std::max<std::uint64_t>(1, width / b.heads / 4), 1).of(0).blocks(b);
  tower.norm("ln", width, true).under("model.resampler_model.").unquantised();
  const auto flat = width * merge * merge;
  tower.column("spatial_linear.fc1", flat, flat, true).column("spatial_linear.fc2", flat, flat, true);
  tower.norm("spatial_linear.ln", flat, true);
  if (!model.has("/use_temporal_conv") || VRAMAUTO_READ(model.boolean("/use_temporal_conv"))) {
    tower.column("temporal_linear.fc1", flat, flat * time, true).column("temporal_linear.fc2", flat, flat, true);
    tower.norm("temporal_linear.ln", flat, true);
  }
  return tower.column("mlp", output, flat, true).norm("after_norm", output, false).done();
}

constexpr Composite kKinds[] = {{.architectures = "Ernie4_5_VLMoeForConditionalGeneration",
                                 .towers = towers,
                                 .prefix = "model.language_model.",
                                 .text_architecture = kText,
                                 .score = 700}};

}  // namespace

std::span<const Composite> ernie_kinds() { return kKinds; }

const vramauto_estimator kErnieText{sizeof(vramauto_estimator), 0, "ernie_vl_text", match, describe};

}  // namespace vramauto::vision
