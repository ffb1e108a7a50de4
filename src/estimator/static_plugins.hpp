// Our plugins built into the library, with -DVRAMAUTO_STATIC_PLUGINS=ON: through the same entry functions as from files.
#pragma once

#include <span>

#include "vramauto/vramauto_plugin.h"

namespace vramauto::estimator {

std::span<const vramauto_plugin_entry> static_plugins();  // generated from static_plugins.cpp.in

}  // namespace vramauto::estimator
