#include "detect/host.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "support/text.hpp"

namespace vramauto::detect {
namespace {

constexpr std::size_t kLongestFile = 64 * 1024;
constexpr std::size_t kMostNames = 4096;
constexpr int kDeepestGroup = 64;
// What memory.limit_in_bytes holds without a limit is the largest page-aligned number of 63 bits; nobody limits to an exabyte.
constexpr Bytes kNoLimit = Bytes{1} << 60;

// The number behind `key` at the start of a line: "MemTotal:       127600748 kB", "inactive_file 4096".
std::optional<Bytes> field(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.size() > key.size() && line.substr(0, key.size()) == key) return leading_number(text::trim(line.substr(key.size())));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

struct GroupFiles {
  const char *limit, *usage, *inactive, *active;
};
constexpr GroupFiles kVersion2 = {"/memory.max", "/memory.current", "inactive_file ", "active_file "};
constexpr GroupFiles kVersion1 = {"/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_inactive_file ", "total_active_file "};

// What the group may still take. File pages count as used but are given back on demand, so they count as free here: a container
// that has just read a checkpoint looks full otherwise (kekzl/imp issue 2070).
std::optional<Bytes> headroom(const std::string& folder, const GroupFiles& files) {
  const auto limit = kernel_number(folder + files.limit);
  const auto usage = kernel_number(folder + files.usage);
  if (!limit || !usage || *limit >= kNoLimit) return std::nullopt;
  const std::string stat = kernel_file(folder + "/memory.stat");
  const Bytes pages = saturating_add(field(stat, files.inactive).value_or(0), field(stat, files.active).value_or(0));
  const Bytes used = *usage - std::min(*usage, pages);
  return *limit - std::min(*limit, used);
}

// The least headroom from the group up to its root. Groups above a container's own are not visible in it.
std::optional<Bytes> least_headroom(const std::string& mount, std::string group, const GroupFiles& files) {
  if (group.find("..") != std::string::npos) group.clear();  // outside the namespace
  std::optional<Bytes> least;
  for (int depth = 0; depth < kDeepestGroup; ++depth) {
    if (const auto room = headroom(mount + group, files)) least = std::min(least.value_or(*room), *room);
    if (group.empty() || group == "/") break;
    group.erase(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
  return least;
}

bool has_controller(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == wanted) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// /proc/self/cgroup has lines "number:controllers:group"; version 2 has no controllers in its one line.
Bytes control_group_headroom(const std::string& root) {
  Bytes least = VRAMAUTO_UNKNOWN;
  const std::string lines = kernel_file(root + "/proc/self/cgroup");
  std::string_view rest = lines;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string group(line.substr(second + 1));
    std::optional<Bytes> room;
    if (controllers.empty()) room = least_headroom(root + "/sys/fs/cgroup", group, kVersion2);
    if (has_controller(controllers, "memory")) room = least_headroom(root + "/sys/fs/cgroup/memory", group, kVersion1);
    least = std::min(least, room.value_or(VRAMAUTO_UNKNOWN));
  }
  return least;
}

}  // namespace

std::string kernel_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return {};
  std::string text;
  struct stat about {};
  if (fstat(file, &about) == 0 && S_ISREG(about.st_mode)) {
    text.resize(kLongestFile);
    std::size_t have = 0;
    while (have < text.size()) {
      const ssize_t got = read(file, text.data() + have, text.size() - have);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    text.resize(have);
  }
  close(file);
  return text;
}

std::optional<Bytes> leading_number(std::string_view text) {
  Bytes value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

std::optional<Bytes> kernel_number(const std::string& path) { return leading_number(kernel_file(path)); }

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  DIR* open_directory = opendir(directory.c_str());
  if (open_directory == nullptr) return names;
  while (const dirent* entry = readdir(open_directory)) {
    if (names.size() == kMostNames) break;
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(open_directory);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<HostMemory> host_memory(const std::string& root) {
  const std::string text = kernel_file(root + "/proc/meminfo");
  const auto kib = [&](std::string_view key) { return saturating_mul(field(text, key).value_or(0), 1024); };
  HostMemory memory;
  memory.total = kib("MemTotal:");
  if (memory.total == 0) return std::nullopt;
  memory.available = kib("MemAvailable:");
  if (memory.available == 0) {  // kernels before 3.14, WSL 1
    const Bytes reclaimable = saturating_add(saturating_add(kib("Buffers:"), kib("Cached:")), kib("SReclaimable:"));
    const Bytes sum = saturating_add(kib("MemFree:"), reclaimable);
    memory.available = sum - std::min(sum, kib("Shmem:"));
  }
  memory.available = std::min({memory.available, memory.total, control_group_headroom(root)});
  return memory;
}

}  // namespace vramauto::detect
