// Exceptions that leave a plugin.
#include <cstring>
#include <stdexcept>
#include "vramauto/vramauto_plugin.h"

namespace {

struct Ours {};

[[maybe_unused]] bool is_mine(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info;
  VRAMAUTO_INIT(info);
  return host->model(call, &info) == VRAMAUTO_OK && std::strcmp(info.architecture, HOSTILE_ID) == 0;
}

std::int32_t match([[maybe_unused]] const vramauto_host* host, [[maybe_unused]] vramauto_call* call) {
#if defined(THROWS_IN_MATCH)
  throw std::runtime_error("match");
#else
  return is_mine(host, call) ? 700 : 0;
#endif
}

vramauto_status describe(const vramauto_host*, vramauto_call*) { throw Ours(); }

constexpr vramauto_estimator estimator{sizeof(vramauto_estimator), 0, HOSTILE_ID, match, describe};
constexpr const vramauto_estimator* estimators[] = {&estimator};
[[maybe_unused]] constexpr vramauto_plugin plugin{
    sizeof(vramauto_plugin), 1, "hostile." HOSTILE_ID, "1.0", "Apache-2.0", estimators};

}  // namespace

VRAMAUTO_PLUGIN(hostile) {
  (void)host;
#if defined(THROWS_IN_ENTRY)
  throw 5;
#else
  return &plugin;
#endif
}
