#include "commands.hpp"
#include "json_text.hpp"
#include "terminal.hpp"

namespace cli {
namespace {

const char* type_name(std::uint32_t type) {
  constexpr const char* kNames[] = {"", "switch", "integer", "number", "bytes", "choice", "text", "json", "words"};
  return type < sizeof kNames / sizeof *kNames ? kNames[type] : "";
}

std::string json_line(const vramauto_option_info& option) {
  return std::string("{\"name\": ") + json_string(option.name) + ", \"short_name\": " + json_string(option.short_name) +
         ", \"type\": " + json_string(type_name(option.type)) + ", \"choices\": " + json_string(option.choices) +
         ", \"default\": " + json_string(option.default_text) + ", \"help\": " + json_string(option.help) + "}";
}

std::string text_lines(const vramauto_option_info& option) {
  std::string out = std::string("--") + option.name;
  if (*option.short_name) out += std::string(", -") + option.short_name;
  out += std::string("  ") + (*option.choices ? option.choices : type_name(option.type));
  if (*option.default_text) out += std::string("  [") + option.default_text + "]";
  return out + "\n    " + option.help + "\n";
}

}  // namespace

Exit run_options(bool json) {
  vramauto_option_info option;
  VRAMAUTO_INIT(option);
  std::string out = json ? "{\"options\": [\n" : "";
  for (std::size_t i = 0, count = vramauto_option_count(); i < count; ++i) {
    if (vramauto_option_get(i, &option)) continue;
    out += json ? json_line(option) + (i + 1 < count ? ",\n" : "\n") : text_lines(option);
  }
  print(json ? out + "]}\n" : out);
  return kFits;
}

}  // namespace cli
