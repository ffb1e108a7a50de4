// The host's memory and small files of the kernel.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/checked.hpp"
#include "vramauto/vramauto.h"

namespace vramauto::detect {

// Text of a kernel file of at most 64 KiB, "" when it cannot be read. Kernel files have no size of their own, so file::read, which
// trusts sizes, is not for them. Pipes and devices are refused without blocking.
std::string kernel_file(const std::string& path);
// A kernel file that holds one decimal number.
std::optional<Bytes> kernel_number(const std::string& path);
// Names in a directory, sorted.
std::vector<std::string> names_in(const std::string& directory);
// The number at the start of the text; nothing when there is none or it leaves 64 bits.
std::optional<Bytes> leading_number(std::string_view text);

struct HostMemory {
  Bytes total = 0;
  Bytes available = 0;  // what can be had without swapping, within the limits of this process's control groups
};

// Nothing when /proc/meminfo says nothing.
std::optional<HostMemory> host_memory(const std::string& root);

}  // namespace vramauto::detect
