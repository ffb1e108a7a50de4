// Muse Glimmer's text: Gemma's four norms, a gate on what attention gives. Source: vLLM 0.33, models/muse_glimmer.py.
#include "gemma.hpp"

namespace vramauto::gemma {
namespace {

class MuseGlimmer final : public Writer {
 public:
  using Writer::Writer;

 private:
  vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range) override {
    VRAMAUTO_DO(attention(shape, range));
    const auto name = named("self_attn.output_gate_proj");
    const std::uint64_t width = std::uint64_t{shape.heads} * key_dim(shape);
    return model_.add(Tensors(name.c_str(), VRAMAUTO_ROLE_LINEAR, range, width, sizes_.hidden).by(VRAMAUTO_SPLIT_ROWS));
  }
};

}  // namespace

vramauto_status describe_muse(const Description& model, const Family& family) {
  auto sizes = VRAMAUTO_READ(read_sizes(model, family));
  VRAMAUTO_DO(model.traits(VRAMAUTO_READ(read_traits(model, family, sizes))));
  return MuseGlimmer(model, family, std::move(sizes)).write();
}

}  // namespace vramauto::gemma
