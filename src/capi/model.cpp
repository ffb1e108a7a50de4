#include "capi/guard.hpp"
#include "capi/handles.hpp"

using namespace vramauto;
using namespace vramauto::capi;

vramauto_status vramauto_model_open(const vramauto_context* ctx, const char* path_or_id, vramauto_model** out,
                                    vramauto_error* err) {
  return guard(err, [&]() -> Result<void> {
    TRY(require(ctx && path_or_id && out, "ctx, path_or_id and out must not be NULL"));
    auto model = TRY(model::open(path_or_id, ctx->core->opening));
    auto open = std::make_shared<const OpenModel>(std::move(model));
    ctx->core->log.warn(open->model.warnings);
    *out = new vramauto_model{std::move(open)};
    return {};
  });
}

vramauto_status vramauto_model_get(const vramauto_model* model, vramauto_model_info* out) {
  if (!model) return VRAMAUTO_E_ARGUMENT;
  const auto& open = model->open->model;
  const bool known = open.tensors.known();
  vramauto_model_info info{};
  info.source = static_cast<std::uint32_t>(open.source);
  info.tensor_count = known ? open.tensors.tensors().size() : VRAMAUTO_UNKNOWN;
  info.parameters = known ? open.tensors.elements() : VRAMAUTO_UNKNOWN;
  info.stored_bytes = open.stored_bytes;
  info.id = open.id.c_str();
  info.path = open.path.c_str();
  info.architecture = open.architecture.c_str();
  info.model_type = open.model_type.c_str();
  return write_struct(out, info);
}

vramauto_status vramauto_model_tensor(const vramauto_model* model, uint64_t i, vramauto_tensor_info* out) {
  if (!model || i >= model->open->model.tensors.tensors().size()) return VRAMAUTO_E_ARGUMENT;
  const auto& tensor = model->open->model.tensors.tensors()[i];
  vramauto_tensor_info info{};
  info.dtype = tensor.dtype;
  info.bytes = tensor.bytes;
  std::copy(tensor.shape.begin(), tensor.shape.end(), info.shape);
  info.rank = tensor.rank;
  info.name_len = static_cast<std::uint32_t>(tensor.name.size());
  info.name = tensor.name.data();
  return write_struct(out, info);
}

void vramauto_model_free(vramauto_model* model) { delete model; }
