// Nemotron Nano VL: C-RADIO in front of a hybrid text. Sources: vLLM 0.33, models/nano_nemotron_vl.py, radio.py,
// transformers_utils/configs/radio.py.
#include <array>
#include <string>

#include "limits.hpp"
#include "vision.hpp"

namespace vramauto::vision {
namespace {

struct Size {
  std::string_view name;
  std::uint64_t hidden, intermediate;
  std::uint32_t layers, heads;
};
constexpr std::array<Size, 5> kSizes{{{"vit_small_patch16_224", 384, 1536, 12, 6},
                                      {"vit_base_patch16_224", 768, 3072, 12, 12},
                                      {"vit_large_patch16_224", 1024, 4096, 24, 16},
                                      {"vit_huge_patch16_224", 1280, 5120, 32, 16},
                                      {"vit_so400m_patch16_224", 1152, 4304, 27, 16}}};

constexpr const char* kArgs = "/vision_config/args";

Answer<const Size*> size_of(const Description& model) {
  const auto at = std::string(kArgs) + "/model";
  if (!model.has(at.c_str())) return {nullptr, model.fail(VRAMAUTO_E_FORMAT, at + " is missing, expected the name of a tower")};
  const auto stated = VRAMAUTO_TAKE(model.text(at.c_str()));
  for (const auto& size : kSizes)
    if (size.name == stated) return {&size, VRAMAUTO_OK};
  return {nullptr,
          model.fail(VRAMAUTO_E_UNSUPPORTED, at + " is \"" + std::string(stated) + "\", expected one of timm's plain towers")};
}

// One class token, or one for each teacher, and registers up to a multiple.
Answer<std::uint64_t> tokens_of(const Description& model) {
  const std::string at = kArgs, teachers = at + "/teachers", each = at + "/cls_token_per_teacher";
  std::uint64_t tokens = 1;
  if (model.has(each.c_str()) && VRAMAUTO_TAKE(model.boolean(each.c_str())) && model.has(teachers.c_str()))
    tokens = std::max<std::uint64_t>(1, VRAMAUTO_TAKE(model.length(teachers.c_str())));
  if (!model.has((at + "/register_multiple").c_str())) return {tokens, VRAMAUTO_OK};
  const auto multiple = VRAMAUTO_TAKE(model.positive("register_multiple", 1024, 0, at));
  return {tokens + multiple - tokens % multiple, VRAMAUTO_OK};
}

vramauto_status nano(const Description& model) {
  if (model.has("/sound_config"))
    return model.fail(VRAMAUTO_E_UNSUPPORTED, "/sound_config is there: its Parakeet encoder is described by no estimator");
  const auto* s = VRAMAUTO_READ(size_of(model));
  const auto text = model.first("text_config|llm_config");
  const auto patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 16, "/vision_config"));
  const auto frames = VRAMAUTO_READ(model.positive("video_temporal_patch_size", 64, 1, "/vision_config"));
  const auto edge = VRAMAUTO_READ(model.positive("cpe_max_size", 1u << 16, 2048, kArgs));
  const auto classes = VRAMAUTO_READ(tokens_of(model));
  const auto image = VRAMAUTO_READ(model.positive("force_image_size", kMostEdge, 512));
  const auto width = VRAMAUTO_READ(model.positive("vit_hidden_size", kWidest, s->hidden));
  const auto middle = VRAMAUTO_READ(model.positive("projector_hidden_size", kWidest));
  const auto hidden = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, text));
  const auto tiles = VRAMAUTO_READ(model.positive("max_dynamic_patch|max_num_tiles", 1024, 12)) + 1;
  const auto drafts = text + "/num_nextn_predict_layers";
  const bool last = model.has(drafts.c_str()) && VRAMAUTO_READ(model.integer(drafts.c_str())) > 0;
  constexpr std::uint64_t kTimes = 2;  // downsample_ratio 0.5
  const auto grid = edge / patch, side = image / patch;
  const Blocks blocks{.at = "model.encoder.layers.*.",
                      .layers = s->layers,
                      .heads = s->heads,
                      .hidden = s->hidden,
                      .intermediate = s->intermediate,
                      .norms = "norm1 norm2",
                      .scales = "ls1 ls2",
                      .uneven = Uneven::replicate};
  Profile picture{.tokens = tiles * side * side / (kTimes * kTimes), .patches = tiles * side * side};
  picture.inputs = tiles * 3 * image * image;
  VRAMAUTO_DO(add_encoder(model, picture, blocks));
  Profile video{
      .modality = "video", .tokens = side * side / (kTimes * kTimes), .patches = side * side, .inputs = 3 * image * image};
  video.max_frames = 128;
  VRAMAUTO_DO(add_encoder(model, video, blocks));
  Tower tower(model, "vision_model.radio_model.", 3);
  tower.unquantised().dense("model.patch_generator.embedder", s->hidden, 3 * patch * patch, false);
  if (frames > 1) tower.dense("model.patch_generator.video_embedder", s->hidden, 3 * frames * patch * patch, false);
  tower.table("model.patch_generator.pos_embed", grid * grid, s->hidden);
  tower.table("model.patch_generator.cls_token", classes, s->hidden).blocks(blocks).under("");
  if (last) tower.norm("vision_final_layernorm", width, true);
  tower.norm("mlp1.0", width * kTimes * kTimes, false).dense("mlp1.1", middle, width * kTimes * kTimes, false);
  return tower.dense("mlp1.3", hidden, middle, false).done();
}

// The same tower as transformers runs it, from the checkpoint's own code: whole on every rank, without layer scales.
vramauto_status llama_nano(const Description& model) {
  const auto* s = VRAMAUTO_READ(size_of(model));
  const auto text = model.first("text_config|llm_config");
  const auto patch = VRAMAUTO_READ(model.positive("patch_size", kMostEdge, 16, "/vision_config"));
  const auto edge = VRAMAUTO_READ(model.positive("cpe_max_size", 1u << 16, 2048, kArgs));
  const auto classes = VRAMAUTO_READ(tokens_of(model));
  const auto image = VRAMAUTO_READ(model.positive("force_image_size", kMostEdge, 512));
  const auto width = VRAMAUTO_READ(model.positive("vit_hidden_size", kWidest, s->hidden));
  const auto middle = VRAMAUTO_READ(model.positive("projector_hidden_size", kWidest));
  const auto hidden = VRAMAUTO_READ(model.positive("hidden_size", kWidest, 0, text));
  const auto tiles = VRAMAUTO_READ(model.positive("max_dynamic_patch|max_num_tiles", 1024, 12)) + 1;
  constexpr std::uint64_t kTimes = 2;  // downsample_ratio 0.5
  const auto grid = edge / patch, side = image / patch, merged = width * kTimes * kTimes;
  const Blocks blocks{.at = "model.blocks.*.",
                      .layers = s->layers,
                      .heads = s->heads,
                      .hidden = s->hidden,
                      .intermediate = s->intermediate,
                      .quantised = false};
  Profile picture{.tokens = tiles * side * side / (kTimes * kTimes), .patches = tiles * side * side};
  picture.inputs = tiles * 3 * image * image;
  VRAMAUTO_DO(add_encoder(model, picture, blocks));
  Tower tower(model, "vision_model.radio_model.", 1);
  tower.dense("model.patch_generator.embedder", s->hidden, 3 * patch * patch, false);
  tower.table("model.patch_generator.pos_embed", grid * grid, s->hidden);
  tower.table("model.patch_generator.cls_token", classes, s->hidden).blocks(blocks).under("");
  tower.norm("mlp1.0", merged, true).dense("mlp1.1", middle, merged, true);
  return tower.dense("mlp1.3", hidden, middle, true).done();
}

constexpr Composite kKinds[] = {
    {.architectures = "Llama_Nemotron_Nano_VL",
     .towers = llama_nano,
     .text = "text_config|llm_config",
     .prefix = "language_model.",
     .score = 500},
    {.architectures = "NemotronH_Nano_VL_V2 NemotronH_Nano_Omni_Reasoning_V3 NemotronH_Super_Omni_Reasoning_V3 "
                      "NemotronH_Omni_Reasoning_V3",
     .towers = nano,
     .text = "text_config|llm_config",
     .prefix = "language_model.",
     .score = 600},
};

}  // namespace

std::span<const Composite> radio_kinds() { return kKinds; }

}  // namespace vramauto::vision
