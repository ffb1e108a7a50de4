// Files of strangers: regular files only, sizes checked before use, no read beyond a cap.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.hpp"

namespace vramauto::file {

enum class Kind { missing, regular, directory, other };
Kind kind(const std::string& path);

struct Entry { std::string name; std::uint64_t bytes; };

// Whole text of a regular file of at most `cap` bytes. E_NOT_FOUND, E_IO (with the system's words; a FIFO, socket or directory is
// refused without blocking), E_LIMIT.
Result<std::string> read(const std::string& path, std::uint64_t cap);
// Regular files directly in a directory (links followed), sorted by name.
Result<std::vector<Entry>> list(const std::string& directory);

}  // namespace vramauto::file
