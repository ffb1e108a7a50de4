// Loading, watching and unloading a model: the routes below /api/v1/inference.
#pragma once

#include <string>
#include <vector>

#include "serve/engine.hpp"
#include "serve/http_server.hpp"
#include "serve/library.hpp"

namespace serve {

class Inference {
 public:
  Inference(Library& library, Engine& engine, std::vector<std::string> command)
      : library_(library), engine_(engine), command_(std::move(command)) {}

  std::vector<Route> routes();

 private:
  Answer load(const std::string& body);
  Answer status() const;
  Answer unload();

  Library& library_;
  Engine& engine_;
  std::vector<std::string> command_;  // "vllm", "serve"
};

}  // namespace serve
