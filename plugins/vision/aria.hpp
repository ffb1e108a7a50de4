// The text of Aria, which no other class of the engine has.
#pragma once

#include "vramauto/vramauto_plugin.h"

namespace vramauto::vision {

extern const vramauto_estimator kAriaText;

}  // namespace vramauto::vision
