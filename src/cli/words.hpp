// The command line before it is parsed: vLLM's spellings, and what was meant by one that is not known.
#pragma once

#include <string>
#include <vector>

namespace cli {

// As vLLM reads them: -tp 2, -tp=2 (short names of several letters) and --max_model_len become --tensor-parallel-size 2 and
// --max-model-len.
std::vector<std::string> normalised(int argc, char** argv);

// "--max-model-len" for "--max-modellen"; "" when nothing is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace cli
