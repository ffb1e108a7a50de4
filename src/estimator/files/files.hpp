// The built-in estimator of last resort: a model that nobody knows, guessed from its tensors.
#pragma once

#include "vramauto/vramauto_plugin.h"

namespace vramauto::estimator::files {

extern const vramauto_estimator kFiles;

}  // namespace vramauto::estimator::files
