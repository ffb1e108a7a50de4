// Texts in the JSON that our programs write themselves.
#pragma once

#include <string>
#include <string_view>

namespace client {

std::string json_string(std::string_view text);

}  // namespace client
