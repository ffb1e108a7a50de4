// Gemma 3n. Source: vLLM 0.33 and 0.19.1, models/gemma3n.py; transformers 5.24, models/gemma3n/configuration_gemma3n.py.
#include <string>

#include "gemma.hpp"

namespace vramauto::gemma {
namespace {

constexpr std::uint64_t kMostWidth = 1u << 22;

class Gemma3n final : public GemmaWriter {
 public:
  using GemmaWriter::GemmaWriter;

 private:
  std::uint32_t inputs_ = 0, rank_ = 0;  // altup_num_inputs, laurel_rank

  // The last two layers before the borrowing ones: the last attends fully, the one before slides.
  std::uint32_t owner_of(bool sliding) const override {
    const std::uint32_t back = sliding ? 2 : 1;
    return first_shared() >= back ? first_shared() - back : 0;
  }

  vramauto_status shapes() override;
  Answer<std::uint32_t> width_of(std::uint32_t layer) const;
  vramauto_status input() override;
  vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status feed(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status norms(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status output() override;
  vramauto_status projections(const char* name, const vramauto_layers& range);
};

// One number, or one for each layer.
Answer<std::uint32_t> Gemma3n::width_of(std::uint32_t layer) const {
  const bool each = model_.type("/intermediate_size") == VRAMAUTO_JSON_ARRAY;
  const auto key = each ? std::to_string(layer) : std::string("intermediate_size");
  const auto width = VRAMAUTO_TAKE(model_.positive(key, kMostWidth, 0, each ? "/intermediate_size" : ""));
  return {static_cast<std::uint32_t>(width), VRAMAUTO_OK};
}

vramauto_status Gemma3n::shapes() {
  VRAMAUTO_DO(read_common(5, false));
  inputs_ = static_cast<std::uint32_t>(VRAMAUTO_READ(model_.positive("altup_num_inputs", 64, 4)));
  rank_ = static_cast<std::uint32_t>(VRAMAUTO_READ(model_.positive("laurel_rank", kMostWidth, 64)));
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    auto shape = sizes_.shape;
    shape.head_dim = sizes_.head_dim;
    shape.own = kinds_[layer] == 'f' ? kFull : kSliding;
    shape.mixer = shared_ && layer >= first_shared() ? kBorrows : kProjects;
    shape.intermediate = VRAMAUTO_READ(width_of(layer));
    sizes_.blocks.push_back(shape);
  }
  return VRAMAUTO_OK;
}

// Into and out of the inputs beyond the first: square, gathered after the product.
vramauto_status Gemma3n::projections(const char* name, const vramauto_layers& range) {
  for (std::uint32_t i = 1; i < inputs_; ++i)
    VRAMAUTO_DO(linear(std::string(name) + "." + std::to_string(i - 1), range, sizes_.hidden, sizes_.hidden, VRAMAUTO_SPLIT_ROWS));
  return VRAMAUTO_OK;
}

vramauto_status Gemma3n::input() {
  VRAMAUTO_DO(Writer::input());
  if (per_layer_) VRAMAUTO_DO(per_layer_input());
  return projections("model.altup_projections", kInput);
}

vramauto_status Gemma3n::mixer(const LayerShape& shape, const vramauto_layers& range) {
  const auto hidden = sizes_.hidden;
  VRAMAUTO_DO(linear("altup.correction_coefs", range, inputs_, inputs_));
  VRAMAUTO_DO(linear("altup.prediction_coefs", range, std::uint64_t{inputs_} * inputs_, inputs_));
  VRAMAUTO_DO(linear("altup.modality_router", range, inputs_, hidden));
  VRAMAUTO_DO(add_norm(named("altup.router_norm"), range, hidden));
  VRAMAUTO_DO(number("altup.router_input_scale", range, 1, false));
  VRAMAUTO_DO(number("altup.correct_output_scale", range, hidden, true, VRAMAUTO_F32));
  return GemmaWriter::mixer(shape, range);
}

vramauto_status Gemma3n::feed(const LayerShape& shape, const vramauto_layers& range) {
  VRAMAUTO_DO(mlp(shape, range));
  VRAMAUTO_DO(linear("laurel.linear_left", range, rank_, sizes_.hidden, VRAMAUTO_SPLIT_ROWS));
  VRAMAUTO_DO(linear("laurel.linear_right", range, sizes_.hidden, rank_, VRAMAUTO_SPLIT_COLS));
  return add_norm(named("laurel.post_laurel_norm"), range, sizes_.hidden);
}

vramauto_status Gemma3n::norms(const LayerShape& shape, const vramauto_layers& range) {
  if (per_layer_) VRAMAUTO_DO(per_layer_parts(range));
  return Writer::norms(shape, range);
}

vramauto_status Gemma3n::output() {
  VRAMAUTO_DO(projections("model.altup_unembed_projections", kOutput));
  return Writer::output();
}

}  // namespace

vramauto_status describe_gemma3n(const Description& model, const Family& family) {
  auto sizes = VRAMAUTO_READ(read_sizes(model, family));
  VRAMAUTO_DO(model.traits(VRAMAUTO_READ(read_traits(model, family, sizes))));
  return Gemma3n(model, family, std::move(sizes)).write();
}

}  // namespace vramauto::gemma
