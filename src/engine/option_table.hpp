// The rows of the table of options. What is looked up in them: options.hpp.
#pragma once

#include "engine/option_targets.hpp"

namespace vramauto::engine::option {

std::span<const Entry> entries();

// Options of the engine that take no GPU memory, whatever their value, separated by blanks; switches end in '!', lists of words in
// '*'.
std::string_view neutral_names();

}  // namespace vramauto::engine::option
