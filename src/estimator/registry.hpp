// Finds the estimator for a model and runs it. Built-in estimators enter by the same function as plugins.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/blueprint.hpp"
#include "estimator/choose.hpp"
#include "model/model.hpp"
#include "support/result.hpp"

namespace vramauto::estimator {

struct RegistryOptions {
  std::uint32_t timeout_ms = 2000;
  std::span<const vramauto_plugin_entry> entries = {};  // the application's own, taken before all others
  bool search = false;                                  // for plugins: in `plugins`, the environment, beside the library
  bool use_environment = false;                         // VRAMAUTO_PLUGIN_PATH
  std::string plugins;                                  // ':'-separated absolute directories and files, taken first
  LogSink log = {};                                     // what estimators log
};

// A plugin that was found: in use, or refused and why.
struct PluginRecord {
  vramauto_status status = VRAMAUTO_OK;
  std::string id, version;  // "" when not known
  std::string path;         // "" when built in or the application's
  std::string message;      // its estimators, or why it was refused
};

class Registry {
 public:
  explicit Registry(const RegistryOptions& options);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The best match describes; `estimator` names one to use instead ("" chooses). Checked: known struct sizes, sane numbers, names,
  // ranges, sums. VRAMAUTO_E_NO_ESTIMATOR when none matches. Threads: any.
  Result<Blueprint> describe(const model::Model& model, std::string_view estimator = {}) const;

  // All plugins in the order in which they were found. Of two with the same id, or with an estimator of the same id, the first
  // counts.
  const std::vector<PluginRecord>& plugins() const;

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

}  // namespace vramauto::estimator
