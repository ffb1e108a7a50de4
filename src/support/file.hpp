// Files of strangers: regular files only, sizes checked before use, no read beyond a cap.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/result.hpp"

namespace vramauto::file {

enum class Kind { missing, regular, directory, other };
Kind kind(const std::string& path);
std::uint64_t size(const std::string& path);  // of a regular file; 0 when it is none

struct Entry {
  std::string name;
  std::uint64_t bytes;
  std::int64_t modified;  // nanoseconds since 1970
};

// Whole text of a regular file of at most `cap` bytes. E_NOT_FOUND, E_IO (with the system's words; a FIFO, socket or directory is
// refused without blocking), E_LIMIT.
Result<std::string> read(const std::string& path, std::uint64_t cap);
// Regular files directly in a directory (links followed), sorted by name.
Result<std::vector<Entry>> list(const std::string& directory);
// Names in a directory without asking what each is, sorted; "." and ".." left out. At most 1,000,000.
Result<std::vector<std::string>> names(const std::string& directory);

// Puts a file of the user's own in its place at once, with the directories it stands in: readers see the old one or the new one.
Result<void> replace(const std::string& path, std::string_view text);
// Removes the oldest files of a directory until those that are left hold at most `most` bytes; `kept`, a name in it, stays.
Result<void> trim(const std::string& directory, std::uint64_t most, std::string_view kept);

// A regular file, open for reading at any place. Never blocks: a FIFO, socket, device or directory is refused (E_IO).
class Reader {
 public:
  static Result<Reader> open(const std::string& path);
  // A file of `size` bytes elsewhere whose first are at hand. They must outlive the reader; E_IO beyond them.
  static Reader held(std::string path, std::string_view first, std::uint64_t size);
  Reader(Reader&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_), held_(other.held_) {}
  Reader& operator=(Reader&&) = delete;
  ~Reader();

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t at_hand() const { return descriptor_ < 0 ? held_.size() : size_; }  // of these, from the beginning
  // Exactly `bytes` from `offset`; E_IO when the file has become shorter than it was.
  Result<void> read_at(std::uint64_t offset, char* to, std::size_t bytes) const;
  Result<std::string> read_all(std::uint64_t cap) const;     // E_LIMIT for more than `cap` bytes
  Result<std::string> read_to_end(std::uint64_t cap) const;  // whatever size the system states

 private:
  Reader(std::string path, int descriptor, std::uint64_t size) : path_(std::move(path)), descriptor_(descriptor), size_(size) {}
  std::string path_;
  int descriptor_;
  std::uint64_t size_;
  std::string_view held_;
};

}  // namespace vramauto::file
