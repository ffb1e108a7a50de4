// Headers of safetensors files: 8 bytes of length, little endian, then JSON, then the data, which is never read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/folder.hpp"

namespace vramauto::model {

struct Shard {
  std::vector<Tensor> tensors;
  std::unique_ptr<char[]> names;  // where the tensors' names point to
  std::uint64_t elements = 0;
  Bytes bytes = 0, file_bytes = 0;
};

// E_FORMAT with the byte of the file for whatever safetensors 0.6 would refuse too: a header beyond the file, names given twice,
// unknown types, spans that overlap, leave holes or reach beyond the data.
Result<Shard> read_safetensors(const file::Reader& file, json::Scanner& scanner);

// All of `files`, several at a time where there are many. The first error in their order.
Result<std::vector<Shard>> read_shards(const Folder& folder, const std::vector<std::string>& files);

// Bytes from the file's beginning to the end of the header that its first 8 bytes announce; 0: no such header is read.
constexpr std::uint64_t kSafetensorsLength = 8;
std::uint64_t safetensors_header(std::string_view first, std::uint64_t file_bytes);

}  // namespace vramauto::model
