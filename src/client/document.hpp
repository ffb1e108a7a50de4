// A tree of values, as formats are made of; and JSON read into one.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace client {

using Document = nlohmann::ordered_json;

// Nothing for what is no JSON.
std::optional<Document> read_json(std::string_view text);

}  // namespace client
