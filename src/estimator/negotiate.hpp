// What a plugin says of itself, checked before any of it is used. Built-in estimators, the application's and those in shared
// objects enter by the same function.
#pragma once

#include <string>
#include <string_view>

#include "support/result.hpp"
#include "vramauto/vramauto_plugin.h"

namespace vramauto::estimator {

// Asks the entry for its descriptor. VRAMAUTO_E_PLUGIN when it does not keep the contract; `where` names it until its id is known.
Result<const vramauto_plugin*> enter(vramauto_plugin_entry entry, std::string_view where);

// The estimators' ids, "moe, mla".
std::string estimator_names(const vramauto_plugin& plugin);

}  // namespace vramauto::estimator
