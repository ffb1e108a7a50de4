// The two ways in which callers describe GPUs.
#pragma once

#include <string_view>
#include <vector>

#include "detect/devices.hpp"

namespace vramauto::detect {

inline constexpr std::string_view kWhere = "devices";
inline constexpr std::size_t kMostDevices = 1024;
inline constexpr Bytes kMostMemory = Bytes{1} << 50;  // no GPU comes near; sums of 1024 of them stay within 64 bits

Result<std::vector<Device>> parse_text(std::string_view text);
Result<std::vector<Device>> parse_json(std::string_view text);

}  // namespace vramauto::detect
