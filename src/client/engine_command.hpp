// What starts the engine as a plan says: its arguments, and what is set in its environment.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "vramauto/vramauto.h"

namespace client {

struct EngineCommand {
  std::vector<std::string> arguments;  // "serve", the model, options: what follows the engine's own name ("vllm")
  std::vector<std::pair<std::string, std::string>> environment;  // NAME, VALUE
};

EngineCommand engine_command(const vramauto_plan* plan);

}  // namespace client
