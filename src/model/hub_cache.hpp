// Models that Hugging Face's tools have already downloaded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "support/result.hpp"

namespace vramauto::model {

// An environment variable without the spaces around it, "~" at its beginning replaced; "" where it is not set.
std::string environment(const char* name);
// HF_HOME, XDG_CACHE_HOME/huggingface, ~/.cache/huggingface; "" without any of them.
std::string huggingface_home();

struct HubId {
  std::string id, revision;  // "Qwen/Qwen3-8B"; revision "" stands for main
};

// "org/name", "name", "org/name@revision". E_ARGUMENT for what the hub would not take.
Result<HubId> hub_id(std::string_view text);

// The cache's directory as huggingface_hub 0.34 (constants.py) finds it: HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, "hub" in its home.
// "" without any of them.
std::string hub_cache_directory();

// "models--org--name"
std::string folder_name(const std::string& id);

// Directory of the snapshot, or nothing when it is not in the cache.
std::optional<std::string> cached_snapshot(const std::string& cache, const HubId& id);

}  // namespace vramauto::model
