// Models in directories and files, and the files of one wherever they are.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/model.hpp"
#include "support/file.hpp"

namespace vramauto::model {

// A directory, and what is in it. What overrides it has its files elsewhere.
class Folder {
 public:
  Folder(std::string path, std::vector<std::string> names) : path_(std::move(path)), names_(std::move(names)) {}
  Folder(Folder&&) = default;
  virtual ~Folder() = default;

  const std::string& path() const { return path_; }
  const std::vector<std::string>& names() const { return names_; }  // sorted
  bool has(std::string_view name) const;
  std::string file(std::string_view name) const;  // as messages and readers name it
  std::vector<std::string> ending(std::string_view end) const;

  // Makes files ready to be opened, many at a time: texts as a whole, of weights the headers.
  virtual Result<void> fetch(std::span<const std::string>) { return {}; }
  virtual Result<file::Reader> open(std::string_view name) const { return file::Reader::open(file(name)); }
  virtual Bytes size(std::string_view name) const { return file::size(file(name)); }

 protected:
  std::string path_;
  std::vector<std::string> names_;
};

Result<Model> open_folder(const std::string& directory);
Result<Model> open_folder(Folder& folder);
// config.json, *.safetensors, *.safetensors.index.json or *.gguf, by the end of its name.
Result<Model> open_file(const std::string& path);
// A configuration as every caller gets it: an object, with the defaults of its class.
Result<void> set_config(Model& model, std::string_view where, std::string_view text);

}  // namespace vramauto::model
