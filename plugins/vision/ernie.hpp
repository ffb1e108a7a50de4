// ERNIE 4.5 VL's text: no other model has two kinds of experts in a layer.
#pragma once

#include "vramauto/vramauto_plugin.h"

namespace vramauto::vision {

extern const vramauto_estimator kErnieText;

}  // namespace vramauto::vision
