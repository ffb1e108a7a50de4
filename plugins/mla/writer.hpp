// Describes a decoder whose attention keeps one latent vector a token.
#pragma once

#include "dims.hpp"
#include "estimator/decoder/writer.hpp"
#include "latent.hpp"

namespace vramauto::mla {

class Writer : public estimator::Writer {
 public:
  Writer(const estimator::Description& model, const Latent& family, estimator::Sizes sizes)
      : estimator::Writer(model, family.decoder, std::move(sizes)), latent_(family) {}

 protected:
  enum : std::uint8_t { kExperts = 1 };            // LayerShape::feed
  enum : std::uint8_t { kShares = 1, kOwns = 2 };  // LayerShape::own: sparse attention, without and with an indexer

  vramauto_status shapes() override;
  vramauto_status mixer(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status feed(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status tables(const vramauto_layers& range, bool indexer);
  vramauto_status forward(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const estimator::LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;
  vramauto_status drafts() override;

 private:
  vramauto_status queries(std::uint32_t heads, const vramauto_layers& range);
  vramauto_status keys_and_values(std::uint32_t heads, const vramauto_layers& range);
  vramauto_status indexer(const vramauto_layers& range);
  vramauto_status latent_cache(const estimator::LayerShape& shape, const vramauto_layers& range);
  vramauto_status draft_layers(const vramauto_layers& range);

  const Latent& latent_;
  Dims dims_;
  Index index_;
  estimator::Experts experts_;
  bool plain_ = false;  // keys and values of every head, as in the first DeepSeek
};

}  // namespace vramauto::mla
