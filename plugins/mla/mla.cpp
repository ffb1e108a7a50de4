// The estimator for decoders with latent attention.
#include "compressed.hpp"
#include "dims.hpp"
#include "latent.hpp"
#include "twice.hpp"
#include "writer.hpp"

namespace vramauto::mla {
namespace {

using estimator::Answer;
using estimator::Description;

Answer<std::string_view> architecture_of(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  if (const auto status = host->model(call, &info); status != VRAMAUTO_OK) return {{}, status};
  return {info.architecture ? info.architecture : "", VRAMAUTO_OK};
}

std::int32_t match(const vramauto_host* host, vramauto_call* call) {
  const auto architecture = architecture_of(host, call).value;
  return find_latent(architecture) || is_compressed(architecture) ? 900 : 0;
}

// DeepSeek-VL2 tiny and DeepSeek-OCR have plain heads, said by sizes of 0: vLLM 0.33, models/deepseek_v2.py,
// DeepseekV2DecoderLayer.
Answer<bool> has_latents(const Description& model) {
  for (const auto* key : {"/qk_nope_head_dim", "/qk_rope_head_dim"})
    if (model.type(key) != VRAMAUTO_JSON_INT || VRAMAUTO_TAKE(model.integer(key)) != 0) return {true, VRAMAUTO_OK};
  return {false, VRAMAUTO_OK};
}

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  const auto architecture = VRAMAUTO_READ(architecture_of(host, call));
  const bool compressed = is_compressed(architecture);
  const auto* latent = find_latent(architecture);
  if (!latent && !compressed)
    return model.fail(VRAMAUTO_E_UNSUPPORTED, "the architecture is none of those with latent attention that are known");
  if (!compressed && !VRAMAUTO_READ(has_latents(model)))
    return model.fail(VRAMAUTO_E_UNSUPPORTED, "its attention has plain heads: qk_nope_head_dim and qk_rope_head_dim are 0");
  const auto& family = compressed ? compressed_family() : latent->decoder;
  auto sizes = VRAMAUTO_READ(estimator::read_sizes(model, family));
  auto traits = VRAMAUTO_READ(estimator::read_traits(model, family, sizes));
  if (compressed || !latent->twice) traits.draft_layers = VRAMAUTO_READ(read_drafts(model));
  VRAMAUTO_DO(model.traits(traits));
  if (compressed) return CompressedWriter(model, std::move(sizes)).write();
  if (latent->twice) return TwiceWriter(model, *latent, std::move(sizes)).write();
  return Writer(model, *latent, std::move(sizes)).write();
}

constexpr vramauto_estimator kMla{sizeof(vramauto_estimator), 0, "mla", match, describe};
constexpr const vramauto_estimator* kEstimators[] = {&kMla};
constexpr vramauto_plugin kPlugin{sizeof(vramauto_plugin), 1, "org.vramauto.mla", "0.1.0", "Apache-2.0", kEstimators};

}  // namespace
}  // namespace vramauto::mla

VRAMAUTO_PLUGIN(mla) {
  static_cast<void>(host);
  return &vramauto::mla::kPlugin;
}
