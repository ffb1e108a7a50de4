// Audio towers of the Whisper kind, which several composites use.
#pragma once

#include <string>

#include "limits.hpp"
#include "vit.hpp"

namespace vramauto::vision {

struct WhisperSizes {
  std::uint64_t hidden = 0, intermediate = 0, mels = 128, positions = 1500;
  std::uint32_t layers = 0, heads = 0;
};

// From an object with Whisper's keys ("/audio_config").
Answer<WhisperSizes> read_whisper(const Description& model, const std::string& at);

enum class WhisperClass : std::uint8_t {
  torch,   // transformers' own class: whole on every rank, no format
  engine,  // vLLM's WhisperEncoder: q, k and v fused, divided
};

// Convolutions, then the blocks and the last norm; `positions` before the blocks where the class has a table for them.
Blocks whisper_blocks(const WhisperSizes& sizes, WhisperClass kind);
Tower& add_whisper(Tower& tower, const WhisperSizes& sizes, WhisperClass kind);

// Encoder "audio" of items with so many tokens.
vramauto_status add_audio_encoder(const Description& model, const WhisperSizes& sizes, std::uint64_t tokens, std::uint64_t width);

}  // namespace vramauto::vision
