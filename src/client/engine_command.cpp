#include "client/engine_command.hpp"

namespace client {

EngineCommand engine_command(const vramauto_plan* plan) {
  EngineCommand out;
  for (std::size_t i = 0; const char* argument = vramauto_plan_argument(plan, i); ++i) out.arguments.emplace_back(argument);
  for (std::size_t i = 0; const char* setting = vramauto_plan_environment(plan, i); ++i) {
    const std::string text = setting;  // NAME=VALUE
    const auto equals = text.find('=');
    out.environment.emplace_back(text.substr(0, equals), equals == text.npos ? "" : text.substr(equals + 1));
  }
  return out;
}

}  // namespace client
