// Which plugins a context has, and which it refused.
#include "capi/guard.hpp"
#include "capi/handles.hpp"

using namespace vramauto;
using namespace vramauto::capi;

size_t vramauto_plugin_count(const vramauto_context* ctx) { return ctx ? ctx->core->registry.plugins().size() : 0; }

vramauto_status vramauto_plugin_get(const vramauto_context* ctx, size_t i, vramauto_plugin_info* out) {
  if (!ctx || i >= ctx->core->registry.plugins().size()) return VRAMAUTO_E_ARGUMENT;
  const auto& record = ctx->core->registry.plugins()[i];
  vramauto_plugin_info info{};
  info.status = record.status;
  info.id = record.id.c_str();
  info.version = record.version.c_str();
  info.path = record.path.c_str();
  info.message = record.message.c_str();
  return write_struct(out, info);
}
