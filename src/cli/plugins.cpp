// The plugins of this machine: what is in use, what was refused and why.
#include "client/json_text.hpp"
#include "commands.hpp"
#include "terminal.hpp"

namespace cli {
namespace {

std::string json_or_null(const char* text) { return *text ? json_string(text) : "null"; }

std::string json_line(const vramauto_plugin_info& plugin) {
  return "{\"id\": " + json_or_null(plugin.id) + ", \"version\": " + json_or_null(plugin.version) +
         ", \"path\": " + json_or_null(plugin.path) + ", \"status\": " + json_string(vramauto_status_name(plugin.status)) +
         ", \"message\": " + json_string(plugin.message) + "}";
}

std::string text_lines(const vramauto_plugin_info& plugin) {
  const std::string name = *plugin.id ? std::string(plugin.id) + " " + plugin.version : *plugin.path ? plugin.path : "an entry";
  const std::string from = *plugin.id && *plugin.path ? std::string(" (") + plugin.path + ")" : "";
  return (plugin.status == VRAMAUTO_OK ? "in use   " : "refused  ") + name + from + "\n         " + plugin.message + "\n";
}

}  // namespace

Exit run_plugins(bool json) {
  const auto context = make<Context>(kError, [](auto out, auto err) { return vramauto_context_new(nullptr, out, err); });
  vramauto_plugin_info plugin;
  VRAMAUTO_INIT(plugin);
  std::string out = json ? "{\"plugins\": [\n" : "";
  for (std::size_t i = 0, count = vramauto_plugin_count(context.get()); i < count; ++i) {
    if (vramauto_plugin_get(context.get(), i, &plugin)) continue;
    out += json ? json_line(plugin) + (i + 1 < count ? ",\n" : "\n") : text_lines(plugin);
  }
  print(json ? out + "]}\n" : out);
  return kFits;
}

}  // namespace cli
