#include "client/option_list.hpp"

#include "client/json_text.hpp"
#include "client/option_table.hpp"

namespace client {
namespace {

std::string json_line(const vramauto_option_info& option) {
  return std::string("{\"name\": ") + json_string(option.name) + ", \"short_name\": " + json_string(option.short_name) +
         ", \"type\": " + json_string(option_type_name(option.type)) + ", \"choices\": " + json_string(option.choices) +
         ", \"default\": " + json_string(option.default_text) + ", \"help\": " + json_string(option.help) + "}";
}

}  // namespace

const char* option_type_name(std::uint32_t type) {
  constexpr const char* kNames[] = {"", "switch", "integer", "number", "bytes", "choice", "text", "json", "words"};
  return type < sizeof kNames / sizeof *kNames ? kNames[type] : "";
}

std::string options_json() {
  std::string out;
  for (const auto& option : known_options()) out += (out.empty() ? "" : ",\n") + json_line(option);
  return "{\"options\": [\n" + out + "\n]}\n";
}

}  // namespace client
