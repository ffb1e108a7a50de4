// What the opaque handles hold. Each shares what it was made from, so that handles may be freed in any order.
#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "capi/log.hpp"
#include "detect/devices.hpp"
#include "engine/estimate.hpp"
#include "estimator/registry.hpp"
#include "model/model.hpp"
#include "plan/plan.hpp"
#include "vramauto/vramauto.h"

namespace vramauto::capi {

using Entries = std::span<const vramauto_plugin_entry>;

struct Core {
  Core(const vramauto_context_options& options, Entries entries);
  Log log;
  model::OpenOptions opening;  // of models
  estimator::Registry registry;
};

// A model and what estimators said about it: each is asked once, by whichever thread comes first.
class OpenModel {
 public:
  explicit OpenModel(model::Model opened);
  // nullptr for a model of which only a name is known.
  Result<std::shared_ptr<const estimator::Blueprint>> blueprint(const std::shared_ptr<Core>& core,
                                                                std::string_view estimator) const;

  const model::Model model;

 private:
  struct Described {
    std::shared_ptr<Core> core;
    std::string estimator;
    std::shared_ptr<const estimator::Blueprint> blueprint;
  };
  std::shared_ptr<const estimator::Blueprint> known(const Core& core, std::string_view estimator) const;
  mutable std::shared_mutex mutex_;
  mutable std::vector<Described> described_;
};

using Devices = std::vector<detect::Device>;

struct Question {
  std::shared_ptr<const estimator::Blueprint> blueprint, draft;
  std::vector<const model::Model*> adapters;
  std::unique_ptr<const engine::Installed> installed;
  engine::Request request;  // points into the members above
};

}  // namespace vramauto::capi

struct vramauto_context {
  std::shared_ptr<vramauto::capi::Core> core;
};
struct vramauto_devices {
  std::shared_ptr<const vramauto::capi::Devices> list;
};
struct vramauto_model {
  std::shared_ptr<const vramauto::capi::OpenModel> open;
};
struct vramauto_workload {
  vramauto::engine::Workload options;
  std::shared_ptr<const vramauto::capi::OpenModel> draft;
  std::vector<std::shared_ptr<const vramauto::capi::OpenModel>> adapters;
};
struct vramauto_estimate {
  std::shared_ptr<const vramauto::capi::OpenModel> open;
  std::shared_ptr<const vramauto::estimator::Blueprint> blueprint;
  std::unique_ptr<const vramauto::engine::Estimate> owned;  // nullptr where a plan owns it
  const vramauto::engine::Estimate* estimate = nullptr;
  vramauto::Bytes peak = 0;
};
struct vramauto_plan {
  vramauto_estimate estimate;                              // of plan.estimate; its members are empty for the rule of thumb
  std::shared_ptr<const vramauto::capi::Devices> devices;  // the plan's, kept
  vramauto::plan::Plan plan;
  vramauto::capi::Question about;                          // without GPUs and workload, which are the plan's
  std::shared_ptr<const vramauto::capi::OpenModel> draft;  // what it is about, kept
  std::vector<std::shared_ptr<const vramauto::capi::OpenModel>> adapters;
  mutable std::once_flag explained, lined_up;
  mutable std::string reason;  // made when first asked for, as are these
  mutable std::vector<std::string> arguments, environment;
};
