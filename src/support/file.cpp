#include "support/file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace vramauto::file {

namespace {

constexpr std::size_t kMaxNames = 1'000'000;

std::string words_of(int error) { return std::generic_category().message(error); }

Unexpected system_error(const std::string& path, int error) {
  const auto missing = error == ENOENT || error == ENOTDIR;
  if (missing) return fail(VRAMAUTO_E_NOT_FOUND, path, "does not exist");
  return fail(VRAMAUTO_E_IO, path, "{}", words_of(error));
}

std::string_view kind_name(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "not a file";
}

// The path as the system will see it: a NUL inside would silently cut it.
Result<void> check_path(const std::string& path) {
  if (path.empty()) return fail(VRAMAUTO_E_ARGUMENT, "path", "is empty, expected a file or directory");
  if (path.find('\0') != std::string::npos) return fail(VRAMAUTO_E_ARGUMENT, text::shown(path), "has a NUL character inside");
  return {};
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

}  // namespace

Kind kind(const std::string& path) {
  struct stat status {};
  if (path.find('\0') != std::string::npos || stat(path.c_str(), &status) != 0) return Kind::missing;
  if (S_ISREG(status.st_mode)) return Kind::regular;
  return S_ISDIR(status.st_mode) ? Kind::directory : Kind::other;
}

std::uint64_t size(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
}

Result<Reader> Reader::open(const std::string& path) {
  TRY(check_path(path));
  // O_NONBLOCK: opening a FIFO that nobody writes to must not wait.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0 && errno == ENXIO) return fail(VRAMAUTO_E_IO, path, "is a socket or device, expected a regular file");
  if (descriptor < 0) return system_error(path, errno);
  Reader reader(path, descriptor, 0);
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return system_error(path, errno);
  if (!S_ISREG(status.st_mode)) return fail(VRAMAUTO_E_IO, path, "is {}, expected a regular file", kind_name(status.st_mode));
  reader.size_ = static_cast<std::uint64_t>(status.st_size);
  return reader;
}

Reader Reader::held(std::string path, std::string_view first, std::uint64_t size) {
  Reader reader(std::move(path), -1, size);
  reader.held_ = first;
  return reader;
}

Reader::~Reader() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<void> Reader::read_at(std::uint64_t offset, char* to, std::size_t bytes) const {
  if (descriptor_ < 0) {
    if (offset > held_.size() || bytes > held_.size() - offset)
      return fail_at(VRAMAUTO_E_IO, path_, offset, "only the first {} bytes are here, expected {} from here", held_.size(), bytes);
    std::copy_n(held_.data() + offset, bytes, to);
    return {};
  }
  while (bytes != 0) {
    const auto got = pread(descriptor_, to, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_at(VRAMAUTO_E_IO, path_, offset, "{}", words_of(errno));
    if (got == 0) return fail_at(VRAMAUTO_E_IO, path_, offset, "ends here, expected {} more bytes", bytes);
    offset += static_cast<std::uint64_t>(got);
    to += got;
    bytes -= static_cast<std::size_t>(got);
  }
  return {};
}

Result<std::string> Reader::read_to_end(std::uint64_t cap) const {
  constexpr std::size_t kStep = 4096;
  std::string out;
  for (;;) {
    const auto before = out.size();
    if (before > cap) return fail(VRAMAUTO_E_LIMIT, path_, "has more than the {} bytes that are read at most", cap);
    out.resize(before + kStep);
    const auto got = pread(descriptor_, out.data() + before, kStep, static_cast<off_t>(before));
    if (got < 0 && errno != EINTR) return fail_at(VRAMAUTO_E_IO, path_, before, "{}", words_of(errno));
    out.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return out;
  }
}

Result<std::string> Reader::read_all(std::uint64_t cap) const {
  if (size_ > cap) return fail(VRAMAUTO_E_LIMIT, path_, "has {} bytes, at most {} are read", size_, cap);
  // Files of /proc and /sys say 0 bytes and have more.
  if (size_ == 0 && descriptor_ >= 0) return read_to_end(cap);
  std::string out(size_, '\0');
  TRY(read_at(0, out.data(), out.size()));
  return out;
}

Result<std::string> read(const std::string& path, std::uint64_t cap) {
  const auto reader = TRY(Reader::open(path));
  return reader.read_all(cap);
}

Result<std::vector<std::string>> names(const std::string& directory) {
  TRY(check_path(directory));
  const std::unique_ptr<DIR, CloseDirectory> open(opendir(directory.c_str()));
  if (!open) return system_error(directory, errno);
  std::vector<std::string> out;
  for (errno = 0; const auto* entry = readdir(open.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (out.size() == kMaxNames) return fail(VRAMAUTO_E_LIMIT, directory, "has more than {} entries", kMaxNames);
    out.emplace_back(name);
  }
  if (errno != 0) return system_error(directory, errno);
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::vector<Entry>> list(const std::string& directory) {
  auto all = TRY(names(directory));
  std::vector<Entry> out;
  for (auto& name : all) {
    struct stat status {};
    if (stat((directory + '/' + name).c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    const auto& modified = status.st_mtim;
    out.push_back(
        {std::move(name), static_cast<std::uint64_t>(status.st_size), modified.tv_sec * 1'000'000'000 + modified.tv_nsec});
  }
  return out;
}

namespace {

Result<void> make_directories(const std::string& path) {
  for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const auto directory = path.substr(0, slash);
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return system_error(directory, errno);
  }
  return {};
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto put = write(descriptor, text.data(), text.size());
    if (put < 0 && errno != EINTR) return false;
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(put, 0)));
  }
  return true;
}

}  // namespace

Result<void> replace(const std::string& path, std::string_view text) {
  TRY(check_path(path));
  TRY(make_directories(path));
  auto temporary = path + ".XXXXXX";
  const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return system_error(path, errno);
  auto good = write_all(descriptor, text);
  auto error = errno;
  if (close(descriptor) != 0 && good) good = false, error = errno;
  if (good && rename(temporary.c_str(), path.c_str()) != 0) good = false, error = errno;
  if (good) return {};
  unlink(temporary.c_str());
  return system_error(path, error);
}

Result<void> trim(const std::string& directory, std::uint64_t most, std::string_view kept) {
  auto files = TRY(list(directory));
  std::uint64_t held = 0;
  for (const auto& one : files) held += one.bytes;
  while (held > most && !files.empty()) {
    const auto oldest =
        std::min_element(files.begin(), files.end(), [](const Entry& a, const Entry& b) { return a.modified < b.modified; });
    if (oldest->name != kept && unlink((directory + '/' + oldest->name).c_str()) == 0) held -= oldest->bytes;
    std::swap(*oldest, files.back());
    files.pop_back();
  }
  return {};
}

}  // namespace vramauto::file
