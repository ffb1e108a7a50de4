// The same answer for people and for programs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "estimator/blueprint.hpp"
#include "plan/plan.hpp"

namespace vramauto::report {

// What a plan is about. `blueprint` is nullptr for the rule of thumb.
struct Subject {
  const model::Model& model;
  const estimator::Blueprint* blueprint;
  engine::Attached draft = {};
  std::span<const model::Model* const> adapters = {};

  engine::Request request() const { return {&model, blueprint, {}, nullptr, draft, adapters}; }
};

// Schema vramauto.plan/1; what is not known is null.
std::string plan_json(const plan::Plan& plan, const Subject& subject);
// The parts of it that need no plan: engine, model, workload, ranks, cache groups, warnings. Schema vramauto.estimate/1.
std::string estimate_json(const engine::Estimate& estimate, const Subject& subject);
// For people: plain text in UTF-8, at most 100 columns wide where names allow it, a newline at the end of each line.
std::string plan_text(const plan::Plan& plan, const Subject& subject);
// The report of the tool that the rule of thumb comes from, line by line.
std::string rule_text(const plan::Plan& plan);

// Parameters of the whole model, tied ones once: of its files where they are known, else as described. UNKNOWN for a name.
std::uint64_t parameters(const Subject& subject);

// A line that a POSIX shell reads as these words.
std::string shell_line(std::span<const std::string> words);

}  // namespace vramauto::report
