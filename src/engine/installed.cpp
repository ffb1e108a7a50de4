#include "engine/installed.hpp"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <optional>
#include <vector>

#include "support/file.hpp"
#include "support/order.hpp"
#include "support/result.hpp"
#include "support/text.hpp"

namespace vramauto::engine {
namespace {

constexpr std::uint64_t kMostMetadata = 1 << 20;
constexpr std::size_t kMostFolders = 256, kMostVersion = 100;

// Names in a folder that begin and end like this, newest first: of "python3.9" and "python3.12" the longer one is.
std::vector<std::string> newest_first(const std::string& folder, std::string_view begin, std::string_view end = "") {
  auto names = file::names(folder);
  if (!names) return {};
  std::erase_if(*names, [&](const std::string& name) {
    return name.size() < begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end);
  });
  sort_stably(*names,
              [](const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() > b.size() : a > b; });
  return std::move(*names);
}

// The header "Version: …" of core metadata (packaging.python.org, core metadata specifications).
Result<std::string> version_in(const std::string& path) {
  const auto text = TRY(file::read(path, kMostMetadata));
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text::trim(std::string_view(text).substr(at, end - at));
    if (line.empty()) break;  // what follows is a description
    if (line.starts_with("Version:")) {
      const auto version = text::trim(line.substr(8));
      if (version.empty() || version.size() > kMostVersion) break;
      return std::string(version);
    }
    at = end + 1;
  }
  return fail(VRAMAUTO_E_FORMAT, path, "has no line \"Version: …\" of at most {} characters among its headers", kMostVersion);
}

class Search {
 public:
  Search(std::string_view package, const Surroundings& surroundings) : package_(package), surroundings_(surroundings) {}

  Installed run() {
    if (!in_environment(surroundings_.virtual_env) && !on_path() && !in_environment(surroundings_.conda_prefix))
      in_environment(surroundings_.root + "/usr/local") || in_environment(surroundings_.root + "/usr");
    return std::move(found_);
  }

 private:
  // A folder with packages for Python, as an environment and the system's own prefixes have them.
  bool in_environment(const std::string& prefix) {
    if (prefix.empty() || prefix[0] != '/') return false;
    for (const std::string_view library : {"/lib", "/lib64"})
      for (const auto& python : newest_first(prefix + std::string(library), "python3"))
        for (const std::string_view packages : {"/site-packages", "/dist-packages"})
          if (in_packages(fmt::format("{}{}/{}{}", prefix, library, python, packages))) return true;
    return false;
  }

  bool in_packages(const std::string& folder) {
    for (const auto& name : newest_first(folder, package_ + '-', ".dist-info")) {
      const auto path = fmt::format("{}/{}/METADATA", folder, name);
      auto version = version_in(path);
      if (version) {
        found_.version = std::move(*version);
        found_.where = path;
        return true;
      }
      if (found_.doubt.empty()) found_.doubt = fmt::format("{}: {}", text::shown(path, 200), version.error().message);
    }
    return false;
  }

  // A command lies in the folder bin of its environment; a link to one may lie elsewhere.
  bool on_path() {
    std::string_view rest = surroundings_.path;
    for (std::size_t count = 0; !rest.empty() && count < kMostFolders; ++count) {
      const auto end = std::min(rest.find(':'), rest.size());
      const std::string folder(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (folder.empty() || folder[0] != '/') continue;
      const auto command = folder + '/' + package_;
      if (file::kind(command) != file::Kind::regular) continue;
      if (in_environment(folder + "/..") || in_environment(environment_of(command))) return true;
    }
    return false;
  }

  static std::string environment_of(const std::string& command) {
    char real[PATH_MAX];
    if (!realpath(command.c_str(), real)) return {};
    const std::string_view path(real);
    const auto bin = path.rfind('/');
    const auto prefix = bin == 0 ? 0 : path.rfind('/', bin - 1);
    return std::string(path.substr(0, prefix));
  }

  const std::string package_;
  const Surroundings& surroundings_;
  Installed found_;
};

}  // namespace

Surroundings Surroundings::of_process(bool use_environment) {
  const auto value = [&](const char* name) {
    const char* text = use_environment ? secure_getenv(name) : nullptr;
    return std::string(text ? text : "");
  };
  return {value("VIRTUAL_ENV"), value("PATH"), value("CONDA_PREFIX"), ""};
}

Installed find_installed(std::string_view package, const Surroundings& surroundings) { return Search(package, surroundings).run(); }

}  // namespace vramauto::engine
