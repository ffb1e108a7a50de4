// Which files a request may name as a model. Ids are always allowed; a path must lie below a root, links followed. Without roots
// any path is allowed, or, for a service that others reach, none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace serve {

struct NamedModel {
  std::string name;  // for the library: an absolute path without links, or an id
  bool is_path = false;
  std::uint64_t fingerprint = 0;  // of a path: its files' names, sizes and times
};

class ModelRoots {
 public:
  // Throws client::Failure when a root is not a folder.
  ModelRoots(const std::vector<std::string>& roots, bool any_path);

  // Throws Refusal; `where` is the field that named it.
  NamedModel resolve(const std::string& name, const std::string& where) const;

  // A base model is where its adapter says: this too must be allowed. Its fingerprint; throws Refusal.
  std::uint64_t base(const std::string& path, const std::string& where) const;

  // Folders and files below the roots that look like models, as a request may name them. Bounded in depth and number.
  std::vector<std::string> models() const;

 private:
  NamedModel path(const std::string& real, const std::string& where) const;
  bool below_root(const std::string& real) const;

  std::vector<std::string> roots_;
  bool any_path_;
};

}  // namespace serve
