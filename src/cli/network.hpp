// What the command does with the network: models that are not here are read from the hub, with a line that shows how far it is.
#pragma once

#include <chrono>

#include "commands.hpp"

namespace cli {

// One line on standard error, while that is a terminal. Gone with the object.
class ProgressLine {
 public:
  ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { clear(); }

  void show(std::uint64_t done, std::uint64_t total);
  void clear();

 private:
  bool terminal_, shown_ = false;
  std::chrono::steady_clock::time_point next_;
};

// --offline and --refresh.
void declare_network(CLI::App& app, PlanOptions& options);

// The rule of thumb needs no more than a name, so nothing is asked for it. `line` nullptr: progress is not shown.
Context open_context(const PlanOptions& options, ProgressLine* line);

}  // namespace cli
