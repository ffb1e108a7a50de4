#include "estimator/search.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "support/file.hpp"
#include "support/text.hpp"

namespace vramauto::estimator {
namespace {

constexpr std::size_t kMostEntries = 64, kMostFiles = 256;
constexpr std::string_view kBesideLibrary = "vramauto/plugins-v1";

using Seen = std::vector<std::pair<dev_t, ino_t>>;

std::string system_words() { return std::system_category().message(errno); }

std::optional<std::string> real_path(const std::string& path) {
  char buffer[PATH_MAX];
  return realpath(path.c_str(), buffer) ? std::optional<std::string>(buffer) : std::nullopt;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

bool is_plugin_name(std::string_view name) {
  constexpr std::string_view first = "vramauto_", last = ".so";
  return name.size() > first.size() + last.size() && name.starts_with(first) && name.ends_with(last);
}

// Why a file or folder with these rights may not be used, or "".
std::string fault_of(const struct stat& status, const std::vector<uid_t>& owners, std::string_view what) {
  const bool trusted = status.st_uid == 0 || std::find(owners.begin(), owners.end(), status.st_uid) != owners.end();
  if (!trusted)
    return fmt::format("{} belongs to user {}, expected root, the user of this process or the owner of the library", what,
                       status.st_uid);
  if (status.st_mode & S_IWOTH) return fmt::format("{} is world-writable (mode {:o})", what, status.st_mode & 07777);
  return {};
}

class Search {
 public:
  explicit Search(const SearchRequest& request) : request_(request) {}

  std::vector<Found> run() {
    each(request_.options, "the caller's list");
    each(request_.environment, "VRAMAUTO_PLUGIN_PATH");
    beside_library();
    return std::move(found_);
  }

 private:
  void refuse(const std::string& path, std::string why) { found_.push_back({path, std::move(why)}); }

  void each(const std::string& list, std::string_view source) {
    if (list.empty()) return;
    std::size_t begin = 0, count = 0;
    while (begin <= list.size()) {
      const auto end = std::min(list.find(':', begin), list.size());
      if (++count > kMostEntries)
        return refuse(list.substr(begin), fmt::format("{} has more than {} entries", source, kMostEntries));
      entry(list.substr(begin, end - begin), source);
      begin = end + 1;
    }
  }

  void entry(const std::string& path, std::string_view source) {
    if (path.empty())
      return refuse(path, fmt::format("an entry of {} is empty, expected the absolute path of a folder or file", source));
    if (path[0] != '/') return refuse(path, fmt::format("an entry of {} is a relative path, expected an absolute one", source));
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return refuse(path, system_words());
    if (S_ISDIR(status.st_mode)) return folder(path);
    const auto real = real_path(folder_of(path));
    if (!real) return refuse(path, system_words());
    if (auto why = folder_fault(*real); !why.empty()) return refuse(path, std::move(why));
    file(*real, std::string(name_of(path)));
  }

  void beside_library() {
    if (request_.library.empty()) return;
    if (request_.library[0] != '/')
      return refuse(request_.library, "the library was loaded by a relative path: plugins beside it are not searched for");
    const auto real = real_path(request_.library);
    if (!real) return;
    const auto path = folder_of(*real) + '/' + std::string(kBesideLibrary);
    if (file::kind(path) == file::Kind::directory) folder(path);
  }

  std::string folder_fault(const std::string& real) const {
    struct stat status {};
    if (stat(real.c_str(), &status) != 0) return system_words();
    return fault_of(status, request_.owners, fmt::format("its folder {}", text::shown(real, 120)));
  }

  void folder(const std::string& path) {
    const auto real = real_path(path);
    if (!real) return refuse(path, system_words());
    struct stat status {};
    if (stat(real->c_str(), &status) != 0) return refuse(path, system_words());
    if (auto why = fault_of(status, request_.owners, "the folder"); !why.empty()) return refuse(path, std::move(why));
    const auto names = file::names(*real);
    if (!names) return refuse(path, names.error().message);
    for (const auto& name : *names)
      if (is_plugin_name(name)) file(*real, name);
  }

  void file(const std::string& real_folder, const std::string& name) {
    const auto path = (real_folder == "/" ? "" : real_folder) + '/' + name;
    if (found_.size() >= kMostFiles) {
      if (found_.size() == kMostFiles) refuse(path, fmt::format("there are more than {} plugins", kMostFiles));
      return;
    }
    if (!is_plugin_name(name)) return refuse(path, "the name is not vramauto_*.so");
    const auto real = real_path(path);
    if (!real) return refuse(path, system_words());
    if (folder_of(*real) != real_folder)
      return refuse(path, fmt::format("is a link out of its folder, to {}", text::shown(*real, 120)));
    struct stat status {};
    if (stat(real->c_str(), &status) != 0) return refuse(path, system_words());
    if (!S_ISREG(status.st_mode)) return refuse(path, "is not a regular file");
    if (auto why = fault_of(status, request_.owners, "the file"); !why.empty()) return refuse(path, std::move(why));
    const std::pair<dev_t, ino_t> identity{status.st_dev, status.st_ino};
    if (std::find(seen_.begin(), seen_.end(), identity) != seen_.end()) return;
    seen_.push_back(identity);
    found_.push_back({*real, {}});
  }

  const SearchRequest& request_;
  std::vector<Found> found_;
  Seen seen_;
};

}  // namespace

std::vector<Found> search(const SearchRequest& request) { return Search(request).run(); }

std::vector<uid_t> trusted_owners(const std::string& library) {
  std::vector<uid_t> owners{geteuid()};
  struct stat status {};
  if (!library.empty() && library[0] == '/' && stat(library.c_str(), &status) == 0) owners.push_back(status.st_uid);
  return owners;
}

}  // namespace vramauto::estimator
