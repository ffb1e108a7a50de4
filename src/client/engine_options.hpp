// An engine's options as a person wrote them, told apart by the library's table.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/library.hpp"

namespace client {

struct EngineOptions {
  struct Kept {
    std::string name;
    std::vector<std::string> words;
  };
  std::vector<std::pair<std::string, std::string>> set;  // name and value for vramauto_workload_set, in order
  std::vector<Kept> kept;            // texts among them: the engine gets the words as they are, since some hold several values
  std::vector<std::string> unknown;  // words that the table does not know, for the engine as they are
  std::vector<std::string> secret;   // words for the engine that no plan and no report should hold: --api-key
};

// Words as vllm reads them: -tp 2, --max_model_len=32k, --no-enable-prefix-caching, --compilation-config.mode 3. Throws Failure.
EngineOptions read_engine_options(const std::vector<std::string>& words);

}  // namespace client
