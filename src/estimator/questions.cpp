// The host's half of the door: what an estimator may ask about the model.
#include <algorithm>
#include <cstring>
#include <string>

#include "estimator/call.hpp"
#include "support/text.hpp"

namespace vramauto::estimator {
namespace {

using json::Type;
using json::Value;

constexpr std::size_t kLongestPointer = 512;
constexpr const char* kNoPlace = "a question about the configuration got NULL for its answer";

template <class Struct>
bool known_size(std::uint32_t size) {
  return size >= sizeof(Struct);
}

template <class Struct>
void hand_over(Struct& out, const Struct& filled) {
  const auto size = out.struct_size;
  out = filled;
  out.struct_size = size;
}

vramauto_status model_info(vramauto_call* call, vramauto_model_info* out) {
  if (!out || !known_size<vramauto_model_info>(out->struct_size))
    return call->reject(
        fmt::format("model(): struct_size is {}, expected {}", out ? out->struct_size : 0, sizeof(vramauto_model_info)));
  const auto& model = *call->model;
  vramauto_model_info info{};
  info.source = static_cast<std::uint32_t>(model.source);
  info.tensor_count = model.tensors.known() ? model.tensors.tensors().size() : VRAMAUTO_UNKNOWN;
  info.parameters = model.tensors.known() ? model.tensors.elements() : VRAMAUTO_UNKNOWN;
  info.stored_bytes = model.stored_bytes;
  info.id = model.id.c_str();
  info.path = model.path.c_str();
  info.architecture = model.architecture.c_str();
  info.model_type = model.model_type.c_str();
  if (const auto* part = call->part) {
    info.tensor_count = model.tensors.known() ? part->tensors.size() : VRAMAUTO_UNKNOWN;
    info.parameters = model.tensors.known() ? part->elements : VRAMAUTO_UNKNOWN;
    info.stored_bytes = model.tensors.known() ? part->bytes : VRAMAUTO_UNKNOWN;
    info.architecture = part->architecture.c_str();
    info.model_type = part->model_type.c_str();
  }
  hand_over(*out, info);
  return VRAMAUTO_OK;
}

vramauto_status describe_tensor(vramauto_call* call, const model::Tensor* tensor, vramauto_tensor_info* out) {
  if (!out || !known_size<vramauto_tensor_info>(out->struct_size))
    return call->reject(
        fmt::format("tensor(): struct_size is {}, expected {}", out ? out->struct_size : 0, sizeof(vramauto_tensor_info)));
  if (!tensor) return VRAMAUTO_E_NOT_FOUND;
  vramauto_tensor_info info{};
  info.dtype = tensor->dtype;
  info.bytes = tensor->bytes;
  std::copy(tensor->shape.begin(), tensor->shape.end(), info.shape);
  info.rank = tensor->rank;
  info.name = tensor->name.data();
  info.name_len = static_cast<std::uint32_t>(tensor->name.size());
  hand_over(*out, info);
  return VRAMAUTO_OK;
}

vramauto_status tensor_at(vramauto_call* call, std::uint64_t i, vramauto_tensor_info* out) {
  const auto tensors = call->part ? std::span<const model::Tensor>(call->part->tensors) : call->model->tensors.tensors();
  return describe_tensor(call, i < tensors.size() ? &tensors[i] : nullptr, out);
}

vramauto_status find_tensor(vramauto_call* call, const char* name, std::size_t length, vramauto_tensor_info* out) {
  if (!name || length > kLongestPointer) return describe_tensor(call, nullptr, out);
  if (!call->part) return describe_tensor(call, call->model->tensors.find(std::string_view(name, length)), out);
  const std::string_view wanted(name, length);
  const auto* found = call->model->tensors.find(name_in_whole(call->part->prefix, wanted));
  if (!found) return describe_tensor(call, nullptr, out);
  if (!found) return describe_tensor(call, nullptr, out);
  const auto& own = call->part->tensors;  // the same one, under the name that lives with the part
  const auto same = std::find_if(own.begin(), own.end(), [&](const model::Tensor& one) { return one.name == wanted; });
  return describe_tensor(call, same == own.end() ? nullptr : &*same, out);
}

// "/key" below the configuration's root, or "file.json#/key"; "config.json" is the whole model's configuration.
const Value* locate(vramauto_call* call, const char* at) {
  if (!at || strnlen(at, kLongestPointer + 1) > kLongestPointer) return nullptr;
  const std::string_view pointer = at;
  const auto hash = pointer.find('#');
  if (pointer.empty() || pointer[0] == '/' || hash == std::string_view::npos)
    return call->config ? call->config->at(pointer) : nullptr;
  if (pointer.substr(0, hash) == "config.json") return call->model->config.root().at(pointer.substr(hash + 1));
  const auto* document = call->model->document(pointer.substr(0, hash));
  return document ? document->at(pointer.substr(hash + 1)) : nullptr;
}

// What stands there, for a message.
std::string shown(const Value& value) {
  switch (value.type) {
    case Type::integer:
      return std::to_string(value.integer);
    case Type::real:
      return fmt::format("{}", value.real);
    case Type::string:
      return fmt::format("\"{}\"", text::shown(value.text, 40));
    case Type::boolean:
      return value.integer ? "true" : "false";
    default:
      return std::string(json::type_name(value.type));
  }
}

const Value* typed(vramauto_call* call, const char* at, std::initializer_list<Type> wanted, std::string_view expected,
                   vramauto_status& status) {
  const auto* value = locate(call, at);
  if (!value) {
    status = call->report(VRAMAUTO_E_NOT_FOUND, fmt::format("{} is missing, expected {}", text::shown(at ? at : "", 80), expected));
    return nullptr;
  }
  if (std::find(wanted.begin(), wanted.end(), value->type) == wanted.end()) {
    status = call->report(VRAMAUTO_E_FORMAT, fmt::format("{} is {}, expected {}", text::shown(at, 80), shown(*value), expected));
    return nullptr;
  }
  status = VRAMAUTO_OK;
  return value;
}

vramauto_json type_of(vramauto_call* call, const char* at) {
  const auto* value = locate(call, at);
  if (!value) return VRAMAUTO_JSON_ABSENT;
  switch (value->type) {
    case Type::null:
      return VRAMAUTO_JSON_NULL;
    case Type::boolean:
      return VRAMAUTO_JSON_BOOL;
    case Type::integer:
      return VRAMAUTO_JSON_INT;
    case Type::real:
      return VRAMAUTO_JSON_REAL;
    case Type::string:
      return VRAMAUTO_JSON_STRING;
    case Type::array:
      return VRAMAUTO_JSON_ARRAY;
    case Type::object:
      return VRAMAUTO_JSON_OBJECT;
  }
  return VRAMAUTO_JSON_ABSENT;
}

vramauto_status length_of(vramauto_call* call, const char* at, std::uint64_t* out) {
  if (!out) return call->reject(kNoPlace);
  vramauto_status status;
  if (const auto* value = typed(call, at, {Type::array, Type::object}, "an array or object", status)) *out = value->items.size();
  return status;
}

// Files written by hand say 4096.0 where they mean 4096.
vramauto_status integer_of(vramauto_call* call, const char* at, std::int64_t* out) {
  if (!out) return call->reject(kNoPlace);
  vramauto_status status;
  const auto* value = typed(call, at, {Type::integer, Type::real}, "an integer", status);
  if (!value) return status;
  if (value->is(Type::integer)) return *out = value->integer, VRAMAUTO_OK;
  constexpr double most = 9007199254740992.0;  // 2^53: beyond it a double does not hold every integer
  if (!(value->real >= -most && value->real <= most) || static_cast<double>(static_cast<std::int64_t>(value->real)) != value->real)
    return call->report(VRAMAUTO_E_FORMAT, fmt::format("{} is {}, expected an integer", text::shown(at, 80), value->real));
  *out = static_cast<std::int64_t>(value->real);
  return VRAMAUTO_OK;
}

vramauto_status real_of(vramauto_call* call, const char* at, double* out) {
  if (!out) return call->reject(kNoPlace);
  vramauto_status status;
  if (const auto* value = typed(call, at, {Type::integer, Type::real}, "a number", status)) *out = value->real;
  return status;
}

vramauto_status boolean_of(vramauto_call* call, const char* at, std::uint32_t* out) {
  if (!out) return call->reject(kNoPlace);
  vramauto_status status;
  if (const auto* value = typed(call, at, {Type::boolean, Type::integer}, "true or false", status)) *out = value->integer != 0;
  return status;
}

vramauto_status string_of(vramauto_call* call, const char* at, const char** out, std::size_t* length) {
  if (!out || !length) return call->reject(kNoPlace);
  vramauto_status status;
  const auto* value = typed(call, at, {Type::string}, "a string", status);
  if (!value) return status;
  *out = value->text.data();
  *length = value->text.size();
  return VRAMAUTO_OK;
}

}  // namespace

void fill_questions(vramauto_host& host) {
  host.model = Door<model_info>::open;
  host.tensor = Door<tensor_at>::open;
  host.find_tensor = Door<find_tensor>::open;
  host.json_type = Door<type_of>::open;
  host.json_length = Door<length_of>::open;
  host.json_int = Door<integer_of>::open;
  host.json_real = Door<real_of>::open;
  host.json_bool = Door<boolean_of>::open;
  host.json_string = Door<string_of>::open;
}

}  // namespace vramauto::estimator
