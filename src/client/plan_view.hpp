// What a plan says, as the formats need it: settings by name, and the GPUs it is for. From the public header alone.
#pragma once

#include <string>
#include <vector>

#include "client/engine_command.hpp"

namespace client {

struct Setting {       // one option of the engine
  std::string name;    // without dashes: "max-model-len"
  std::uint32_t type;  // OptionType of option_table.hpp
  bool on = true;      // of a switch
  std::vector<std::string> values;

  bool many() const;  // the engine takes a list of words
};

struct Gpu {
  std::uint32_t index = 0, node = 0;
  std::string name, uuid;  // "" when not known
  std::uint64_t total_bytes = VRAMAUTO_UNKNOWN, free_bytes = VRAMAUTO_UNKNOWN;
  bool mig = false;
};

struct PlanView {
  EngineCommand command;
  std::string engine_version;      // "0.33.0"; "" by the rule of thumb
  std::string model;               // as the engine is told: a path or an id
  std::string model_id;            // "" when not known
  std::string model_path;          // where it was read; "" for one that has no files here
  bool model_is_local = false;     // what the engine is told is that path
  std::vector<Setting> settings;   // what follows the model, in its order
  std::vector<Gpu> gpus;           // of the machine
  std::vector<std::size_t> ranks;  // positions in gpus, rank by rank; empty when no GPU is known
  std::uint32_t fits = 2, tensor_parallel_size = 1, pipeline_parallel_size = 1, data_parallel_size = 1;
  std::string reason, nearest;        // why; of what does not fit: "--tensor-parallel-size 4", or ""
  std::vector<std::string> warnings;  // sentences

  const Setting* find(const std::string& name) const;
  void drop(const std::string& name);
  bool sets(const std::string& variable) const;  // in the environment
  std::size_t rank_count() const { return std::size_t{tensor_parallel_size} * pipeline_parallel_size * data_parallel_size; }
  bool one_node() const;
  unsigned engine_minor() const;  // 33 of "0.33.0"; the newest there can be when the version is not known
};

// devices: those the plan was made for; nullptr when there were none.
PlanView view_of(const vramauto_plan* plan, const vramauto_devices* devices);

}  // namespace client
