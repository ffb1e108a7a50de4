// Which release of an engine is installed here: the metadata of its Python package, read without Python.
#pragma once

#include <string>
#include <string_view>

namespace vramauto::engine {

// Where packages may be.
struct Surroundings {
  std::string virtual_env, path, conda_prefix;  // VIRTUAL_ENV, PATH and CONDA_PREFIX; "": not set, or not to be asked
  std::string root;                             // before /usr and /usr/local, where the system has its own

  static Surroundings of_process(bool use_environment);  // a program with raised rights does not ask its environment
};

struct Installed {
  std::string version;  // "0.19.1rc1.dev71+g0abc"; "": none was found
  std::string where;    // of the metadata
  std::string doubt;    // metadata that could not be read on the way, and why
};

// Searches VIRTUAL_ENV, the folders of commands named `package` in PATH, CONDA_PREFIX and the system's packages, in this order:
// the first that has the package counts, of several Pythons in one of them the newest.
Installed find_installed(std::string_view package, const Surroundings& surroundings);

}  // namespace vramauto::engine
