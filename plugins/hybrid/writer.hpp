// Decoders of which some layers, or all, keep a state of fixed size instead of keys and values.
#pragma once

#include <optional>
#include <string_view>

#include "config.hpp"
#include "estimator/decoder/experts.hpp"
#include "estimator/decoder/writer.hpp"
#include "states.hpp"

namespace vramauto::estimator::hybrid {

// LayerShape::mixer and LayerShape::feed. Families number their own from kOwnKind.
enum Mixer : std::uint8_t { kAttention = 0, kNoMixer, kMamba1, kMamba2, kDelta, kKimiDelta, kConv, kOwnKind = 16 };
enum Feed : std::uint8_t { kMlp = 0, kExperts };

class HybridWriter : public Writer {
 public:
  using Writer::Writer;

 protected:
  vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status feed(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status forward(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;

  Place place(std::string_view part, const vramauto_layers& range) const { return {model_, named(part), range, sizes_.hidden}; }
  LayerShape attention_shape() const;         // the model's attention, no MLP
  static LayerShape of(std::uint8_t mixer);   // a layer of this kind without attention or MLP
  vramauto_status take(const Mamba2& mamba);  // refused where its heads are not as wide as it
  vramauto_status add_state(vramauto_cache cache, const Ranges& ranges) const;
  vramauto_dtype state_dtype_ = 0;  // what the configuration names for recurrent states

  std::string_view mixer_prefix_ = "mixer.";  // of state layers' tensors, after the layer's
  std::optional<Mamba1> mamba1_;
  std::optional<Mamba2> mamba2_;
  std::optional<GatedDelta> delta_;
  std::optional<KimiDelta> kimi_delta_;
  std::optional<ShortConv> conv_;
  ExpertNames expert_names_;
  Experts experts_;
};

// The recurrent state's type as the configuration names it. vLLM 0.33, models/config.py, e.g.
// Qwen3_5ForConditionalGenerationConfig.
Answer<vramauto_dtype> read_state_dtype(const Description& model, std::string_view keys);

// One function a family: whether it describes this model is decided by the architecture alone.
using Describe = vramauto_status (*)(const Description& model, std::string_view architecture);
struct Known {
  std::string_view architectures;  // separated by spaces
  Describe describe;
};

vramauto_status describe_minimax(const Description& model, std::string_view architecture);
vramauto_status describe_nemotron(const Description& model, std::string_view architecture);
vramauto_status describe_alice(const Description& model, std::string_view architecture);
vramauto_status describe_granite(const Description& model, std::string_view architecture);
vramauto_status describe_jamba(const Description& model, std::string_view architecture);
vramauto_status describe_kimi(const Description& model, std::string_view architecture);
vramauto_status describe_lfm2(const Description& model, std::string_view architecture);
vramauto_status describe_mamba(const Description& model, std::string_view architecture);
vramauto_status describe_olmo(const Description& model, std::string_view architecture);
vramauto_status describe_plamo(const Description& model, std::string_view architecture);
vramauto_status describe_qwen(const Description& model, std::string_view architecture);
vramauto_status describe_qwen4(const Description& model, std::string_view architecture);
vramauto_status describe_zamba(const Description& model, std::string_view architecture);

// Traits, then everything else.
template <class Family_, class... Arguments>
vramauto_status write(const Description& model, const Family& family, Sizes sizes, Arguments&&... arguments) {
  auto traits = VRAMAUTO_READ(read_traits(model, family, sizes));
  Family_ writer(model, family, std::move(sizes), std::forward<Arguments>(arguments)...);
  writer.complete(traits);
  VRAMAUTO_DO(model.traits(traits));
  return writer.write();
}

}  // namespace vramauto::estimator::hybrid
