// Opens plugin files. The only place of the estimators that knows the dynamic loader.
#pragma once

#include <string>

#include "support/result.hpp"
#include "vramauto/vramauto_plugin.h"

namespace vramauto::estimator {

// The entry of a shared object. Its ELF header is read before the loader sees it, since the loader trusts a header: a file for
// another machine, cut short or no ELF at all is refused by its content. Once its entry has been found an object stays in the
// process: what has run may be in use anywhere. VRAMAUTO_E_PLUGIN with the reason.
Result<vramauto_plugin_entry> load(const std::string& path);

// The file this code was loaded from, as the loader names it; "" when the loader does not say.
std::string own_library();

}  // namespace vramauto::estimator
