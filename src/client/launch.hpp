// How an engine is started as a plan says: what its own options tell the plan, and its argument vector and environment.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/library.hpp"

namespace client {

// An engine's options as a person wrote them, told apart by the library's table.
struct EngineOptions {
  struct Kept {
    std::string name;
    std::vector<std::string> words;
  };
  std::vector<std::pair<std::string, std::string>> set;  // name and value for vramauto_workload_set, in order
  std::vector<Kept> kept;            // texts among them: the engine gets the words as they are, since some hold several values
  std::vector<std::string> unknown;  // words that the table does not know, for the engine as they are
};

// Words as vllm reads them: -tp 2, --max_model_len=32k, --no-enable-prefix-caching, --compilation-config.mode 3. Throws Failure.
EngineOptions read_engine_options(const std::vector<std::string>& words);

// "vllm serve" in words, quoted as for a shell; none is ever run. Throws Failure when a quote does not end or there is no word.
std::vector<std::string> split_command(const std::string& command);

struct Launch {
  std::vector<std::string> argv;         // command, model, options: each once
  std::vector<std::string> environment;  // all of it: NAME=VALUE
};

// `command`: the engine's program and what precedes the model, such as {"vllm", "serve"}. `inherited`: the environment that the
// plan's settings are added to.
Launch launch(const vramauto_plan* plan, const std::vector<std::string>& command, const EngineOptions& given,
              const char* const* inherited);

// The file that is run for argv[0]: itself where it has a slash, else the first of that name in `path` (PATH; nullptr: the
// system's default). Throws Failure that says where was looked.
std::string find_program(const std::string& name, const char* path);

}  // namespace client
