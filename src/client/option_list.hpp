// The library's table of options for people and programs.
#pragma once

#include <cstdint>
#include <string>

namespace client {

const char* option_type_name(std::uint32_t type);  // "switch"; "" for one that this program does not know
std::string options_json();                        // every option, its names, type, choices, default and help

}  // namespace client
