// Models whose answer is a vector or a score: encoders, and decoders that are pooled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "estimator/decoder/family.hpp"
#include "estimator/decoder/rope.hpp"
#include "estimator/decoder/writer.hpp"
#include "estimator/description.hpp"

namespace vramauto::pooling {

using estimator::Answer;
using estimator::Description;
using estimator::flag;
using estimator::kInput;
using estimator::kOutput;
using estimator::Tensors;

constexpr std::uint64_t kMostWidth = 1u << 22, kMostLayers = 4096, kMostPositions = 1ull << 34, kMostLabels = 1u << 24;

struct Sizes;

// One group of architectures that are described alike.
struct Kind {
  std::string_view architectures;  // separated by spaces
  vramauto_status (*describe)(const Description& model, std::string_view architecture);
};

const Kind* find_bert(std::string_view architecture);
const Kind* find_rope_bert(std::string_view architecture);
const Kind* find_modern_bert(std::string_view architecture);
const Kind* find_clip(std::string_view architecture);
const Kind* find_wrapped(std::string_view architecture);  // decoders with a class of their own for pooling

vramauto_status describe_jina(const Description& model, const Sizes& sizes, std::string_view prefix);

// Decoders that the engine converts: named after a task (Qwen3ForSequenceClassification).
bool is_converted(std::string_view architecture);
vramauto_status describe_pooled(const Description& model, std::string_view architecture);  // as it is, but pooled
vramauto_status describe_converted(const Description& model, std::string_view architecture);

template <std::size_t N>
const Kind* find_in(const Kind (&kinds)[N], std::string_view architecture) {
  for (const auto& kind : kinds)
    if (estimator::has_word(kind.architectures, architecture)) return &kind;
  return nullptr;
}

// What every encoder says of itself.
struct Sizes {
  std::uint32_t layers = 0, hidden = 0, heads = 0, intermediate = 0, vocab = 0;
  std::uint64_t positions = 0, types = 0;  // rows of the tables of positions and of token types

  std::uint32_t head_dim() const { return hidden / heads; }
  vramauto_layers all() const { return {0, layers, layers, layers}; }
};
Answer<Sizes> read_sizes(const Description& model, std::string_view below = {});

vramauto_status set_traits(const Description& model, const Sizes& sizes, std::uint64_t length);

// Numbers of the weights as the configuration states them; 0 where it does not.
Answer<vramauto_dtype> read_dtype(const Description& model);

// Heads of pooling models are in float32 unless head_dtype says otherwise: vLLM 0.33, config/model.py, _get_head_dtype.
Answer<vramauto_dtype> head_dtype(const Description& model);

// num_labels as transformers 5.24, configuration_utils.py, has it: as many as id2label names, else 2.
Answer<std::uint64_t> read_labels(const Description& model);

// A tensor of one of the ends that is not divided, with or without a bias.
vramauto_status add_plain(const Description& model, const char* name, vramauto_role role, const vramauto_layers& at,
                          std::uint64_t rows, std::uint64_t cols, bool bias, vramauto_dtype dtype = 0);

// Attention over the whole prompt: temporary widths, no cache.
vramauto_status add_forward(const Description& model, const Sizes& sizes, const vramauto_layers& range, bool gated);

}  // namespace vramauto::pooling
