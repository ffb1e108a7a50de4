// A machine that a test describes: drivers, kernel files, environment. Everything is as it was when it goes.
#pragma once

#include <dlfcn.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "detect/devices.hpp"

namespace vramauto::detect {

class Machine {
 public:
  explicit Machine(const std::string& scenario = "") {
    std::string pattern = (std::filesystem::temp_directory_path() / "vramauto-detect-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    file("scenario", scenario);
    set("VRAMAUTO_FAKE_SCENARIO", root_ + "/scenario");
    for (const char* name :
         {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "VRAMAUTO_NVML_LIBRARY", "VRAMAUTO_CUDA_LIBRARY", "VRAMAUTO_SYSROOT"})
      unset(name);
    sources.nvml = fake("nvml");
    sources.cuda = fake("cuda");
    sources.root = root_;
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine() {
    for (const auto& [name, value] : before_) value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  static std::string fake(const std::string& driver) { return VRAMAUTO_FAKES "/libvramauto_fake_" + driver + ".so"; }
  const std::string& root() const { return root_; }

  Machine& set(const std::string& name, const std::string& value) {
    remember(name);
    setenv(name.c_str(), value.c_str(), 1);
    return *this;
  }
  Machine& unset(const std::string& name) {
    remember(name);
    unsetenv(name.c_str());
    return *this;
  }
  Machine& file(const std::string& path, const std::string& text) {
    const std::filesystem::path full = root_ + "/" + path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text;
    return *this;
  }
  Machine& link(const std::string& path, const std::string& target) {
    const std::filesystem::path full = root_ + "/" + path;
    std::filesystem::create_directories(full.parent_path());
    std::filesystem::create_directory_symlink(target, full);
    return *this;
  }

  Result<std::vector<Device>> detect() const { return vramauto::detect::detect(sources); }
  // The answer of a counter that a fake exports.
  static int ask(const std::string& driver, const char* counter) {
    void* handle = dlopen(fake(driver).c_str(), RTLD_NOW | RTLD_NOLOAD);
    return handle == nullptr ? 0 : reinterpret_cast<int (*)()>(dlsym(handle, counter))();
  }

  Sources sources;

 private:
  void remember(const std::string& name) {
    if (before_.count(name) != 0) return;
    const char* value = getenv(name.c_str());
    before_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }
  std::string root_;
  std::map<std::string, std::optional<std::string>> before_;
};

}  // namespace vramauto::detect
