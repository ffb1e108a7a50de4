// The service's description for programs, OpenAPI 3.1: openapi.json, with the version of this build.
#pragma once

#include <string>

namespace serve {

const std::string& openapi_json();

}  // namespace serve
