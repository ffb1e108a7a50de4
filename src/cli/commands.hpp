// The subcommands. Each declares its options on an App and, once they are parsed, runs.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <utility>
#include <vector>

#include "library.hpp"

namespace cli {

struct PlanOptions {
  std::string model, gpu, gpu_memory, devices, free, draft_model;
  std::vector<std::string> lora_models;
  bool json = false, offline = false, refresh = false;
  std::vector<std::pair<std::string, CLI::Option*>> workload;  // the library's options, by name
};

void declare_plan(CLI::App& app, PlanOptions& options);
Exit run_plan(const PlanOptions& options);
Exit run_detect(bool json);
Exit run_options(bool json);
Exit run_plugins(bool json);

}  // namespace cli
