#include "serve/model_roots.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <system_error>

#include "client/library.hpp"
#include "serve/refusal.hpp"
#include "support/text.hpp"

namespace serve {
namespace {

namespace fs = std::filesystem;
using vramauto::text::shown;

constexpr std::size_t kLongestName = 4096;
constexpr std::size_t kMostFiles = 10'000;    // of one model's folder
constexpr std::size_t kMostVisited = 50'000;  // of the roots, when they are listed
constexpr std::size_t kMostListed = 5'000;
constexpr int kDeepest = 4;  // root/organisation/model, and the hub cache's models--x/snapshots/commit

std::string real_path(const std::string& path) {
  char real[PATH_MAX];
  return ::realpath(path.c_str(), real) ? real : "";
}

bool is_below(const std::string& path, const std::string& root) {
  return root == "/" || path == root ||
         (path.size() > root.size() && path.compare(0, root.size(), root) == 0 && path[root.size()] == '/');
}

// "name" or "organisation/name", each also with "@revision": what cannot be a path outside of a folder.
bool is_id(const std::string& name) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; };
  const auto at = name.find('@');
  const auto before = name.substr(0, at);
  if (before.empty() || std::count(before.begin(), before.end(), '/') > 1 || before.find("..") != before.npos) return false;
  if (!std::isalnum(static_cast<unsigned char>(before.front())) || before.back() == '/' || before.find("/.") != before.npos)
    return false;
  if (at != name.npos && (at + 1 == name.size() || name.find("..", at) != name.npos || name[at + 1] == '/')) return false;
  return std::all_of(name.begin(), name.end(), [&](unsigned char c) { return plain(c) || c == '/' || c == '@' || c == '+'; });
}

bool goes_up(const std::string& name) {
  const auto slashed = "/" + name + "/";
  return slashed.find("/../") != slashed.npos;
}

void mix(std::uint64_t& sum, std::uint64_t value) { sum = (sum ^ value) * 0x100000001b3; }  // FNV-1a

void mix(std::uint64_t& sum, const std::string& name, const struct stat& facts) {
  mix(sum, std::hash<std::string>{}(name));
  mix(sum, static_cast<std::uint64_t>(facts.st_size));
  mix(sum, static_cast<std::uint64_t>(facts.st_mtim.tv_sec));
  mix(sum, static_cast<std::uint64_t>(facts.st_mtim.tv_nsec));
  mix(sum, static_cast<std::uint64_t>(facts.st_ino));
}

bool looks_like_a_model(const fs::path& file) {
  const auto name = file.filename().string();
  return name == "config.json" || name == "params.json" || name.ends_with(".safetensors.index.json");
}

struct Listing {
  std::vector<std::string> found;
  std::size_t visited = 0;

  void walk(const fs::path& root, const fs::path& folder, int depth) {
    std::error_code error;
    std::vector<fs::path> folders;
    bool is_model = false;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      if (++visited > kMostVisited || found.size() >= kMostListed) break;
      std::error_code none;
      if (entry->is_symlink(none) && fs::is_directory(*entry, none)) continue;
      if (entry->is_directory(none))
        folders.push_back(entry->path());
      else if (looks_like_a_model(*entry))
        is_model = true;
      else if (entry->path().extension() == ".gguf")
        found.push_back(entry->path().lexically_relative(root).string());
    }
    if (is_model && folder != root) found.push_back(folder.lexically_relative(root).string());
    if (depth < kDeepest && !is_model)
      for (const auto& next : folders) walk(root, next, depth + 1);
  }
};

}  // namespace

ModelRoots::ModelRoots(const std::vector<std::string>& roots, bool any_path) : any_path_(any_path && roots.empty()) {
  for (const auto& root : roots) {
    const auto real = real_path(root);
    if (real.empty() || !fs::is_directory(real))
      throw client::Failure{client::kUsage, "--model-root " + root, "is not a folder, expected one that holds models"};
    roots_.push_back(real);
  }
}

bool ModelRoots::below_root(const std::string& real) const {
  return any_path_ || std::any_of(roots_.begin(), roots_.end(), [&](const auto& root) { return is_below(real, root); });
}

NamedModel ModelRoots::resolve(const std::string& name, const std::string& where) const {
  if (name.empty() || name.size() > kLongestName || !vramauto::text::is_utf8(name))
    throw Refusal{400, "invalid_model", where,
                  "found " + (name.empty() ? "nothing" : shown(name)) + ", expected a model's path or id"};
  if (goes_up(name))
    throw Refusal{403, "path_not_allowed", where, "found \"..\" in " + shown(name) + ", expected a path without it"};
  if (name.front() != '/') {
    for (const auto& root : roots_)
      if (const auto real = real_path(root + "/" + name); !real.empty()) return path(real, where);
  }
  if (name.front() == '/' || ::access(name.c_str(), F_OK) == 0) return path(real_path(name), where);
  if (is_id(name)) return {name, false, 0};
  throw Refusal{404, "not_found", where, "found " + shown(name) + ", which is no path here and no model's id"};
}

// Also what lies in a model's folder must not lead out of the root.
NamedModel ModelRoots::path(const std::string& real, const std::string& where) const {
  struct stat facts;
  if (!any_path_ && !below_root(real)) {
    throw Refusal{403, "path_not_allowed", where,
                  roots_.empty() ? "found a path, expected a model's id (paths need --model-root)"
                                 : "found a path that is not below a --model-root, expected one that is"};
  }
  if (real.empty() || ::stat(real.c_str(), &facts))
    throw Refusal{404, "not_found", where, "found nothing at this path, expected a model"};
  NamedModel out{real, true, 0xcbf29ce484222325};
  mix(out.fingerprint, real, facts);
  const auto folder = S_ISDIR(facts.st_mode) ? real : real.substr(0, real.rfind('/'));
  std::error_code error;
  std::size_t files = 0;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (++files > kMostFiles)
      throw Refusal{422, "beyond_limit", where,
                    fmt::format("found more than {} files in its folder, expected a model's", kMostFiles)};
    const auto file = entry->path().string();
    std::error_code none;
    if (!any_path_ && entry->is_symlink(none) && !below_root(real_path(file)))
      throw Refusal{403, "path_not_allowed", where,
                    "found a link that leads out of the --model-root: " + shown(entry->path().filename().string())};
    if (::stat(file.c_str(), &facts) == 0) mix(out.fingerprint, file, facts);
  }
  return out;
}

std::uint64_t ModelRoots::base(const std::string& opened, const std::string& where) const {
  const auto real = real_path(opened);
  if (!below_root(real))
    throw Refusal{403, "path_not_allowed", where,
                  "found an adapter whose base model is a path that is not below a --model-root, expected one that is"};
  return path(real, where).fingerprint;
}

std::vector<std::string> ModelRoots::models() const {
  Listing listing;
  for (const auto& root : roots_) listing.walk(root, root, 1);
  std::sort(listing.found.begin(), listing.found.end());
  listing.found.erase(std::unique(listing.found.begin(), listing.found.end()), listing.found.end());
  return listing.found;
}

}  // namespace serve
