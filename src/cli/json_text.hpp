// Texts in the JSON that the command itself writes.
#pragma once

#include <string>
#include <string_view>

namespace cli {

std::string json_string(std::string_view text);

}  // namespace cli
