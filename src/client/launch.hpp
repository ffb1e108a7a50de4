// How an engine is started as a plan says: its program, argument vector and environment.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/engine_options.hpp"

namespace client {

// "vllm serve" in words, quoted as for a shell; none is ever run. Throws Failure when a quote does not end or there is no word.
std::vector<std::string> split_command(const std::string& command);

// The file that is run for argv[0]: itself where it has a slash, else the first of that name in `path` (PATH; nullptr: the
// system's default). Throws Failure that says where was looked.
std::string find_program(const std::string& name, const char* path);

// VLLM_* of an environment that an engine inherits, as options ("env", "NAME=VALUE") of the plan, which must know them. Its one
// secret is for no report.
std::vector<std::pair<std::string, std::string>> engine_variables(const char* const* inherited);

struct Launch {
  std::vector<std::string> argv;         // command, model, options: each once
  std::vector<std::string> environment;  // all of it: NAME=VALUE
};

// `command`: the engine's program and what precedes the model, such as {"vllm", "serve"}. `inherited`: the environment that the
// plan's settings are added to.
Launch launch(const vramauto_plan* plan, const std::vector<std::string>& command, const EngineOptions& given,
              const char* const* inherited);

// Pointers to the words with NULL behind them, as execve and posix_spawn take them. They live as long as the words.
std::vector<char*> null_terminated(std::vector<std::string>& words);

}  // namespace client
