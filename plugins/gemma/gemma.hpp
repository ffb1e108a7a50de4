// Text decoders of Gemma 3n and Gemma 4: layers that borrow another layer's keys and values, inputs of each layer's own, two sizes
// of heads.
#pragma once

#include "estimator/decoder/experts.hpp"
#include "estimator/decoder/writer.hpp"

namespace vramauto::gemma {

using namespace vramauto::estimator;

// Kinds of LayerShape::own, mixer and feed.
enum : std::uint8_t { kFull = 0, kSliding = 1 };      // own
enum : std::uint8_t { kProjects = 0, kBorrows = 1 };  // mixer
enum : std::uint8_t { kMlp = 0, kWithExperts = 1 };   // feed

// What both generations have in common.
class GemmaWriter : public Writer {
 public:
  using Writer::Writer;

 protected:
  std::string kinds_;            // a letter a layer: 's'liding or 'f'ull
  std::uint32_t shared_ = 0;     // layers at the end that borrow
  std::uint32_t per_layer_ = 0;  // width of a layer's own input; 0: it has none
  std::uint32_t per_layer_vocab_ = 0;

  std::uint32_t first_shared() const { return sizes_.layers - shared_; }
  virtual std::uint32_t owner_of(bool sliding) const = 0;

  // Reads what the members above say; layer_types default to a full layer after every `period - 1` sliding ones.
  vramauto_status read_common(std::uint32_t period, bool last_is_full);
  vramauto_status per_layer_input();
  vramauto_status per_layer_parts(const vramauto_layers& range);
  vramauto_status linear(std::string_view part, const vramauto_layers& range, std::uint64_t rows, std::uint64_t cols,
                         vramauto_split split = VRAMAUTO_SPLIT_NONE);
  vramauto_status number(std::string_view name, const vramauto_layers& range, std::uint64_t count, bool stored,
                         vramauto_dtype type = 0);

  bool borrows(const LayerShape& shape) const override { return shape.mixer == kBorrows; }
  vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status forward(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;
};

vramauto_status describe_gemma3n(const Description& model, const Family& family);
vramauto_status describe_gemma4(const Description& model, const Family& family);
vramauto_status describe_muse(const Description& model, const Family& family);

}  // namespace vramauto::gemma
