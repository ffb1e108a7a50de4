// The subcommands. Each declares its options on an App and, once they are parsed, runs.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <utility>
#include <vector>

#include "client/library.hpp"

namespace cli {

using namespace client;

struct PlanOptions {
  std::string model, gpu, gpu_memory, devices, free, draft_model, format;
  std::vector<std::string> lora_models;
  bool json = false, offline = false, refresh = false;
  std::vector<std::pair<std::string, CLI::Option*>> workload;  // the library's options, by name
};

struct CompareOptions {
  PlanOptions plan;  // its workload, and what is free
  std::vector<std::string> models, devices;
  std::string gpus;
  bool json = false, csv = false;
};

void declare_plan(CLI::App& app, PlanOptions& options);
Exit run_plan(const PlanOptions& options);
void declare_compare(CLI::App& app, CompareOptions& options);
Exit run_compare(const CompareOptions& options);
Exit run_detect(bool json);
Exit run_options(bool json);
Exit run_plugins(bool json);

// Shared by the commands that plan: the library's own options, and the GPUs that the others name.
void declare_workload(CLI::App& app, PlanOptions& options);
Devices devices_of(const Context& context, const PlanOptions& options);

}  // namespace cli
