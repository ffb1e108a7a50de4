// GPUs as our programs take them in words.
#pragma once

#include <cstdint>
#include <string>

#include "client/library.hpp"

namespace client {

// "2x RTX 4090", "24GiB", or the JSON of devices; an error exits with `exit`.
Devices parsed_devices(const Context& context, Exit exit, const std::string& text);

std::string json_of(const Devices& devices);

// "20GiB" in bytes; `option` is who was given it.
std::uint64_t bytes_of(const Context& context, const std::string& option, const std::string& size);

// The same GPUs with so much of each free.
Devices with_free(const Context& context, const Devices& devices, std::uint64_t bytes);

}  // namespace client
