#include "encdec.hpp"

namespace vramauto::encdec {
namespace {

const Kind* find_kind(std::string_view architecture) {
  for (const auto find : {find_whisper, find_text, find_speech, find_parse})
    if (const auto* kind = find(architecture)) return kind;
  return nullptr;
}

std::string_view architecture_of(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info{};
  info.struct_size = sizeof info;
  if (host->model(call, &info) != VRAMAUTO_OK || !info.architecture) return {};
  return info.architecture;
}

std::int32_t match(const vramauto_host* host, vramauto_call* call) { return find_kind(architecture_of(host, call)) ? 900 : 0; }

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  if (const auto* kind = find_kind(architecture_of(host, call))) return kind->describe(model);
  return model.fail(VRAMAUTO_E_UNSUPPORTED, "the architecture is none of the encoder-decoders that are known");
}

constexpr vramauto_estimator kEncdec{sizeof(vramauto_estimator), 0, "encdec", match, describe};
constexpr const vramauto_estimator* kEstimators[] = {&kEncdec};
constexpr vramauto_plugin kPlugin{sizeof(vramauto_plugin), 1, "org.vramauto.encdec", "0.1.0", "Apache-2.0", kEstimators};

}  // namespace
}  // namespace vramauto::encdec

VRAMAUTO_PLUGIN(encdec) {
  (void)host;
  return &vramauto::encdec::kPlugin;
}
