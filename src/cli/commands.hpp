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
  bool only_here = false;  // the GPUs of another machine are no help
  std::vector<std::pair<std::string, CLI::Option*>> workload;  // the library's options, by name
  std::vector<std::pair<std::string, std::string>> read;       // and those that were read elsewhere, by name
};

struct ServeModelOptions {
  PlanOptions plan;
  std::string engine_command = "vllm serve";
  bool force = false, dry_run = false;
  std::vector<std::string> engine;  // words that are the engine's
};

// A plan, and the GPUs that it is for (nullptr: of unknown size).
struct Planned {
  Devices devices;
  Plan plan;
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
// Gives the words to parse, which are the command's own; all others become options.engine.
std::vector<std::string> declare_serve_model(CLI::App& app, ServeModelOptions& options, int argc, char** argv);
Exit run_serve_model(ServeModelOptions options);  // does not return once the engine has taken its place
Exit run_detect(bool json);
Exit run_options(bool json);
Exit run_plugins(bool json);
Exit run_serve(char** words);  // "serve" and what follows it; returns only where the service is not installed
Exit run_models(bool json);
Exit run_gpus(bool json);

// Shared by the commands that plan: the library's own options, and the GPUs that the others name.
constexpr const char* kModel = "directory, config.json, .safetensors, .safetensors.index.json, .gguf, or a Hugging Face id, also ID@REVISION";
void declare_machine(CLI::App& app, PlanOptions& options);  // GPUs, models beside the model, the network
void declare_workload(CLI::App& app, PlanOptions& options);
Planned planned(const PlanOptions& options);
Devices devices_of(const Context& context, const PlanOptions& options);

}  // namespace cli
