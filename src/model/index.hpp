// *.safetensors.index.json: which tensor is in which file.
#pragma once

#include <string>
#include <vector>

#include "model/model.hpp"
#include "support/file.hpp"

namespace vramauto::model {

struct Index {
  std::vector<std::string> names;  // of tensors, sorted
  std::vector<std::string> files;  // sorted, each once; plain names of the index's own directory
  Bytes total_size = VRAMAUTO_UNKNOWN;
};

Result<Index> read_index(const file::Reader& file);

}  // namespace vramauto::model
