// Source: vLLM 0.32, model_executor/models/medusa.py.
#include "head.hpp"

namespace vramauto::drafts {

using estimator::kOutput;
using estimator::Tensors;

vramauto_status describe_medusa(const estimator::Description& model) {
  const auto hidden = VRAMAUTO_READ(model.positive("hidden_size", 1 << 20));
  const auto vocab = VRAMAUTO_READ(model.positive("vocab_size", 1 << 28));
  const auto heads = VRAMAUTO_READ(model.positive("num_heads", 64, 5));
  const auto layers = VRAMAUTO_READ(model.positive("num_hidden_layers", 64, 1));
  vramauto_traits traits{};
  traits.struct_size = sizeof traits;
  traits.task = 1;
  traits.layers = static_cast<std::uint32_t>(heads);
  traits.hidden = static_cast<std::uint32_t>(hidden);
  traits.vocab = static_cast<std::uint32_t>(vocab);
  traits.max_model_len = VRAMAUTO_READ(model.positive("max_model_len|max_seq_len", 1ull << 40, 2048));
  VRAMAUTO_DO(model.traits(traits));
  const vramauto_layers blocks{0, traits.layers, traits.layers, traits.layers};
  for (std::uint64_t layer = 0; layer < layers; ++layer) {
    const auto name = "blocks.*.layers." + std::to_string(layer);
    Tensors square(name.c_str(), VRAMAUTO_ROLE_LINEAR, blocks, hidden, hidden);
    if (VRAMAUTO_READ(estimator::holds(model, "medusa_fc_bias"))) square.with(VRAMAUTO_BIAS);
    VRAMAUTO_DO(model.add(square));
  }
  const bool one = VRAMAUTO_READ(estimator::holds(model, "original_lm_head"));
  const auto rows = one ? VRAMAUTO_READ(model.positive("truncated_vocab_size", 1 << 28, vocab)) : vocab;
  Tensors head(one ? "lm_head" : "lm_heads.*", VRAMAUTO_ROLE_HEAD, one ? kOutput : blocks, rows, hidden);
  return model.add(head.by(VRAMAUTO_SPLIT_VOCAB));
}

}  // namespace vramauto::drafts
