// Describes a decoder whose attention keeps one latent vector a token.
#pragma once

#include "dims.hpp"
#include "estimator/decoder/writer.hpp"
#include "latent.hpp"
#include "linear.hpp"

namespace vramauto::mla {

class Writer : public estimator::Writer {
 public:
  Writer(const estimator::Description& model, const Latent& family, estimator::Sizes sizes)
      : estimator::Writer(model, family.decoder, std::move(sizes)), latent_(family), mixer_(family.mixer) {}

 protected:
  enum : std::uint8_t { kExperts = 1 };            // LayerShape::feed
  enum : std::uint8_t { kLinear = 1 };             // LayerShape::mixer
  enum : std::uint8_t { kShares = 1, kOwns = 2 };  // LayerShape::own: sparse attention, without and with an indexer

  vramauto_status shapes() override;
  vramauto_status mixer(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status feed(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status norms(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status position_tables(const vramauto_layers& range, bool indexer);
  vramauto_status forward(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const estimator::LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;
  vramauto_status drafts() override;

 protected:
  const Latent& latent_;
  std::string_view mixer_;  // prefix of attention's names
  estimator::Experts experts_;
  virtual vramauto_status read_experts();
  vramauto_status latent_cache(const estimator::LayerShape& shape, const vramauto_layers& range);

 private:
  vramauto_status feed_forward(const estimator::LayerShape& shape, vramauto_forward out);
  vramauto_status index_cache(const vramauto_layers& range);
  vramauto_status read_gate();
  vramauto_role linear() const {
    return latent_.unquantised ? vramauto_role{VRAMAUTO_ROLE_OTHER} : vramauto_role{VRAMAUTO_ROLE_LINEAR};
  }
  std::string in_mixer(std::string_view part) const { return named(mixer_).append(part); }
  vramauto_status queries(std::uint32_t heads, const vramauto_layers& range);
  vramauto_status keys_and_values(std::uint32_t heads, const vramauto_layers& range);
  vramauto_status indexer(const vramauto_layers& range);
  vramauto_status draft_layers(const vramauto_layers& range);

  Dims dims_;
  Index index_;
  LinearMixer linear_;
  std::uint32_t streams_ = 0;
  std::uint32_t gate_ = 0;  // numbers of a head's gate
};

}  // namespace vramauto::mla
