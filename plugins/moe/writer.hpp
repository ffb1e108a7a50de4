// Describes a decoder some of whose layers have experts.
#pragma once

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
  vramauto_status tables(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status forward(const estimator::LayerShape& shape, const vramauto_layers& range) override;

 private:
  vramauto_status read_sinks();
  vramauto_status gate(const estimator::LayerShape& shape, const vramauto_layers& range);
  vramauto_status sinks(const estimator::LayerShape& shape, const vramauto_layers& range);
  vramauto_status table(std::string_view kind, const char* name, const estimator::LayerShape& shape, const vramauto_layers& range);

  const Mixture& mixture_;
  estimator::Experts experts_;
  bool sinks_ = false, sliding_sinks_ = false;
};

}  // namespace vramauto::moe
