// Models on the hub, and what was read of them before.
#pragma once

#include "model/hub_cache.hpp"
#include "model/model.hpp"

namespace vramauto::model {

// From what earlier calls kept; nothing where that is not enough. Never connects.
std::optional<Model> open_stored(const HubId& id, const OpenOptions& options);

// Asks the hub for the files of the revision and reads what is needed of them, all of it before anything is kept for later.
Result<Model> open_on_hub(const HubId& id, const OpenOptions& options);

}  // namespace vramauto::model
