// Weight files with true headers and data that takes no room.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "temporary.hpp"

struct Stored {
  std::string name;
  std::string_view dtype;  // as safetensors names it
  std::vector<std::uint64_t> shape;

  std::uint64_t bytes() const {
    const bool four = dtype.find("32") != dtype.npos, one = dtype.find('8') != dtype.npos;
    std::uint64_t out = four ? 4 : one ? 1 : 2;
    for (const auto size : shape) out *= size;
    return out;
  }
};

inline std::string write_safetensors(const Temporary& folder, const std::vector<Stored>& tensors,
                                     std::string_view file = "model.safetensors") {
  std::string header = "{";
  std::uint64_t at = 0;
  for (const auto& tensor : tensors) {
    if (header.size() > 1) header += ',';
    header.append("\"").append(tensor.name).append(R"(":{"dtype":")").append(tensor.dtype).append(R"(","shape":[)");
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) header.append(i ? "," : "").append(std::to_string(tensor.shape[i]));
    header.append(R"(],"data_offsets":[)").append(std::to_string(at)).append(",");
    at += tensor.bytes();
    header.append(std::to_string(at)).append("]}");
  }
  header += '}';
  std::string length;
  for (std::size_t i = 0; i < 8; ++i) length += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  const auto path = folder.write(file, length + header);
  std::filesystem::resize_file(path, 8 + header.size() + at);
  return path;
}
