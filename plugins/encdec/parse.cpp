// NVIDIA's readers of pages: RADIO, a neck, and MBart's decoder without positions. Nemotron Parse attends to the picture, Parse 3.5
// reads it before its text. Source: vLLM 0.33, models/nemotron_parse.py, nemotron_parse3_5.py, radio.py.
#include <algorithm>
#include <array>

#include "encdec.hpp"

namespace vramauto::encdec {
namespace {

constexpr std::uint64_t kImage = 1;  // the first encoder
constexpr std::string_view kDecoder = "/decoder";
constexpr std::uint64_t kNeck = 1024, kSummary = 3840;  // widths that the neck's class fixes

struct Vit {
  std::string_view name;
  Width width;
};
// transformers_utils/configs/radio.py, VIT_TIMM_DIM_BY_NAME.
constexpr std::array<Vit, 5> kVits = {{
    {"vit_small_patch16_224", {12, 6, 384, 1536, 64}},
    {"vit_base_patch16_224", {12, 12, 768, 3072, 64}},
    {"vit_large_patch16_224", {24, 16, 1024, 4096, 64}},
    {"vit_huge_patch16_224", {32, 16, 1280, 5120, 80}},
    {"vit_so400m_patch16_224", {27, 16, 1152, 4304, 72}},
}};

struct Radio {
  Width width;
  std::uint64_t patch = 16, rows = 0, height = 0, columns = 0, tokens = 1, grid = 0;
};

Answer<Radio> read_radio(const Description& model) {
  Radio out;
  const auto name = VRAMAUTO_TAKE(model.text("/encoder/args/model"));
  const auto at = std::find_if(kVits.begin(), kVits.end(), [&](const Vit& vit) { return vit.name == name; });
  if (at == kVits.end())
    return {{},
            model.fail(VRAMAUTO_E_UNSUPPORTED, "/encoder/args/model is " + std::string(name) + ", expected a ViT that RADIO has")};
  out.width = at->width;
  out.patch = VRAMAUTO_TAKE(model.positive("patch_size", 4096, 16, "/encoder"));
  const bool pair = model.type("/image_size") == VRAMAUTO_JSON_ARRAY;
  out.height = VRAMAUTO_TAKE(model.positive(pair ? "image_size/0" : "image_size", 1u << 16, 2048));
  out.columns = VRAMAUTO_TAKE(model.positive(pair ? "image_size/1" : "image_size", 1u << 16, 1648));
  const auto most = VRAMAUTO_TAKE(model.positive("cpe_max_size", 1u << 16, 2048, "/encoder/args"));
  out.grid = (most + out.patch - 1) / out.patch;
  std::uint64_t classes = 1;
  const bool each =
      model.has("/encoder/args/cls_token_per_teacher") && VRAMAUTO_TAKE(model.boolean("/encoder/args/cls_token_per_teacher"));
  if (each && model.type("/encoder/args/teachers") == VRAMAUTO_JSON_ARRAY)
    classes = std::max<std::uint64_t>(1, VRAMAUTO_TAKE(model.length("/encoder/args/teachers")));
  out.tokens = classes;
  if (model.has("/encoder/args/register_multiple")) {
    const auto multiple = VRAMAUTO_TAKE(model.positive("register_multiple", 4096, 0, "/encoder/args"));
    out.tokens = classes + multiple - classes % multiple;
  }
  return {out, VRAMAUTO_OK};
}

vramauto_status add_tower(const Description& model, const Radio& radio) {
  const auto rows = radio.height / radio.patch, columns = radio.columns / radio.patch;
  const auto tokens = rows * (columns / 4) + 1;  // the neck joins four patches of a row
  vramauto_encoder out{};
  out.struct_size = sizeof out;
  out.tokens_per_item = static_cast<std::uint32_t>(tokens);
  out.patches_per_item = rows * columns + radio.tokens;
  out.input_elements = 3 * radio.height * radio.columns;
  out.hidden = static_cast<std::uint32_t>(radio.width.hidden);
  out.intermediate = static_cast<std::uint32_t>(radio.width.ffn);
  out.heads = radio.width.heads;
  out.layers = radio.width.layers;
  out.output = kNeck;
  out.modality = "image";
  out.name = "encoder";
  VRAMAUTO_DO(model.host()->add_encoder(model.call(), &out));

  const auto hidden = radio.width.hidden;
  Stack stack(model, "encoder.model_encoder.radio_model.model.", radio.width, kImage, false);
  stack.called({".qkv", ".qkv", ".qkv", ".proj"});
  VRAMAUTO_DO(stack.beside("patch_generator.embedder", VRAMAUTO_ROLE_OTHER, hidden, 3 * radio.patch * radio.patch, false));
  VRAMAUTO_DO(stack.beside("patch_generator.pos_embed", VRAMAUTO_ROLE_OTHER, radio.grid * radio.grid, hidden, false));
  VRAMAUTO_DO(stack.beside("patch_generator.cls_token.token", VRAMAUTO_ROLE_OTHER, radio.tokens, hidden, false));
  VRAMAUTO_DO(stack.attention("blocks.*.attn"));
  VRAMAUTO_DO(stack.up("blocks.*.mlp.fc1"));
  VRAMAUTO_DO(stack.down("blocks.*.mlp.fc2"));
  VRAMAUTO_DO(stack.norm("blocks.*.norm1"));
  VRAMAUTO_DO(stack.norm("blocks.*.norm2"));
  VRAMAUTO_DO(stack.whole("blocks.*.ls1", VRAMAUTO_ROLE_OTHER, hidden, 1, false));
  VRAMAUTO_DO(stack.whole("blocks.*.ls2", VRAMAUTO_ROLE_OTHER, hidden, 1, false));
  const Stack neck(model, "encoder.", radio.width, kImage, false);
  VRAMAUTO_DO(neck.beside("conv1", VRAMAUTO_ROLE_CONV, kNeck, 1280, true));
  VRAMAUTO_DO(neck.beside("layer_norm1", VRAMAUTO_ROLE_NORM, kNeck, 1, true));
  VRAMAUTO_DO(neck.beside("conv2", VRAMAUTO_ROLE_CONV, kNeck, 4 * kNeck, false));
  VRAMAUTO_DO(neck.beside("layer_norm2", VRAMAUTO_ROLE_NORM, kNeck, 1, true));
  VRAMAUTO_DO(neck.beside("sum_proj", VRAMAUTO_ROLE_LINEAR, kNeck, kSummary, true, VRAMAUTO_SPLIT_ROWS));
  return neck.beside("layer_norm3", VRAMAUTO_ROLE_NORM, kNeck, 1, true);
}

// The first class takes the width of the encoder's MLP for its own; the second reads the decoder's, and may share keys.
vramauto_status describe(const Description& model, bool crosses) {
  const auto radio = VRAMAUTO_READ(read_radio(model));
  const auto width = VRAMAUTO_READ(read_width(
      model, {"decoder_layers", "decoder_attention_heads", "d_model", crosses ? "encoder_ffn_dim" : "decoder_ffn_dim"}, kDecoder));
  const auto vocab = VRAMAUTO_READ(model.positive("vocab_size", 1u << 26, 0, kDecoder));
  const auto length = VRAMAUTO_READ(model.positive("max_position_embeddings|max_sequence_length", kMostPositions, 1024, kDecoder));
  auto kv_heads = width.heads;
  if (!crosses)
    kv_heads =
        static_cast<std::uint32_t>(VRAMAUTO_READ(model.positive("self_attention_kv_heads", width.heads, width.heads, kDecoder)));
  VRAMAUTO_DO(set_traits(model, width, vocab, length, crosses ? 3 : 1));
  VRAMAUTO_DO(add_tower(model, radio));
  const Stack stack(model, "decoder.", width, 0, true);
  VRAMAUTO_DO(stack.beside("embed_tokens", VRAMAUTO_ROLE_EMBEDDING, vocab, width.hidden, false, VRAMAUTO_SPLIT_VOCAB));
  VRAMAUTO_DO(stack.attention("layers.*.self_attn", kv_heads));
  VRAMAUTO_DO(stack.norm("layers.*.self_attn_layer_norm"));
  if (crosses) {
    VRAMAUTO_DO(stack.cross("layers.*.encoder_attn"));
    VRAMAUTO_DO(stack.norm("layers.*.encoder_attn_layer_norm"));
  }
  VRAMAUTO_DO(stack.up("layers.*.fc1"));
  VRAMAUTO_DO(stack.down("layers.*.fc2"));
  VRAMAUTO_DO(stack.norm("layers.*.final_layer_norm"));
  VRAMAUTO_DO(add_forward(model, width, kv_heads));
  VRAMAUTO_DO(add_caches(model, width, kv_heads, crosses));
  VRAMAUTO_DO(stack.beside("layernorm_embedding", VRAMAUTO_ROLE_NORM, width.hidden, 1, true));
  VRAMAUTO_DO(stack.beside("layer_norm", VRAMAUTO_ROLE_NORM, width.hidden, 1, true));
  bool tied = false;
  for (const auto* at : {"/tie_word_embeddings", "/decoder/tie_word_embeddings"})
    tied = tied || (model.has(at) && VRAMAUTO_READ(model.boolean(at)));
  return add_head(model, "lm_head", vocab, width.hidden, tied);
}

vramauto_status parse(const Description& model) { return describe(model, true); }
vramauto_status parse_by_prefix(const Description& model) { return describe(model, false); }

constexpr Kind kKinds[] = {
    {"NemotronParseForConditionalGeneration", parse},
    {"RadioMBartPrefixForCausalLM", parse_by_prefix},
};

}  // namespace

const Kind* find_parse(std::string_view architecture) { return find_in(kKinds, architecture); }

}  // namespace vramauto::encdec
