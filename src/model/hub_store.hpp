// What was read from the hub before: of each commit one file, with texts and headers in it. `rm -r` is safe at any time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/hub_cache.hpp"
#include "support/checked.hpp"

namespace vramauto::model {

struct HubFile {
  std::string name;
  Bytes size = VRAMAUTO_UNKNOWN;  // of the whole file
  bool here = false;              // what is needed of it was read
  std::string held;               // its first bytes
};

struct Snapshot {
  std::string commit;
  std::vector<HubFile> files;
};

bool is_commit(std::string_view text);

// XDG_CACHE_HOME/vramauto or ~/.cache/vramauto, and in it a folder for the endpoint. "" without any of them.
std::string store_directory(std::string_view endpoint);

// Nothing where it is not there, or not as it was written.
std::optional<Snapshot> load(const std::string& store, const HubId& id);
// What is oldest of the store goes when it holds more than `most` bytes, but never what was saved.
Result<void> save(const std::string& store, const HubId& id, const Snapshot& snapshot, Bytes most);

}  // namespace vramauto::model
