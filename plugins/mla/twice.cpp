// Source: vLLM 0.33, models/longcat_flash.py and longcat_flash_ngram.py.
#include "twice.hpp"

#include <array>

namespace vramauto::mla {

using estimator::LayerShape;
using estimator::Tensors;

namespace {

constexpr std::uint32_t kSecondGateUp = estimator::kOwnPart + 8;
constexpr std::uint64_t kMostParts = 4096;
constexpr double kMostRows = 1e12;

}  // namespace

vramauto_status TwiceWriter::read_experts() {
  intermediate_ = sizes_.shape.intermediate;
  VRAMAUTO_DO(Writer::read_experts());
  const auto idle = VRAMAUTO_READ(integer_or(model_, "/zero_expert_num", 0));
  if (idle < 0 || idle > (1 << 20))
    return model_.fail(VRAMAUTO_E_FORMAT, "/zero_expert_num is " + std::to_string(idle) + ", expected 0 to 1048576");
  choices_ = experts_.count + static_cast<std::uint32_t>(idle);
  return VRAMAUTO_OK;
}

vramauto_status TwiceWriter::input() {
  VRAMAUTO_DO(estimator::Writer::input());
  return model_.has("/ngram_vocab_size_ratio") ? ngrams() : VRAMAUTO_OK;
}

// Tables of n-grams beside the embedding, one after another in one tensor, and what brings each to the model's width.
vramauto_status TwiceWriter::ngrams() {
  const auto ratio = VRAMAUTO_READ(model_.real("/ngram_vocab_size_ratio"));
  const auto parts = VRAMAUTO_READ(model_.positive("emb_split_num", kMostParts));
  const auto length = VRAMAUTO_READ(model_.positive("emb_neighbor_num", kMostParts));
  const auto tables = parts * (length - 1);
  const double first = ratio * sizes_.vocab;
  if (!(first > 0 && first < kMostRows) || tables == 0 || tables > sizes_.hidden)
    return model_.fail(VRAMAUTO_E_FORMAT, "/ngram_vocab_size_ratio, /emb_split_num and /emb_neighbor_num make " +
                                              std::to_string(tables) + " tables of " + std::to_string(first) + " rows");
  std::uint64_t rows = 0;
  for (std::uint64_t table = 0; table < tables; ++table)
    rows += static_cast<std::uint64_t>(first + 2.0 * static_cast<double>(table) + 1.0);
  const auto width = sizes_.hidden / tables;
  VRAMAUTO_DO(model_.add(Tensors("model.ngram_embeddings.embedders", VRAMAUTO_ROLE_EMBEDDING, estimator::kInput, rows, width)
                             .by(VRAMAUTO_SPLIT_VOCAB)));
  return model_.add(
      Tensors("model.ngram_embeddings.post_projs", VRAMAUTO_ROLE_OTHER, estimator::kInput, tables * width, sizes_.hidden));
}

vramauto_status TwiceWriter::mixer(const LayerShape& shape, const vramauto_layers& range) {
  constexpr std::array<std::string_view, 2> both = {"self_attn.0.", "self_attn.1."};
  for (const auto one : both) {
    mixer_ = one;
    VRAMAUTO_DO(Writer::mixer(shape, range));
  }
  return VRAMAUTO_OK;
}

vramauto_status TwiceWriter::feed(const LayerShape& shape, const vramauto_layers& range) {
  auto dense = shape;
  dense.intermediate = intermediate_;
  VRAMAUTO_DO(mlp(dense, range));
  VRAMAUTO_DO(second_mlp(range));
  VRAMAUTO_DO(model_.add(
      Tensors(named("mlp.router.classifier").c_str(), VRAMAUTO_ROLE_ROUTER, range, choices_, sizes_.hidden).of(VRAMAUTO_F32)));
  VRAMAUTO_DO(model_.add(
      Tensors(named("mlp.router.e_score_correction_bias").c_str(), VRAMAUTO_ROLE_ROUTER, range, choices_, 1).of(VRAMAUTO_F32)));
  return estimator::add_experts(model_, *latent_.names, experts_, family_.names->layer, range, sizes_.hidden);
}

vramauto_status TwiceWriter::second_mlp(const vramauto_layers& range) {
  for (const auto* part : {"mlps.1.gate_proj", "mlps.1.up_proj"})
    VRAMAUTO_DO(model_.add(Tensors(named(part).c_str(), VRAMAUTO_ROLE_LINEAR, range, intermediate_, sizes_.hidden)
                               .by(VRAMAUTO_SPLIT_ROWS)
                               .part_of(kSecondGateUp)));
  return model_.add(Tensors(named("mlps.1.down_proj").c_str(), VRAMAUTO_ROLE_LINEAR, range, sizes_.hidden, intermediate_)
                        .by(VRAMAUTO_SPLIT_COLS));
}

vramauto_status TwiceWriter::forward(const LayerShape& shape, const vramauto_layers& range) {
  auto dense = shape;
  dense.intermediate = intermediate_;
  return Writer::forward(dense, range);
}

vramauto_status TwiceWriter::cache(const LayerShape& shape, std::uint32_t, const Ranges& ranges) {
  for (int attention = 0; attention < 2; ++attention)
    for (const auto& range : ranges) VRAMAUTO_DO(latent_cache(shape, range));
  return VRAMAUTO_OK;
}

}  // namespace vramauto::mla
