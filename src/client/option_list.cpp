#include "client/option_list.hpp"

#include "client/json_text.hpp"
#include "vramauto/vramauto.h"

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
  vramauto_option_info option;
  VRAMAUTO_INIT(option);
  std::string out = "{\"options\": [\n";
  for (std::size_t i = 0, count = vramauto_option_count(); i < count; ++i)
    if (!vramauto_option_get(i, &option)) out += json_line(option) + (i + 1 < count ? ",\n" : "\n");
  return out + "]}\n";
}

}  // namespace client
