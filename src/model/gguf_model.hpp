// Models in GGUF files, as their original folder would have them: keys of its config.json, names of its tensors.
#pragma once

#include <string>

#include "model/folder.hpp"
#include "model/gguf.hpp"

namespace vramauto::model {

// The configuration that the metadata stands for, as JSON. `vocabulary`: rows of the embedding; `tied`: there is no head.
std::string config_of(const Gguf& file, std::uint64_t vocabulary, bool tied);

// "model.layers.3.self_attn.q_proj.weight" of "blk.3.attn_q.weight"; names that are not known stay as they are.
std::string tensor_name(std::string_view name, std::string_view architecture, bool experts);

// A file of the folder, and those it is split into. E_NOT_FOUND where one of them is missing.
Result<Model> open_gguf(Folder& folder, const std::string& name);

}  // namespace vramauto::model
