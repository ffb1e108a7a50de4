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

constexpr vramauto_estimator kDrafts{sizeof(vramauto_estimator), 0, "drafts", match, describe};
constexpr const vramauto_estimator* kEstimators[] = {&kDrafts};
constexpr vramauto_plugin kPlugin{sizeof(vramauto_plugin), 1, "org.vramauto.drafts", "0.1.0", "Apache-2.0", kEstimators};

}  // namespace
}  // namespace vramauto::drafts

VRAMAUTO_PLUGIN(drafts) {
  static_cast<void>(host);
  return &vramauto::drafts::kPlugin;
}
