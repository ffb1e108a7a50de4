// Heads of speculative decoding: a few layers of a plain decoder on the hidden states of the model that they draft for.
#pragma once

#include <string_view>

#include "estimator/decoder/writer.hpp"

namespace vramauto::drafts {

enum class Kind : std::uint8_t { none, eagle, eagle3, medusa };

// What a draft model's files hold: by its architecture, else by tensors that only heads have.
struct Head {
  Kind kind = Kind::none;
  const estimator::Family* family = nullptr;  // of its layers
  bool files = false;                         // tensors are known
  bool embedding = false, own_head = false, mapped = false;
  estimator::Names names{};
};
Head head_of(const vramauto_host* host, vramauto_call* call);

class HeadWriter : public estimator::Writer {
 public:
  HeadWriter(const estimator::Description& model, const Head& head, estimator::Sizes sizes, const estimator::Family& named)
      : estimator::Writer(model, named, std::move(sizes)), head_(head) {}

 protected:
  vramauto_status shapes() override;
  vramauto_status input() override;
  vramauto_status mixer(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status norms(const estimator::LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status output() override;

 private:
  vramauto_status states();
  estimator::Answer<bool> root_says(std::string_view key) const;
  const Head& head_;
};

// Blocks of square layers, each with a vocabulary of its own.
vramauto_status describe_medusa(const estimator::Description& model);

}  // namespace vramauto::drafts
