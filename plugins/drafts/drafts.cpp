// The estimator for what drafts in speculative decoding and is no model by itself.
#include "head.hpp"

namespace vramauto::drafts {
namespace {

using estimator::Description;

std::int32_t match(const vramauto_host* host, vramauto_call* call) { return head_of(host, call).kind == Kind::none ? 0 : 950; }

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  const auto head = head_of(host, call);
  if (head.kind == Kind::none || !head.family)
    return model.fail(VRAMAUTO_E_UNSUPPORTED, "it is none of the heads of speculative decoding that are known");
  if (head.kind == Kind::medusa) return describe_medusa(model);
  auto named = *head.family;
  named.names = &head.names;
  auto sizes = VRAMAUTO_READ(estimator::read_sizes(model, named));
  VRAMAUTO_DO(model.traits(VRAMAUTO_READ(estimator::read_traits(model, named, sizes))));
  return HeadWriter(model, head, std::move(sizes), named).write();
}

// Files of the speculators library keep a decoder's configuration in a part of their own, and name the layers by it alone. vLLM
// 0.33, transformers_utils/configs/speculators/algos.py.
constexpr const char* kLayers = "/transformer_layer_config";

std::int32_t match_speculators(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  return model.type("/speculators_model_type") == VRAMAUTO_JSON_STRING && model.type(kLayers) == VRAMAUTO_JSON_OBJECT ? 950 : 0;
}

vramauto_status describe_speculators(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  const auto kind = VRAMAUTO_READ(model.text("/speculators_model_type"));
  if (kind != "eagle3" && kind != "peagle")
    return model.fail(VRAMAUTO_E_UNSUPPORTED, "speculators_model_type is none that is known: expected eagle3 or peagle");
  const auto type = std::string(kLayers) + "/model_type";
  const bool qwen3 = model.has(type.c_str()) && VRAMAUTO_READ(model.text(type.c_str())) == "qwen3";
  return host->delegate(call, kLayers, "", qwen3 ? "Eagle3Qwen3ForCausalLM" : "Eagle3LlamaForCausalLM");
}

constexpr vramauto_estimator kSpeculators{sizeof(vramauto_estimator), 0, "speculators", match_speculators, describe_speculators};
constexpr vramauto_estimator kDrafts{sizeof(vramauto_estimator), 0, "drafts", match, describe};
constexpr const vramauto_estimator* kEstimators[] = {&kDrafts, &kSpeculators};
constexpr vramauto_plugin kPlugin{sizeof(vramauto_plugin), 2, "org.vramauto.drafts", "0.1.0", "Apache-2.0", kEstimators};

}  // namespace
}  // namespace vramauto::drafts

VRAMAUTO_PLUGIN(drafts) {
  static_cast<void>(host);
  return &vramauto::drafts::kPlugin;
}
