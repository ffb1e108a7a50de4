#include "client/option_list.hpp"
#include "client/option_table.hpp"
#include "commands.hpp"
#include "terminal.hpp"

namespace cli {
namespace {

std::string text_lines(const vramauto_option_info& option) {
  std::string out = std::string("--") + option.name;
  if (*option.short_name) out += std::string(", -") + option.short_name;
  out += std::string("  ") + (*option.choices ? option.choices : option_type_name(option.type));
  if (*option.default_text) out += std::string("  [") + option.default_text + "]";
  return out + "\n    " + option.help + "\n";
}

}  // namespace

Exit run_options(bool json) {
  std::string out;
  for (const auto& option : client::known_options()) out += text_lines(option);
  print(json ? options_json() : out);
  return kFits;
}

}  // namespace cli
