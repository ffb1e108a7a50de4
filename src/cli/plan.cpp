#include <unistd.h>
#include <CLI/Option.hpp>
#include <cstdio>
#include <memory>

#include "client/devices.hpp"
#include "client/format.hpp"
#include "client/option_table.hpp"
#include "commands.hpp"
#include "network.hpp"
#include "terminal.hpp"

namespace cli {
namespace {

constexpr std::size_t kLongestFile = 1 << 20;
constexpr const char* kNoGpu = "no GPU found: sizes are told, whether they fit is not";

// A whole file, or standard input for "-".
std::string read_all(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"),
                                                   [](FILE* f) { return f == stdin ? 0 : std::fclose(f); });
  if (!file) throw Failure{kError, path, "cannot be opened, expected a file of devices as `vramauto detect --json` writes them"};
  std::string out(kLongestFile, '\0');
  out.resize(std::fread(out.data(), 1, out.size(), file.get()));
  if (std::ferror(file.get()))
    throw Failure{kError, path, "cannot be read, expected a file of devices as `vramauto detect --json` writes them"};
  if (out.size() == kLongestFile) throw Failure{kError, path, "is larger than 1 MiB, expected a short list of devices"};
  return out;
}

Devices detected(const Context& context, bool only_here) {
  auto found = make<Devices>(kError, [&](auto out, auto err) { return vramauto_devices_detect(context.get(), 0, out, err); });
  if (vramauto_devices_count(found.get()) == 0) {
    complain("", only_here ? kNoGpu : kNoGpu + std::string("; name one with --gpu, for example --gpu \"RTX 4090\""));
    return nullptr;
  }
  return found;
}

Devices chosen(const Context& context, const PlanOptions& options) {
  Devices devices;
  if (!options.devices.empty())
    devices = parsed_devices(context, kError, read_all(options.devices));
  else if (!options.gpu.empty())
    devices = parsed_devices(context, kUsage, options.gpu);
  else if (!options.gpu_memory.empty())
    devices = parsed_devices(context, kUsage, options.gpu_memory);
  else
    devices = detected(context, options.only_here);
  if (options.free.empty() || !devices) return devices;
  return with_free(context, devices, bytes_of(context, "--free", options.free));
}

Workload workload_of(const Context& context, const PlanOptions& options) {
  auto out = make<Workload>(kError, [&](auto handle, auto err) { return vramauto_workload_new(context.get(), handle, err); });
  // Of an option given more than once the last value stays; an environment adds up.
  const auto set = [&](const std::string& name, const std::string& value) {
    vramauto_error err;
    VRAMAUTO_INIT(err);
    if (vramauto_workload_set(out.get(), name.c_str(), value.c_str(), &err)) throw Failure{kUsage, "--" + name, err.message};
  };
  for (const auto& [name, option] : options.workload)
    for (const auto& value : option->results()) set(name, value);
  for (const auto& [name, value] : options.read) set(name, value);
  return out;
}

Model opened(const Context& context, const std::string& path) {
  return make<Model>(kError, [&](auto out, auto err) { return vramauto_model_open(context.get(), path.c_str(), out, err); });
}

void attach(const Context& context, const Workload& workload, const char* role, const std::string& path) {
  const auto model = opened(context, path);
  vramauto_error err;
  VRAMAUTO_INIT(err);
  if (vramauto_workload_attach(workload.get(), role, model.get(), &err)) throw Failure{kError, err.where, err.message};
}

void print_plan(const Plan& plan, bool json) {
  const auto text = text_of([&](char* buffer, std::size_t size) {
    return json ? vramauto_plan_json(plan.get(), buffer, size) : vramauto_plan_text(plan.get(), buffer, size);
  });
  print(json || shows_symbols(STDOUT_FILENO) ? text : without_symbols(text));
}

std::optional<Format> format_of(const PlanOptions& options) {
  if (options.format.empty()) return std::nullopt;
  const auto format = format_named(options.format);
  if (!format) throw Failure{kUsage, "--format", "found \"" + options.format + "\", expected one of " + std::string(kFormats)};
  return format;
}

// Nothing but the text to standard output; what has to be known besides to standard error.
void print_format(Format format, const PlanView& plan) {
  const auto text = formatted(format, plan);
  for (const auto& note : notes(format, plan)) complain("note", note);
  print(text);
}

// One option of the library's table.
CLI::Option* declare(CLI::App& app, const vramauto_option_info& info) {
  const std::string flag = std::string("--") + info.name;
  const std::string help = std::string(info.help) + (*info.default_text ? std::string(" [") + info.default_text + "]" : "");
  const bool on_or_off = info.type == client::kSwitch;
  auto* option = on_or_off ? app.add_flag(flag + ",!--no-" + info.name) : app.add_option(flag);
  option->description(help)->group("Engine and workload")->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  if (!on_or_off) option->type_name(*info.choices ? info.choices : info.type == client::kInteger ? "N" : info.type == client::kBytes ? "SIZE" : "VALUE");
  return option;
}

}  // namespace

void declare_plan(CLI::App& app, PlanOptions& options) {
  app.add_option("MODEL", options.model, kModel)->required();
  declare_machine(app, options);
  auto* json = app.add_flag("--json", options.json, "the whole answer, schema vramauto.plan/1");
  app.add_option(
         "--format", options.format,
         "what starts the engine: a line, a file of its environment, its --config file, docker run, a Deployment, Ray Serve")
      ->type_name(std::string(kFormats))
      ->excludes(json);
  declare_workload(app, options);
}

void declare_machine(CLI::App& app, PlanOptions& options) {
  auto* gpu = app.add_option("--gpu", options.gpu, "GPUs by name: \"RTX 4090\", \"2x H100 80GB\" [those of this machine]")
                  ->type_name("NAME");
  auto* memory = app.add_option("--gpu-memory", options.gpu_memory, "a GPU of this size: 24GiB")->type_name("SIZE");
  app.add_option("--devices", options.devices, "GPUs as `vramauto detect --json` writes them; - reads standard input")
      ->type_name("FILE")
      ->excludes(gpu)
      ->excludes(memory);
  gpu->excludes(memory);
  app.add_option("--free", options.free, "memory that is free on every GPU before the start: 20GiB [all, or as detected]")
      ->type_name("SIZE");
  app.add_option("--draft-model", options.draft_model,
                 "model that drafts in speculative decoding: what --speculative-config calls \"model\"")
      ->type_name("MODEL");
  app.add_option("--lora-model", options.lora_models, "LoRA adapter that is served too: its folder; may be repeated")
      ->type_name("ADAPTER")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  declare_network(app, options);
}

void declare_workload(CLI::App& app, PlanOptions& options) {
  for (const auto& info : client::known_options()) options.workload.emplace_back(info.name, declare(app, info));
}

Devices devices_of(const Context& context, const PlanOptions& options) { return chosen(context, options); }

Planned planned(const PlanOptions& options) {
  ProgressLine line;
  const auto context = open_context(options, &line);
  const auto workload = workload_of(context, options);
  auto devices = chosen(context, options);
  const auto model = opened(context, options.model);
  if (!options.draft_model.empty()) attach(context, workload, "speculative", options.draft_model);
  for (const auto& adapter : options.lora_models) attach(context, workload, "lora", adapter);
  line.clear();
  auto plan = make<Plan>(kError, [&](auto out, auto err) {
    return vramauto_plan_calculate(context.get(), devices.get(), model.get(), workload.get(), out, err);
  });
  return {std::move(devices), std::move(plan)};
}

Exit run_plan(const PlanOptions& options) {
  const auto format = format_of(options);
  const auto [devices, plan] = planned(options);
  if (format) return print_format(*format, view_of(plan.get(), devices.get())), kFits;
  print_plan(plan, options.json);
  vramauto_plan_info info;
  VRAMAUTO_INIT(info);
  return vramauto_plan_get(plan.get(), &info) == VRAMAUTO_OK && info.fits == 0 ? kDoesNotFit : kFits;
}

}  // namespace cli
