// The texts of Molmo, which no other class of the engine has.
#pragma once

#include "vramauto/vramauto_plugin.h"

namespace vramauto::vision {

extern const vramauto_estimator kMolmoText;

}  // namespace vramauto::vision
