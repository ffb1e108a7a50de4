// What is built in: the well-known models, and the GPUs with their sizes.
#include "client/json_text.hpp"
#include "commands.hpp"
#include "terminal.hpp"

namespace cli {
namespace {

std::string total_of(const Context& context, const char* gpu) {
  const auto devices =
      make<Devices>(kError, [&](auto out, auto err) { return vramauto_devices_parse(context.get(), gpu, out, err); });
  vramauto_device_info info;
  VRAMAUTO_INIT(info);
  if (vramauto_devices_get(devices.get(), 0, &info) || info.total_bytes == VRAMAUTO_UNKNOWN) return "null";
  return std::to_string(info.total_bytes);
}

std::string list(const char* name, const char* (*nth)(std::size_t), auto&& members_of) {
  std::string out = std::string("{\"") + name + "\": [\n";
  for (std::size_t i = 0; const char* one = nth(i); ++i) out += (i ? ",\n{" : "{") + members_of(one) + "}";
  return out + "\n]}\n";
}

std::string lines(const char* (*nth)(std::size_t)) {
  std::string out;
  for (std::size_t i = 0; const char* one = nth(i); ++i) out += std::string(one) + "\n";
  return out;
}

}  // namespace

Exit run_models(bool json) {
  print(json ? list("models", vramauto_catalogue_model, [](const char* id) { return "\"id\": " + json_string(id); })
             : lines(vramauto_catalogue_model));
  return kFits;
}

Exit run_gpus(bool json) {
  if (!json) return print(lines(vramauto_catalogue_gpu)), kFits;
  vramauto_context_options options;
  VRAMAUTO_INIT(options);
  options.flags = VRAMAUTO_CONTEXT_NO_PLUGINS;
  const auto context = make<Context>(kError, [&](auto out, auto err) { return vramauto_context_new(&options, out, err); });
  print(list("gpus", vramauto_catalogue_gpu,
             [&](const char* name) { return "\"name\": " + json_string(name) + ", \"total_bytes\": " + total_of(context, name); }));
  return kFits;
}

}  // namespace cli
