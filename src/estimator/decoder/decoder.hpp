// The built-in estimator for plain dense decoders: attention and one MLP in every layer, nothing else.
#pragma once

#include "vramauto/vramauto_plugin.h"

namespace vramauto::estimator {

const vramauto_plugin* decoder_plugin(const vramauto_host* host);

}  // namespace vramauto::estimator
