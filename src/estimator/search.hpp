// Where plugins may come from, and which files there may be opened. Looks at the file system only: nothing is loaded here.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace vramauto::estimator {

struct SearchRequest {
  std::string options;        // ':'-separated absolute directories and files, the caller's; "" for none
  std::string environment;    // the same, from VRAMAUTO_PLUGIN_PATH
  std::string library;        // absolute path of the object this code is in; "" when it is not known
  std::vector<uid_t> owners;  // whose files and folders are trusted; root always is
};

// A plugin to load, or what was refused and why.
struct Found {
  std::string path;
  std::string refused;  // "" when it may be loaded
};

// In the order in which they count: options, environment, then vramauto/plugins-v1/ beside the library, whose absence is no fault.
// Directories and files must belong to one of the owners and must not be writable by the world; names are vramauto_*.so; a link may
// lead to a file in the same folder only. A file found twice counts once.
std::vector<Found> search(const SearchRequest& request);

// Who may own plugins: we ourselves and the owner of the library.
std::vector<uid_t> trusted_owners(const std::string& library);

}  // namespace vramauto::estimator
