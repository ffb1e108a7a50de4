// Linear attention of the Ling models: layers that keep a state of fixed size for each head.
#pragma once

#include <string>
#include <vector>

#include "estimator/description.hpp"
#include "latent.hpp"

namespace vramauto::mla {

struct LinearMixer {
  Linear kind = Linear::none;
  std::uint32_t hidden = 0, heads = 0, head_dim = 0;
  std::uint32_t kernel = 0;  // of the convolution before it
  bool qkv_bias = false, output_bias = false, qk_norm = false;

  std::uint64_t width() const { return std::uint64_t{heads} * head_dim; }
  vramauto_status weights(const estimator::Description& model, const std::string& prefix, const vramauto_layers& range) const;
  vramauto_cache cache(const vramauto_layers& range) const;

 private:
  vramauto_status lightning(const estimator::Description& model, const std::string& prefix, const vramauto_layers& range) const;
  vramauto_status convolutions(const estimator::Description& model, const std::string& prefix, const vramauto_layers& range) const;
  vramauto_status low_rank(const estimator::Description& model, const std::string& prefix, const vramauto_layers& range) const;
  vramauto_status delta(const estimator::Description& model, const std::string& prefix, const vramauto_layers& range) const;
};

estimator::Answer<LinearMixer> read_linear(const estimator::Description& model, Linear kind, std::uint32_t hidden,
                                           std::uint32_t heads);
estimator::Answer<std::vector<bool>> read_linear_layers(const estimator::Description& model, Linear kind, std::uint32_t layers);

}  // namespace vramauto::mla
