#include "capi/handles.hpp"

namespace vramauto::capi {

namespace {

estimator::RegistryOptions registry_options(const vramauto_context_options& options, Entries entries, const Log& log) {
  estimator::RegistryOptions out;
  if (options.plugin_timeout_ms) out.timeout_ms = options.plugin_timeout_ms;
  out.entries = entries;
  out.search = !(options.flags & VRAMAUTO_CONTEXT_NO_PLUGINS);
  out.use_environment = !(options.flags & VRAMAUTO_CONTEXT_NO_ENV);
  if (options.plugins) out.plugins = options.plugins;
  out.log = [&log](vramauto_level level, const std::string& source, const std::string& message) {
    log.write(level, source, message);
  };
  return out;
}

model::OpenOptions open_options(const vramauto_context_options& options) {
  model::OpenOptions out;
  out.use_environment = !(options.flags & VRAMAUTO_CONTEXT_NO_ENV);
  out.any_name = true;
  out.network = options.flags & VRAMAUTO_CONTEXT_NETWORK;
  out.refresh = options.flags & VRAMAUTO_CONTEXT_REFRESH;
  out.progress = options.progress;
  out.user = options.user;
  return out;
}

}  // namespace

Core::Core(const vramauto_context_options& options, Entries entries)
    : log(options.log, options.user, options.log_level),
      opening(open_options(options)),
      registry(registry_options(options, entries, log)) {}

OpenModel::OpenModel(model::Model opened) : model(std::move(opened)) {}

std::shared_ptr<const estimator::Blueprint> OpenModel::known(const Core& core, std::string_view estimator) const {
  for (const auto& one : described_)
    if (one.core.get() == &core && one.estimator == estimator) return one.blueprint;
  return nullptr;
}

Result<std::shared_ptr<const estimator::Blueprint>> OpenModel::blueprint(const std::shared_ptr<Core>& core,
                                                                         std::string_view estimator) const {
  if (!model.has_config && !model.tensors.known()) return nullptr;
  {
    const std::shared_lock reading(mutex_);
    if (auto found = known(*core, estimator)) return found;
  }
  const std::unique_lock writing(mutex_);
  if (auto found = known(*core, estimator)) return found;
  auto described = TRY(core->registry.describe(model, estimator));
  auto shared = std::make_shared<const estimator::Blueprint>(std::move(described));
  described_.push_back({core, std::string(estimator), shared});
  return shared;
}

}  // namespace vramauto::capi
