// Which of the engine's options a request may set. Whoever may ask for a load is not thereby somebody who may run code or read
// files as the service's user: what imports modules, reads files that are named, opens addresses or trusts a model's code is for
// the operator, in --engine-command.
#pragma once

#include <string>

#include "client/engine_options.hpp"
#include "serve/plan_request.hpp"

namespace serve {

// As the engine's command line has them. Throws Refusal.
client::EngineOptions read_load_options(const OptionTexts& given);

}  // namespace serve
