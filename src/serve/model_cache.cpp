#include "serve/model_cache.hpp"

#include <functional>

#include "serve/limits.hpp"
#include "serve/refusal.hpp"

namespace serve {
namespace {

constexpr std::chrono::seconds kPathFresh{1};  // until its files are looked at again
constexpr std::chrono::seconds kIdFresh{60};   // an id may come into the hub's cache

constexpr std::uint32_t kConfigOnly = 2;  // of vramauto_model_info's sources: up to this the model was a path, beyond it an id

// What an open model holds is mostly its tensors' names and descriptions.
std::size_t bytes_of(const vramauto_model* model) {
  vramauto_model_info info;
  VRAMAUTO_INIT(info);
  vramauto_tensor_info tensor;
  VRAMAUTO_INIT(tensor);
  if (vramauto_model_get(model, &info) || info.tensor_count == VRAMAUTO_UNKNOWN) return sizeof info;
  std::size_t out = sizeof info;
  for (std::uint64_t i = 0; i < info.tensor_count && vramauto_model_tensor(model, i, &tensor) == VRAMAUTO_OK; ++i)
    out += sizeof tensor + tensor.name_len;
  return out;
}

// The path of an adapter's base model, "" where it is an id or the model is no adapter.
std::string base_of(const vramauto_model* model, const NamedModel& named) {
  vramauto_model_info info;
  VRAMAUTO_INIT(info);
  if (vramauto_model_get(model, &info) || info.source > kConfigOnly || info.path == named.name) return "";
  return info.path;
}

}  // namespace

ModelCache::ModelCache(const vramauto_context* context, ModelRoots roots)
    : context_(context), roots_(std::move(roots)), cache_(kCachedModels, kCachedModelBytes) {}

std::shared_ptr<ModelCache::Opened> ModelCache::fresh(const std::string& name) {
  auto found = cache_.find(name);
  return found && Clock::now() < found->fresh_until.load() ? found : nullptr;
}

SharedModel ModelCache::open(const std::string& name, const std::string& where) {
  auto found = fresh(name);
  if (!found) {
    const std::lock_guard lock(opening_[std::hash<std::string>{}(name) % opening_.size()]);
    found = fresh(name);
    if (!found) found = renewed(name, where);
  }
  return {found, found->model.get()};
}

std::uint64_t ModelCache::fingerprint(const NamedModel& named, const std::string& base, const std::string& where) const {
  return base.empty() ? named.fingerprint : named.fingerprint ^ roots_.base(base, where);
}

std::shared_ptr<ModelCache::Opened> ModelCache::renewed(const std::string& name, const std::string& where) {
  const auto named = roots_.resolve(name, where);
  const auto until = Clock::now() + (named.is_path ? kPathFresh : kIdFresh);
  if (auto old = cache_.find(name); old && named.is_path && old->fingerprint == fingerprint(named, old->base, where)) {
    old->fresh_until = until;
    return old;
  }
  auto model =
      made<client::Model>(where, [&](auto out, auto err) { return vramauto_model_open(context_, named.name.c_str(), out, err); });
  const auto base = base_of(model.get(), named);
  const auto bytes = name.size() + bytes_of(model.get());
  const auto files = fingerprint(named, base, where);
  const auto opened = std::make_shared<Opened>(std::move(model), base, files, until);
  cache_.put(name, opened, bytes);
  return opened;
}

}  // namespace serve
