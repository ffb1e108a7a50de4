#include "detect/driver.hpp"

#include <dlfcn.h>
#include <unistd.h>

namespace vramauto::detect {

Library::Address Library::address(const char* symbol) const { return reinterpret_cast<Address>(dlsym(handle_, symbol)); }

Result<Library> load(const std::string& path) {
  Library library;
  library.path_ = path;
  library.handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library.handle_ == nullptr) {
    const char* words = dlerror();
    return fail(VRAMAUTO_E_DRIVER, path, "the loader says: {}", words != nullptr ? words : "no reason");
  }
  return library;
}

std::vector<std::string> places(Driver driver, const std::string& root) {
  const std::string name = driver == Driver::nvml ? "libnvidia-ml.so.1" : "libcuda.so.1";
  const std::string wsl = "/usr/lib/wsl/lib/" + name;
  std::vector<std::string> all;
  if (access((root + "/dev/dxg").c_str(), F_OK) == 0) all.push_back(wsl);
  all.insert(all.end(), {name, wsl});
  for (const char* folder : {"/usr/lib/x86_64-linux-gnu/", "/usr/lib/aarch64-linux-gnu/", "/usr/lib64/", "/usr/local/nvidia/lib64/",
                             "/run/opengl-driver/lib/", "/run/nvidia/driver/usr/lib/x86_64-linux-gnu/",
                             "/run/nvidia/driver/usr/lib/aarch64-linux-gnu/", "/run/nvidia/driver/usr/lib64/"})
    all.push_back(folder + name);
  if (driver == Driver::cuda)  // Jetson
    for (const char* folder : {"/usr/lib/aarch64-linux-gnu/nvidia/", "/usr/lib/aarch64-linux-gnu/tegra/"})
      all.push_back(folder + name);
  return all;
}

}  // namespace vramauto::detect
