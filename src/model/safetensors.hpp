// Headers of safetensors files: 8 bytes of length, little endian, then JSON, then the data, which is never read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/model.hpp"

namespace vramauto::model {

struct Shard {
  std::vector<Tensor> tensors;
  std::unique_ptr<char[]> names;  // where the tensors' names point to
  std::uint64_t elements = 0;
  Bytes bytes = 0, file_bytes = 0;
};

// E_FORMAT with the byte of the file for whatever safetensors 0.6 would refuse too: a header beyond the file, names given twice,
// unknown types, spans that overlap, leave holes or reach beyond the data.
Result<Shard> read_safetensors(const std::string& path, json::Scanner& scanner);

// All of `paths`, several at a time where there are many. The first error in the order of the paths.
Result<std::vector<Shard>> read_shards(const std::vector<std::string>& paths);

}  // namespace vramauto::model
