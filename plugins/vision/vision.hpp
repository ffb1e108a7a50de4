// Composites: image, video and audio towers in front of a text model that another estimator describes.
//
// How to add a kind, in a file of its own:
//   1. Write its towers: a function that adds the encoders (add_encoder), then their weights with a Tower (vit.hpp), in the order
//      in which the engine's class builds them. Sizes come from the configuration, keys that it leaves out from
//      src/model/class_defaults_media.cpp.
//   2. Write a row for it: a Composite, in a table that a function of the file hands out.
//   3. Declare that function below and name it in kTables of vision.cpp.
//
// What a row may leave to vision.cpp: finding the text's configuration, its architecture, and delegating it. The text's positions,
// caches and M-RoPE are its own estimator's business. On which pipeline stages towers are, whether --mm-encoder-tp-mode data keeps
// them whole and what --limit-mm-per-prompt drops is the engine's: it knows a tower's weights by `encoders`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "estimator/description.hpp"
#include "vit.hpp"

namespace vramauto::vision {

using Towers = vramauto_status (*)(const estimator::Description& model);

struct Composite {
  std::string_view architectures = {};  // of the composite, separated by spaces
  Towers towers = nullptr;              // before the text, nullptr: none
  // "text_config|llm_config": the first that is there holds the text; where none is, the composite's own configuration does.
  std::string_view text = "text_config";
  // Of the text's tensors in the checkpoint. "model.language_model." is transformers' way: its "model." moves there, lm_head stays.
  const char* prefix = "model.language_model.";
  std::string_view text_architecture = {};  // "": as the text's configuration says, by name or by model_type
  Towers after = nullptr;                   // weights that the class builds after the text
  // Where it depends on the configuration: the text's architecture.
  estimator::Answer<std::string_view> (*find_text)(const estimator::Description& model) = nullptr;
  std::int32_t score = 900;
};

// Tables of kinds, one for each file.
std::span<const Composite> aria_kinds();
std::span<const Composite> audio_kinds();
std::span<const Composite> blip_kinds();
std::span<const Composite> deepseek_kinds();
std::span<const Composite> gemma3n_kinds();
std::span<const Composite> gemma_kinds();
std::span<const Composite> glm_kinds();
std::span<const Composite> granite_speech_kinds();
std::span<const Composite> idefics_kinds();
std::span<const Composite> intern_kinds();
std::span<const Composite> kimi_kinds();
std::span<const Composite> llama4_kinds();
std::span<const Composite> llava_kinds();
std::span<const Composite> minicpm_kinds();
std::span<const Composite> mistral_kinds();
std::span<const Composite> molmo_kinds();
std::span<const Composite> ernie_kinds();
std::span<const Composite> hunyuan_kinds();
std::span<const Composite> newer_kinds();
std::span<const Composite> ovis_kinds();
std::span<const Composite> paddle_kinds();
std::span<const Composite> phi4_kinds();
std::span<const Composite> qwen_kinds();
std::span<const Composite> radio_kinds();
std::span<const Composite> small_kinds();
std::span<const Composite> speech_kinds();
std::span<const Composite> step_kinds();

// The estimator's architecture in the engine for a text of this model_type, or "".
std::string_view text_architecture_of(std::string_view model_type);

// A pointer to `key` of the first of `parts` ("vision_config|visual") that is there.
std::string part_of(const estimator::Description& model, std::string_view parts);

}  // namespace vramauto::vision
