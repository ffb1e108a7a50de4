// The formats, one function each; format.cpp chooses.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/plan_view.hpp"
#include "client/yaml.hpp"

namespace client {

// "serve", the model, options: what vLLM is told, each value where no parser takes it for an option.
std::vector<std::string> words(const PlanView& plan);

// Where the optimization level goes, by the release: "optimization-level" and 3, "compilation-config" and {"mode": 3}.
std::pair<std::string, Document> level_of(const PlanView& plan, const Setting& setting);

// --port, or vLLM's own default. Throws Failure for what is none.
int port_of(const PlanView& plan);

std::string format_args(const PlanView& plan);
std::string format_env(const PlanView& plan);
std::string format_yaml(const PlanView& plan);
std::string format_docker(const PlanView& plan);
std::string format_kubernetes(const PlanView& plan);
std::string format_ray(const PlanView& plan);

}  // namespace client
