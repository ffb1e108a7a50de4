// Writing JSON, and values that were read written again. The only header here that includes nlohmann/json.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "support/json.hpp"

namespace serve {

using Json = nlohmann::ordered_json;

// One line. What is not UTF-8 (an engine's log, a file's name) is written as U+FFFD.
inline std::string written(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

// `object`, as written() gave it, with one more member, which is JSON already.
std::string with_member(std::string object, const std::string& name, const std::string& json);

Json copied(const vramauto::json::Value& value);

}  // namespace serve
