// Models with an encoder whose output the decoder's layers attend to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "estimator/decoder/writer.hpp"
#include "estimator/description.hpp"

namespace vramauto::encdec {

using estimator::Answer;
using estimator::Description;
using estimator::flag;
using estimator::kInput;
using estimator::kOutput;
using estimator::Tensors;

constexpr std::uint64_t kMostWidth = 1u << 22, kMostLayers = 4096, kMostPositions = 1ull << 34;

enum : std::uint32_t { kSelf = 1, kCross = 2 };  // parts that are one tensor of the engine

struct Kind {
  std::string_view architectures;  // separated by spaces
  vramauto_status (*describe)(const Description& model);
};

template <std::size_t N>
const Kind* find_in(const Kind (&kinds)[N], std::string_view architecture) {
  for (const auto& kind : kinds)
    if (estimator::has_word(kind.architectures, architecture)) return &kind;
  return nullptr;
}

const Kind* find_whisper(std::string_view architecture);
const Kind* find_text(std::string_view architecture);  // BART, T5 and their kin
const Kind* find_speech(std::string_view architecture);
const Kind* find_parse(std::string_view architecture);  // NVIDIA's readers of pages

struct Width {
  std::uint32_t layers = 0, heads = 0;
  std::uint64_t hidden = 0, ffn = 0, head_dim = 0;

  std::uint64_t inner() const { return heads * head_dim; }  // of attention
};

// Keys of one side: "encoder_layers", "encoder_attention_heads" … or, where `side` is empty, those of the whole model.
struct WidthKeys {
  std::string_view layers, heads, hidden, ffn;
};
Answer<Width> read_width(const Description& model, const WidthKeys& keys, std::string_view below = {});

// Names of the parts of an attention, after its own.
struct AttentionNames {
  std::string_view q = ".q_proj", k = ".k_proj", v = ".v_proj", o = ".out_proj";
};

// One stack of equal layers: those of the decoder are the model's, those of an encoder stand before them as copies.
class Stack {
 public:
  Stack(const Description& model, std::string prefix, const Width& width, std::uint64_t encoders, bool decodes)
      : model_(model), prefix_(std::move(prefix)), width_(width), encoders_(encoders), decodes_(decodes) {}

  Stack& called(const AttentionNames& names) { return names_ = names, *this; }
  Stack& without_bias() { return bias_ = 0, *this; }

  // Attention to itself: q, k and v are one tensor. To the encoder: q alone, k and v together.
  vramauto_status attention(std::string_view name, std::uint32_t kv_heads = 0) const;  // 0: as many as heads
  vramauto_status cross(std::string_view name) const;
  vramauto_status up(std::string_view name, std::uint32_t part = 0) const;
  vramauto_status down(std::string_view name) const;
  vramauto_status norm(std::string_view name, bool bias = true) const;

  // Parts of every layer that are not divided.
  vramauto_status whole(std::string_view name, vramauto_role role, std::uint64_t rows, std::uint64_t cols, bool bias) const;

  // What stands beside the layers, at an end; not divided unless `split` says so.
  vramauto_status beside(std::string_view name, vramauto_role role, std::uint64_t rows, std::uint64_t cols, bool bias,
                         vramauto_split split = VRAMAUTO_SPLIT_NONE, std::uint32_t more = 0) const;

 private:
  Tensors layer(const std::string& name, vramauto_role role, std::uint64_t rows, std::uint64_t cols) const;
  vramauto_status heads(std::string_view name, std::string_view part, std::uint32_t together, std::uint32_t kv_heads = 0) const;
  std::string named(std::string_view name) const { return prefix_ + std::string(name); }

  const Description& model_;
  std::string prefix_;
  Width width_;
  std::uint64_t encoders_;
  bool decodes_;
  std::uint32_t bias_ = VRAMAUTO_BIAS;
  AttentionNames names_;
};

vramauto_status set_traits(const Description& model, const Width& decoder, std::uint64_t vocab, std::uint64_t length,
                           std::uint32_t task = 3);

// What a decoder's layers keep and need: their own keys and, where they attend to an encoder, its keys.
vramauto_status add_caches(const Description& model, const Width& decoder, std::uint32_t kv_heads, bool crosses);
vramauto_status add_forward(const Description& model, const Width& decoder, std::uint32_t kv_heads, bool gated = false);

// The decoder's output layer, one tensor with the embedding where `tied`.
vramauto_status add_head(const Description& model, const char* name, std::uint64_t vocab, std::uint64_t hidden, bool tied,
                         bool bias = false);

}  // namespace vramauto::encdec
