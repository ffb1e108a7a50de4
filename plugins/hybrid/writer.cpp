#include "writer.hpp"

#include "support/dtype.hpp"

namespace vramauto::estimator::hybrid {

Answer<vramauto_dtype> read_state_dtype(const Description& model, std::string_view keys) {
  const auto at = model.first(keys);
  if (at.empty()) return {0, VRAMAUTO_OK};
  const auto name = VRAMAUTO_TAKE(model.text(at.c_str()));
  if (name == "auto") return {0, VRAMAUTO_OK};
  const auto dtype = dtype_from_torch(name);
  if (dtype) return {dtype, VRAMAUTO_OK};
  return {0, model.fail(VRAMAUTO_E_FORMAT, at + " is \"" + std::string(name) + "\", expected a type of numbers such as float32")};
}

LayerShape HybridWriter::attention_shape() const {
  LayerShape out = sizes_.shape;
  out.intermediate = 0;
  return out;
}

LayerShape HybridWriter::of(std::uint8_t mixer) {
  LayerShape out;
  out.mixer = mixer;
  return out;
}

// MambaMixer2 takes both; what its kernels view as heads must be all of the width.
vramauto_status HybridWriter::take(const Mamba2& mamba) {
  if (std::uint64_t{mamba.heads} * mamba.head_dim != mamba.width)
    return model_.fail(VRAMAUTO_E_UNSUPPORTED, "Mamba-2 is " + std::to_string(mamba.width) + " wide, expected " +
                                                   std::to_string(mamba.heads) + " heads of " + std::to_string(mamba.head_dim));
  mamba2_ = mamba;
  return VRAMAUTO_OK;
}

vramauto_status HybridWriter::mixer(const LayerShape& shape, const vramauto_layers& range) {
  const auto at = place(mixer_prefix_, range);
  switch (shape.mixer) {
    case kMamba1:
      return mamba1_->weights(at);
    case kMamba2:
      return mamba2_->weights(at);
    case kDelta:
      return delta_->weights(at);
    case kKimiDelta:
      return kimi_delta_->weights(at);
    case kConv:
      return conv_->weights(at);
    case kAttention:
      return Writer::mixer(shape, range);
    default:
      return VRAMAUTO_OK;
  }
}

vramauto_status HybridWriter::feed(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.feed == kExperts) return add_experts(model_, expert_names_, experts_, family_.names->layer, range, sizes_.hidden);
  return Writer::feed(shape, range);
}

vramauto_status HybridWriter::forward(const LayerShape& shape, const vramauto_layers& range) {
  vramauto_forward out{};
  out.struct_size = sizeof out;
  out.flags = flag(shape.feed == kExperts ? !experts_.gated : !family_.gated, VRAMAUTO_UNGATED);
  out.layers = range;
  out.query = shape.heads * key_dim(shape);
  out.attention_out = shape.heads * value_dim(shape);
  out.key_value = shape.kv_heads * (key_dim(shape) + value_dim(shape));
  out.kv_heads = shape.kv_heads;
  out.intermediate = shape.intermediate;
  if (shape.feed == kExperts) {
    out.experts = experts_.count;
    out.experts_per_token = experts_.per_token;
    out.expert_intermediate = experts_.width;
    out.intermediate = experts_.shared_width;
  }
  return model_.add(out);
}

vramauto_status HybridWriter::add_state(vramauto_cache cache, const Ranges& ranges) const {
  cache.state_dtype = state_dtype_;
  for (const auto& range : ranges) {
    cache.layers = range;
    VRAMAUTO_DO(model_.add(cache));
  }
  return VRAMAUTO_OK;
}

vramauto_status HybridWriter::cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) {
  switch (shape.mixer) {
    case kMamba1:
      return add_state(mamba1_->cache(), ranges);
    case kMamba2:
      return add_state(mamba2_->cache(), ranges);
    case kDelta:
      return add_state(delta_->cache(), ranges);
    case kKimiDelta:
      return add_state(kimi_delta_->cache(), ranges);
    case kConv:
      return add_state(conv_->cache(), ranges);
    case kAttention:
      return Writer::cache(shape, window, ranges);
    default:
      return VRAMAUTO_OK;
  }
}

}  // namespace vramauto::estimator::hybrid
