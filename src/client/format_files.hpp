// What a container needs of this machine's files.
#pragma once

#include <string>
#include <vector>

#include "client/plan_view.hpp"

namespace client {

struct Moved {
  PlanView plan;                   // its local paths absolute; a model of the Hugging Face cache by its id and commit
  std::vector<std::string> paths;  // files and folders that it names: the model's first; each once
  bool hub = false;                // something of it has to come from the hub or its cache
};

Moved for_container(PlanView plan);

// The folder of a path that names a file by its ending; else the path.
std::string folder_of(const std::string& path);

}  // namespace client
