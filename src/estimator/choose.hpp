// Chooses among estimators by their scores and runs them, for a model or for a part of one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/blueprint.hpp"
#include "estimator/call.hpp"
#include "model/model.hpp"
#include "support/result.hpp"

namespace vramauto::estimator {

using LogSink = std::function<void(vramauto_level level, const std::string& source, const std::string& message)>;

inline constexpr std::uint32_t kMostDelegations = 4;

class Chooser {
 public:
  Chooser(std::uint32_t timeout_ms, LogSink sink) : timeout_ms_(timeout_ms), sink_(std::move(sink)) {}

  // All estimators of a plugin that was checked. `plugin` must outlive this.
  void add(const vramauto_plugin& plugin);
  const vramauto_plugin* owner_of(std::string_view estimator) const;  // nullptr: no estimator of this id
  bool has_plugin(std::string_view id) const;

  Result<Blueprint> best(const model::Model& model) const;
  Result<Blueprint> by_name(const model::Model& model, std::string_view name) const;

  // The host's delegate(), with `call` that of the estimator which asks.
  vramauto_status delegate(vramauto_call& call, const json::Value& config, const Part& part) const;
  void log(const vramauto_call& call, vramauto_level level, std::string_view text) const;

 private:
  struct Known {
    const vramauto_plugin* plugin;
    const vramauto_estimator* estimator;
  };
  struct Candidate {
    const Known* known;
    std::int32_t score;
  };
  struct Candidates {
    std::vector<Candidate> list;        // best score first, on a tie the smaller id
    std::vector<std::string> left_out;  // whose match() broke the contract, and how
  };
  // What is asked about, and what the answer may still cost.
  struct Question {
    const model::Model* model;
    const json::Value* config;
    const Part* part = nullptr;
    const vramauto_call* asker = nullptr;
  };
  struct Described {
    Blueprint blueprint;
    std::uint64_t answers = 0, elements = 0;
  };

  vramauto_call call_for(const Question& question, const Known& one, Blueprint* blueprint) const;
  Candidates candidates(const Question& question) const;
  Result<Described> describe(const Question& question, const Known& one) const;
  Result<Described> best_of(const Question& question) const;

  std::uint32_t timeout_ms_;
  LogSink sink_;
  std::vector<Known> known_;
};

// Adds to the answer of `call` what was said of a part whose tensors begin with `prefix`.
vramauto_status join(vramauto_call& call, Blueprint part, const std::string& prefix);

// The host table's function of this name.
vramauto_status delegate(vramauto_call* call, const char* config_at, const char* tensor_prefix, const char* architecture);

}  // namespace vramauto::estimator
