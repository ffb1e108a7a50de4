// The service is a program of its own, which this one becomes.
#include <unistd.h>
#include <cerrno>
#include <climits>
#include <cstring>

#include "commands.hpp"
#include "terminal.hpp"

namespace cli {
namespace {

constexpr const char* kProgram = "vramauto-serve";

std::string own_folder() {
  char path[PATH_MAX];
  const auto size = readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0 || static_cast<std::size_t>(size) == sizeof path) throw Failure{kError, "/proc/self/exe", "cannot be read"};
  const std::string file(path, static_cast<std::size_t>(size));
  return file.substr(0, file.rfind('/'));
}

}  // namespace

Exit run_serve(char** words) {
  const auto folder = own_folder();
  // Installed, and in a build tree.
  const std::string places[] = {folder + "/../" VRAMAUTO_LIBEXECDIR "/vramauto/" + kProgram, folder + "/" + kProgram};
  for (const auto& program : places) {
    execv(program.c_str(), words);
    if (errno != ENOENT) throw Failure{kError, program, std::strerror(errno)};
  }
  const std::string missing =
      "the service is not installed: expected " + places[0] + ", which a build with cpp-httplib has (Debian: libcpp-httplib-dev)";
  if (words[1] && (std::strcmp(words[1], "--help") == 0 || std::strcmp(words[1], "-h") == 0)) return print(missing + "\n"), kFits;
  throw Failure{kError, "serve", missing};
}

}  // namespace cli
