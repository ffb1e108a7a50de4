// Finds the estimator for a model and runs it. Built-in estimators enter by the same function as plugins.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "estimator/blueprint.hpp"
#include "model/model.hpp"
#include "support/result.hpp"

namespace vramauto::estimator {

struct RegistryOptions {
  std::uint32_t timeout_ms = 2000;
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

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

}  // namespace vramauto::estimator
