// The built-in estimator for plain dense decoders: attention and one MLP in every layer, nothing else.
#pragma once

#include "vramauto/vramauto_plugin.h"

namespace vramauto::estimator {

extern const vramauto_estimator kDecoder;

}  // namespace vramauto::estimator
