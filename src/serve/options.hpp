// The service's command line.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace serve {

struct Options {
  std::string host = "127.0.0.1", token;
  int port = 8080;
  std::vector<std::string> model_roots;
  std::string gpus;  // instead of this machine's
  bool online = false;
  std::size_t connections = 128;
  double request_timeout = 10;  // seconds
  std::string engine_command = "vllm serve", engine_log;
  double load_timeout = 1800, grace = 30;  // seconds
};

// Throws client::Failure. False: help or the version was asked for, and printed.
bool read_options(int argc, char** argv, Options& out);

}  // namespace serve
