// Driver libraries, loaded while running. The only file of detect that uses dlfcn.h is driver.cpp.
#pragma once

#include <string>
#include <vector>

#include "support/result.hpp"

namespace vramauto::detect {

// A loaded library. It stays loaded for the life of the process: drivers register fork and thread handlers, and unloading them buys
// nothing. Cheap to copy.
class Library {
 public:
  const std::string& path() const { return path_; }

  // The address of a function, or nullptr.
  template <class Function>
  Function get(const char* symbol) const {
    return reinterpret_cast<Function>(address(symbol));
  }

 private:
  friend Result<Library> load(const std::string& path);
  using Address = void (*)();
  Address address(const char* symbol) const;
  void* handle_ = nullptr;
  std::string path_;
};

// Fails with VRAMAUTO_E_DRIVER and the loader's words.
Result<Library> load(const std::string& path);

enum class Driver { nvml, cuda };

// Where a driver's library is looked for, in order. Versioned names only: the unversioned ones are the toolkit's, which answer
// every call with an error (Syllo/nvtop issues 318 and 441). Under WSL the distribution may have a second, wrong library, so
// there the first place is WSL's own.
std::vector<std::string> places(Driver driver, const std::string& root);

}  // namespace vramauto::detect
