// Two towers, text and pictures, whose vectors meet: CLIP, whose text is read causally and cached, and SigLIP, an encoder on both
// sides. Source: vLLM 0.33, models/clip.py and siglip.py.
#include <algorithm>
#include <string>

#include "pooling.hpp"

namespace vramauto::pooling {
namespace {

constexpr std::uint64_t kImage = 1;  // the first encoder
constexpr std::string_view kText = "/text_config", kVision = "/vision_config";

// Equal layers: of the text, which are the model's, or of the pictures, which stand before them as copies.
class Blocks {
 public:
  Blocks(const Description& model, const Sizes& sizes, std::string prefix, bool pictures)
      : model_(model), sizes_(sizes), prefix_(std::move(prefix)), pictures_(pictures) {}

  vramauto_status write() const {
    for (const auto* part : {"q_proj", "k_proj", "v_proj"}) {
      const auto name = prefix_ + "self_attn." + part;
      VRAMAUTO_DO(model_.add(
          linear(name, sizes_.hidden, sizes_.hidden).heads(sizes_.heads, VRAMAUTO_UNEVEN_REFUSE).part_of(estimator::kQkv)));
    }
    VRAMAUTO_DO(add("self_attn.out_proj", sizes_.hidden, sizes_.hidden, VRAMAUTO_SPLIT_COLS));
    VRAMAUTO_DO(norm("layer_norm1"));
    VRAMAUTO_DO(add("mlp.fc1", sizes_.intermediate, sizes_.hidden, VRAMAUTO_SPLIT_ROWS));
    VRAMAUTO_DO(add("mlp.fc2", sizes_.hidden, sizes_.intermediate, VRAMAUTO_SPLIT_COLS));
    return norm("layer_norm2");
  }

 private:
  Tensors placed(const std::string& name, vramauto_role role, std::uint64_t rows, std::uint64_t cols) const {
    Tensors out(name.c_str(), role, pictures_ ? kInput : sizes_.all(), rows, cols);
    if (pictures_) out.copies = sizes_.layers;
    out.encoders = pictures_ ? kImage : 0;
    return out.with(VRAMAUTO_BIAS);
  }
  Tensors linear(const std::string& name, std::uint64_t rows, std::uint64_t cols) const {
    return placed(name, VRAMAUTO_ROLE_LINEAR, rows, cols);
  }
  vramauto_status add(const char* part, std::uint64_t rows, std::uint64_t cols, vramauto_split split) const {
    const auto name = prefix_ + part;
    return model_.add(linear(name, rows, cols).by(split));
  }
  vramauto_status norm(const char* part) const {
    const auto name = prefix_ + part;
    return model_.add(placed(name, VRAMAUTO_ROLE_NORM, sizes_.hidden, 1));
  }

  const Description& model_;
  const Sizes& sizes_;
  std::string prefix_;
  bool pictures_;
};

struct Picture {
  Sizes sizes;
  std::uint64_t image = 0, patch = 0, channels = 3;
  std::uint64_t patches() const { return (image / patch) * (image / patch); }
};

// Sizes of a side. A tower of pictures has no vocabulary.
Answer<Sizes> side(const Description& model, std::string_view below, bool words) {
  Sizes out;
  out.hidden = static_cast<std::uint32_t>(VRAMAUTO_TAKE(model.positive("hidden_size", kMostWidth, 0, below)));
  out.layers = static_cast<std::uint32_t>(VRAMAUTO_TAKE(model.positive("num_hidden_layers", kMostLayers, 0, below)));
  out.heads = static_cast<std::uint32_t>(VRAMAUTO_TAKE(model.positive("num_attention_heads", 1u << 16, 0, below)));
  out.intermediate = static_cast<std::uint32_t>(VRAMAUTO_TAKE(model.positive("intermediate_size", kMostWidth, 0, below)));
  if (words) {
    out.vocab = static_cast<std::uint32_t>(VRAMAUTO_TAKE(model.positive("vocab_size", 1u << 26, 0, below)));
    out.positions = VRAMAUTO_TAKE(model.positive("max_position_embeddings", kMostPositions, 0, below));
  }
  if (out.hidden % out.heads != 0)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, std::string(below) + "/num_attention_heads is " + std::to_string(out.heads) +
                                              ", expected a divisor of the hidden size " + std::to_string(out.hidden))};
  return {out, VRAMAUTO_OK};
}

Answer<Picture> picture(const Description& model) {
  Picture out;
  out.sizes = VRAMAUTO_TAKE(side(model, kVision, false));
  out.image = VRAMAUTO_TAKE(model.positive("image_size", 1u << 16, 224, kVision));
  out.patch = VRAMAUTO_TAKE(model.positive("patch_size", 1u << 12, 16, kVision));
  out.channels = VRAMAUTO_TAKE(model.positive("num_channels", 64, 3, kVision));
  if (out.patch > out.image)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, "/vision_config/patch_size is " + std::to_string(out.patch) +
                                              ", expected at most the image size " + std::to_string(out.image))};
  return {out, VRAMAUTO_OK};
}

vramauto_status tower_part(const Description& model, const char* name, vramauto_role role, std::uint64_t rows, std::uint64_t cols,
                           bool bias, vramauto_dtype dtype = 0) {
  Tensors out(name, role, kInput, rows, cols);
  out.encoders = kImage;
  const bool numbers = dtype == VRAMAUTO_I64;  // of positions: made, not loaded
  return model.add(out.of(dtype).with(flag(bias, VRAMAUTO_BIAS) | flag(numbers, VRAMAUTO_NOT_STORED)));
}

vramauto_status add_encoder(const Description& model, const Picture& picture, std::uint64_t output, std::uint64_t tokens) {
  const auto& sizes = picture.sizes;
  vramauto_encoder out{};
  out.struct_size = sizeof out;
  out.tokens_per_item = static_cast<std::uint32_t>(tokens);
  out.patches_per_item = tokens;
  out.input_elements = picture.image * picture.image * picture.channels;
  out.hidden = sizes.hidden;
  out.intermediate = sizes.intermediate;
  out.heads = sizes.heads;
  out.layers = sizes.layers;
  out.output = static_cast<std::uint32_t>(output);
  out.modality = "image";
  out.name = "vision_model";
  return model.host()->add_encoder(model.call(), &out);
}

vramauto_status text_tables(const Description& model, const Sizes& text) {
  VRAMAUTO_DO(model.add(Tensors("text_model.embeddings.token_embedding", VRAMAUTO_ROLE_EMBEDDING, kInput, text.vocab, text.hidden)
                            .by(VRAMAUTO_SPLIT_VOCAB)));
  return model.add(Tensors("text_model.embeddings.position_embedding", VRAMAUTO_ROLE_EMBEDDING, kInput, text.positions, text.hidden)
                       .by(VRAMAUTO_SPLIT_VOCAB));
}

vramauto_status add_text(const Description& model, const Sizes& text) {
  VRAMAUTO_DO(text_tables(model, text));
  VRAMAUTO_DO(Blocks(model, text, "text_model.encoder.layers.*.", false).write());
  VRAMAUTO_DO(add_forward(model, text, text.all(), false));
  return add_plain(model, "text_model.final_layer_norm", VRAMAUTO_ROLE_NORM, kOutput, text.hidden, 1, true);
}

vramauto_status clip(const Description& model, std::string_view) {
  const auto text = VRAMAUTO_READ(side(model, kText, true));
  const auto image = VRAMAUTO_READ(picture(model));
  const auto output = VRAMAUTO_READ(model.positive("projection_dim", kMostWidth, 512));
  const auto positions = image.patches() + 1;  // and the class
  const std::uint64_t hidden = image.sizes.hidden;
  VRAMAUTO_DO(set_traits(model, text, text.positions));
  VRAMAUTO_DO(add_encoder(model, image, output, positions));
  VRAMAUTO_DO(tower_part(model, "vision_model.embeddings.class_embedding", VRAMAUTO_ROLE_OTHER, hidden, 1, false));
  VRAMAUTO_DO(tower_part(model, "vision_model.embeddings.patch_embedding", VRAMAUTO_ROLE_CONV, hidden,
                         image.channels * image.patch * image.patch, false));
  VRAMAUTO_DO(tower_part(model, "vision_model.embeddings.position_embedding", VRAMAUTO_ROLE_OTHER, positions, hidden, false));
  VRAMAUTO_DO(tower_part(model, "vision_model.embeddings.position_ids", VRAMAUTO_ROLE_OTHER, positions, 1, false, VRAMAUTO_I64));
  VRAMAUTO_DO(tower_part(model, "vision_model.pre_layrnorm", VRAMAUTO_ROLE_NORM, hidden, 1, true));
  VRAMAUTO_DO(Blocks(model, image.sizes, "vision_model.encoder.layers.*.", true).write());
  VRAMAUTO_DO(tower_part(model, "vision_model.post_layernorm", VRAMAUTO_ROLE_NORM, hidden, 1, true));
  VRAMAUTO_DO(tower_part(model, "visual_projection", VRAMAUTO_ROLE_OTHER, output, hidden, false));
  VRAMAUTO_DO(add_text(model, text));
  vramauto_cache cache{};
  cache.struct_size = sizeof cache;
  cache.kind = VRAMAUTO_CACHE_FULL;
  cache.layers = text.all();
  cache.heads = text.heads;
  cache.k_dim = cache.v_dim = text.head_dim();
  VRAMAUTO_DO(model.add(cache));
  return add_plain(model, "text_projection", VRAMAUTO_ROLE_OTHER, kOutput, output, text.hidden, false);
}

// Pools by attention of one learned query: SiglipMultiheadAttentionPoolingHead, which torch builds and nothing divides.
vramauto_status siglip_pooler(const Description& model, const Sizes& sizes) {
  const std::uint64_t hidden = sizes.hidden;
  VRAMAUTO_DO(tower_part(model, "vision_model.head.probe", VRAMAUTO_ROLE_OTHER, hidden, 1, false));
  VRAMAUTO_DO(tower_part(model, "vision_model.head.attention.in_proj", VRAMAUTO_ROLE_OTHER, 3 * hidden, hidden, true));
  VRAMAUTO_DO(tower_part(model, "vision_model.head.attention.out_proj", VRAMAUTO_ROLE_OTHER, hidden, hidden, true));
  VRAMAUTO_DO(tower_part(model, "vision_model.head.layernorm", VRAMAUTO_ROLE_NORM, hidden, 1, true));
  for (const bool up : {true, false}) {
    Tensors out(up ? "vision_model.head.mlp.fc1" : "vision_model.head.mlp.fc2", VRAMAUTO_ROLE_LINEAR, kInput,
                up ? sizes.intermediate : hidden, up ? hidden : sizes.intermediate);
    out.encoders = kImage;
    VRAMAUTO_DO(model.add(out.by(up ? VRAMAUTO_SPLIT_ROWS : VRAMAUTO_SPLIT_COLS).with(VRAMAUTO_BIAS)));
  }
  return VRAMAUTO_OK;
}

vramauto_status siglip(const Description& model, std::string_view) {
  const auto text = VRAMAUTO_READ(side(model, kText, true));
  const auto image = VRAMAUTO_READ(picture(model));
  const std::uint64_t hidden = image.sizes.hidden, positions = image.patches();
  const auto output = VRAMAUTO_READ(model.positive("projection_size", kMostWidth, text.hidden, kText));
  VRAMAUTO_DO(set_traits(model, text, text.positions));
  VRAMAUTO_DO(add_encoder(model, image, hidden, positions));
  VRAMAUTO_DO(tower_part(model, "vision_model.embeddings.patch_embedding", VRAMAUTO_ROLE_CONV, hidden,
                         image.channels * image.patch * image.patch, true));
  VRAMAUTO_DO(tower_part(model, "vision_model.embeddings.position_embedding", VRAMAUTO_ROLE_OTHER, positions, hidden, false));
  VRAMAUTO_DO(tower_part(model, "vision_model.embeddings.position_ids", VRAMAUTO_ROLE_OTHER, positions, 1, false, VRAMAUTO_I64));
  VRAMAUTO_DO(Blocks(model, image.sizes, "vision_model.encoder.layers.*.", true).write());
  VRAMAUTO_DO(tower_part(model, "vision_model.post_layernorm", VRAMAUTO_ROLE_NORM, hidden, 1, true));
  const bool pools = !model.has("/vision_config/vision_use_head") || VRAMAUTO_READ(model.boolean("/vision_config/vision_use_head"));
  if (pools) VRAMAUTO_DO(siglip_pooler(model, image.sizes));
  VRAMAUTO_DO(model.add(Tensors("text_model.embeddings.position_ids", VRAMAUTO_ROLE_OTHER, kInput, text.positions, 1)
                            .of(VRAMAUTO_I64)
                            .with(VRAMAUTO_NOT_STORED)));
  VRAMAUTO_DO(add_text(model, text));
  return add_plain(model, "text_model.head", VRAMAUTO_ROLE_OTHER, kOutput, output, text.hidden, true);
}

constexpr Kind kKinds[] = {{"CLIPModel", clip}, {"SiglipModel", siglip}};

}  // namespace

const Kind* find_clip(std::string_view architecture) { return find_in(kKinds, architecture); }

}  // namespace vramauto::pooling
