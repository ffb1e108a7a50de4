// Describes DeepSeek-V4: every layer sees a window; most also read a cache in which one entry stands for several tokens.
#pragma once

#include <vector>

#include "dims.hpp"
#include "estimator/decoder/experts.hpp"
#include "estimator/decoder/writer.hpp"

namespace vramauto::mla {

bool is_compressed(std::string_view architecture);
const estimator::Family& compressed_family();

class CompressedWriter : public estimator::Writer {
 public:
  CompressedWriter(const estimator::Description& model, estimator::Sizes sizes)
      : estimator::Writer(model, compressed_family(), std::move(sizes)) {}

 protected:
  enum : std::uint8_t { kExperts = 1, kHashed = 2 };  // LayerShape::feed

  vramauto_status shapes() override;
  vramauto_status mixer(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status feed(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status norms(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status forward(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const estimator::LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;
  vramauto_status drafts() override;
  vramauto_status output() override;

 private:
  struct Widths {
    std::uint32_t head = 0, rope = 0, q_lora = 0, o_groups = 0, o_lora = 0, streams = 0, window = 0;
  };

  vramauto_status read_widths();
  vramauto_status attention(const estimator::LayerShape& shape, const vramauto_layers& range);
  vramauto_status compressor(std::string_view at, std::uint32_t ratio, std::uint32_t width, const vramauto_layers& range);
  vramauto_status indexer(std::uint32_t ratio, const vramauto_layers& range);
  vramauto_status table(std::uint32_t ratio, const vramauto_layers& range);
  std::uint64_t streams_width() const { return std::uint64_t{widths_.streams} * sizes_.hidden; }
  vramauto_status latents(const vramauto_layers& range, std::uint32_t window, std::uint32_t ratio);
  vramauto_status ring(const vramauto_layers& range, std::uint32_t ratio, std::uint32_t width);
  vramauto_status draft_layers(const vramauto_layers& range);

  Widths widths_;
  Index index_;
  estimator::Experts experts_;
  std::vector<std::uint32_t> ratios_;  // by LayerShape::mixer: tokens of an entry; 1: the layer has no compressed cache
};

}  // namespace vramauto::mla
