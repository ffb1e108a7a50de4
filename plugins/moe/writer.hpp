// Describes a decoder some of whose layers have experts.
#pragma once

#include <string_view>
#include <vector>

#include "estimator/decoder/writer.hpp"
#include "mixture.hpp"

namespace vramauto::moe {

class Writer : public estimator::Writer {
 public:
  Writer(const estimator::Description& model, const Mixture& mixture, estimator::Sizes sizes)
      : estimator::Writer(model, mixture.decoder, std::move(sizes)), mixture_(mixture) {}

 protected:
  vramauto_status shapes() override;
  vramauto_status mixer(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status feed(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status qk_norms(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status tables(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status forward(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const estimator::LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;

 private:
  vramauto_status read_own();
  vramauto_status read_sinks();
  vramauto_status gate(const estimator::LayerShape& shape, const vramauto_layers& range);
  vramauto_status sinks(const estimator::LayerShape& shape, const vramauto_layers& range);
  vramauto_status residual(const vramauto_layers& range);
  vramauto_status table(std::string_view kind, const char* name, const estimator::LayerShape& shape, const vramauto_layers& range);
  estimator::Answer<estimator::Rope> rope_of(std::string_view kind, const estimator::LayerShape& shape,
                                             const vramauto_layers& range);

  // mixers.cpp
  vramauto_status shared_query(const estimator::LayerShape& shape, const vramauto_layers& range);
  vramauto_status sink_tokens(const estimator::LayerShape& shape, const vramauto_layers& range);
  vramauto_status indexer(const vramauto_layers& range);
  vramauto_status value_experts(const estimator::LayerShape& shape, const vramauto_layers& range);
  estimator::Answer<std::uint32_t> number(std::string_view keys, std::uint64_t most, std::uint64_t otherwise = 0) const;

  const Mixture& mixture_;
  estimator::Experts experts_;
  bool sinks_ = false, sliding_sinks_ = false, residual_ = false;
};

// LayerShape::own: the layer sees a window only, has an indexer, has no positions.
enum : std::uint8_t { kSlides = 1, kIndexed = 2, kStill = 4 };

}  // namespace vramauto::moe
