// Many plans side by side: models, machines and settings, each with each.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/library.hpp"

namespace cli {

using namespace client;

struct Machine {
  std::string label;
  Devices devices;  // nullptr: GPUs of unknown size
  std::vector<std::uint64_t> totals;
  std::vector<std::string> names;  // as CUDA_VISIBLE_DEVICES has them
};

struct Setting {
  std::vector<std::pair<std::string, std::string>> values;  // of the options that have several
  Workload workload;
};

struct Row {
  std::size_t model = 0, machine = 0, setting = 0;
  bool refused = false;       // by the engine, or nothing could be opened
  vramauto_plan_info plan{};  // its texts are not kept
  double spare_bytes = -1;    // memory of the whole machine that one plan does not need; below 0: not known
  std::string reason;         // why not
};

struct Comparison {
  std::vector<std::string> models;
  std::vector<Machine> machines;
  std::vector<Setting> settings;
  std::vector<Row> rows;
};

// What starts with room first, of those what wastes least; then what starts, what is not known, what does not fit, what is refused.
void sort_rows(Comparison& comparison);

std::string compare_text(const Comparison& comparison);
std::string compare_json(const Comparison& comparison);  // schema vramauto.compare/1
std::string compare_csv(const Comparison& comparison);

}  // namespace cli
