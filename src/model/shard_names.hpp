// Which files of a directory hold the weights.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vramauto::model {

// "model-00002-of-00004.safetensors": prefix "model", 2 of 4.
struct ShardName {
  std::string_view prefix;
  std::uint32_t number = 0, of = 0;
};
std::optional<ShardName> shard_name(std::string_view file);

struct ShardSet {
  bool consistent = false;         // the files are all there is to load: no index need be asked
  std::uint32_t expected = 0;      // files that belong together, by their own names; 0: they do not say
  std::vector<std::string> files;  // sorted
};

// Of the *.safetensors of a directory, sorted. consolidated*.safetensors repeat what the other files hold and count only alone.
ShardSet choose_shards(const std::vector<std::string>& safetensors);

}  // namespace vramauto::model
