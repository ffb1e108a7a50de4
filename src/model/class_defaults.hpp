// Facts that a config.json leaves to the class of its model_type.
#pragma once

#include "support/json.hpp"

namespace vramauto::model {

// The configuration with every absent key that its class defaults and memory depends on; a key that is there, null included, stays.
// Nested configurations are filled too: by the class their parent names for them, else by their own model_type. Where the parent
// keeps its text keys at top level, as older files do, they are filled there. What is of an unknown class is left as it is.
json::Document fill_class_defaults(json::Document config);

}  // namespace vramauto::model
