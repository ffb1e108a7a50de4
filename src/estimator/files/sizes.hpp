// What can be told of a model's geometry without knowing its architecture: from the usual keys, else from shapes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/files/groups.hpp"

namespace vramauto::estimator::files {

struct GuessedSizes {
  std::string_view stack;  // what the names of the layers' tensors begin with
  std::string_view below;  // where the configuration of the language model is: "", "/text_config"
  std::uint32_t layers = 0, draft_layers = 0;
  std::uint32_t hidden = 0, vocab = 0, heads = 0, kv_heads = 0, head_dim = 0, intermediate = 0;
  std::uint32_t experts = 0, experts_per_token = 0;
  std::uint32_t latent = 0, rope = 0;  // MLA
  std::uint32_t max_model_len = 0;
  std::vector<std::uint32_t> cached;  // width of K of each layer; 0: it has no attention
  vramauto_dtype dtype = 0;
  bool packed = false;     // quantised: everything is taken as stored
  bool recurrent = false;  // layers with states

  bool in_stack(const Group& group) const { return group.numbered() && group.place.before == stack; }
};

vramauto_status guess_sizes(const Description& model, const std::vector<Group>& groups, GuessedSizes& out);

bool is_float(vramauto_dtype dtype);
bool is_embedding(const Group& group);
bool is_head(const Group& group);
bool is_draft(const Group& group);  // a stack of its own for speculation
bool is_stacked_experts(const Group& group, const GuessedSizes& sizes);

}  // namespace vramauto::estimator::files
