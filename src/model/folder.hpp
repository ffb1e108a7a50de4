// Models in directories and files.
#pragma once

#include <string>

#include "model/model.hpp"

namespace vramauto::model {

Result<Model> open_folder(const std::string& directory);
// config.json, *.safetensors, *.safetensors.index.json or *.gguf, by the end of its name.
Result<Model> open_file(const std::string& path);
// A configuration as every caller gets it: an object, with the defaults of its class.
Result<void> set_config(Model& model, std::string_view where, std::string_view text);

}  // namespace vramauto::model
