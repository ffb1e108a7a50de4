// LongCat-Flash: a layer is attention and MLP twice, with one set of experts beside the first pair.
#pragma once

#include "writer.hpp"

namespace vramauto::mla {

class TwiceWriter final : public Writer {
 public:
  using Writer::Writer;

 protected:
  vramauto_status input() override;
  vramauto_status read_experts() override;
  vramauto_status mixer(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status feed(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status forward(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const estimator::LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;
  vramauto_status drafts() override { return VRAMAUTO_OK; }

 private:
  vramauto_status second_mlp(const vramauto_layers& range);
  vramauto_status ngrams();

  std::uint32_t intermediate_ = 0, choices_ = 0;  // of an MLP; experts and those that do nothing
};

}  // namespace vramauto::mla
