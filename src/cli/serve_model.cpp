// serve-model: plans, reports to standard error, and becomes the engine, whose standard output, signals and exit status are its
// own.
#include <unistd.h>
#include <CLI/Option.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "client/engine_command.hpp"
#include "client/launch.hpp"
#include "client/shell.hpp"
#include "commands.hpp"
#include "terminal.hpp"

namespace cli {
namespace {

constexpr const char* kFooter =
    "All other words are the engine's, before \"--\" and after it: what the table knows is read into the plan, and what it does "
    "not\n"
    "know is passed on as it is. --gpu-memory-utilization 0, the default, lets the plan choose; another value is kept and judged.\n"
    "The report goes to standard error; the engine takes the place of this process. A model that does not fit is not started: "
    "exit\n"
    "status 3. VLLM_* of the environment counts in the plan as with --env.\n"
    "\n"
    "Examples:\n"
    "  vramauto serve-model --model-path Qwen/Qwen3-8B                              all is chosen\n"
    "  vramauto serve-model --model-path /models/llama --gpu-memory-utilization 0.85 -tp 2 -- --port 8001 --api-key k\n"
    "  vramauto serve-model --model-path /models/llama --engine-command \"/opt/vllm/bin/vllm serve\"\n"
    "  vramauto serve-model --model-path Qwen/Qwen3-8B --gpu \"RTX 4090\" --dry-run   the command for another machine";

void refuse_other_machines(const ServeModelOptions& options) {
  const auto& plan = options.plan;
  for (const auto& [name, value] :
       {std::pair{"--gpu", &plan.gpu}, {"--gpu-memory", &plan.gpu_memory}, {"--devices", &plan.devices}, {"--free", &plan.free}})
    if (!value->empty() && !options.dry_run)
      throw Failure{kUsage, name, "plans for another machine than the engine would start on, expected --dry-run with it"};
}

// A folder whose name begins with a dash, or an option that was meant.
std::string model_path(const std::string& path) { return path.rfind("-", 0) == 0 ? "./" + path : path; }

// The report without its last line, the command, of which ours is a variant.
std::string report_of(const Plan& plan, bool has_command) {
  auto text = text_of([&](char* buffer, std::size_t size) { return vramauto_plan_text(plan.get(), buffer, size); });
  if (const auto last = text.rfind("\n\n"); has_command && last != text.npos) text.resize(last + 1);
  return shows_symbols(STDERR_FILENO) ? text : without_symbols(text);
}

std::string command_line(const Plan& plan, const Launch& launch) {
  std::string out;
  for (const auto& [name, value] : engine_command(plan.get()).environment) out += name + "=" + shell_word(value) + " ";
  return out + shell_line(launch.argv);
}

// What a log may hold of it: the settings that differ from our own environment, and no secrets.
std::string logged_line(const Plan& plan, const std::vector<std::string>& command, EngineOptions given) {
  std::string out;
  for (const auto& [name, value] : engine_command(plan.get()).environment) {
    const char* own = std::getenv(name.c_str());
    if (own && value == own) continue;
    const bool secret = name.find("KEY") != name.npos || name.find("TOKEN") != name.npos || name.find("SECRET") != name.npos;
    out += name + "=" + (secret ? "***" : shell_word(value)) + " ";
  }
  for (auto& word : given.secret) {
    const bool flag = word.rfind("--", 0) == 0;
    word = flag ? word.substr(0, word.find('=')) : "***";
  }
  return out + shell_line(launch(plan.get(), command, given, environ).argv);
}

// Whether the engine is to be started, and why, in words.
bool allowed(const vramauto_plan_info& info, bool force) {
  if (info.fits == 0 && !force) {
    complain("", "does not fit, so nothing is started; --force starts the engine all the same");
    return false;
  }
  if (info.fits == 0) complain("", "does not fit; the engine is started all the same, as --force says");
  if (info.fits == 2) complain("", "whether it fits is not known; the engine is started, and may run out of memory");
  if (info.fits == 1 && info.margin == VRAMAUTO_MARGIN_THIN)
    complain("", "fits with a thin margin; the engine is started, and may run out of memory");
  return true;
}

void say_unknown(const EngineOptions& options) {
  if (options.unknown.empty()) return;
  std::string flags;
  for (const auto& word : options.unknown)
    if (word.rfind("-", 0) == 0) flags += (flags.empty() ? "" : ", ") + word.substr(0, word.find('='));
  complain("", "passed on as they are, whatever memory they take is not counted: " + flags);
}

[[noreturn]] void become(const std::string& program, Launch& launch) {
  const auto argv = null_terminated(launch.argv), environment = null_terminated(launch.environment);
  std::fflush(nullptr);
  execve(program.c_str(), argv.data(), environment.data());
  throw Failure{kError, program, "cannot be started: " + std::string(std::strerror(errno))};
}

void declare(CLI::App& app, ServeModelOptions& options) {
  app.add_option("--model-path", options.plan.model, kModel)->required()->type_name("MODEL");
  app.add_option("--engine-command", options.engine_command,
                 "what starts the engine, before the model: split into words as a shell would, but no shell is run [vllm serve]")
      ->type_name("COMMAND")
      ->take_last();
  app.add_flag("--force", options.force, "start also what does not fit");
  app.add_flag("--dry-run", options.dry_run, "print the command to standard output and start nothing");
  declare_machine(app, options.plan);
  app.footer(kFooter);
}

// An option with its value in the spelling that the parser takes whatever the value begins with; it does not take an empty one so.
void add_own(std::vector<std::string>& out, const std::string& name, const std::string& value) {
  if (value.empty())
    out.insert(out.end(), {name, value});
  else
    out.push_back(name + "=" + value);
}

// What is declared here is ours, up to "--"; whatever else there is, the engine's.
std::vector<std::string> own_words(const CLI::App& app, ServeModelOptions& options, int argc, char** argv) {
  std::vector<std::string> out = {argv[1]};
  int at = 2;
  for (; at < argc && std::strcmp(argv[at], "--") != 0; ++at) {
    const std::string word = argv[at];
    const auto equals = word.find('=');
    auto name = word.substr(0, equals);
    if (name.rfind("--", 0) == 0) std::replace(name.begin(), name.end(), '_', '-');
    const auto* option = name.size() > 1 && name[0] == '-' ? app.get_option_no_throw(name) : nullptr;
    if (!option)
      options.engine.push_back(word);
    else if (equals != word.npos)
      add_own(out, name, word.substr(equals + 1));
    else if (option->get_expected_max() > 0 && at + 1 < argc)
      add_own(out, name, argv[++at]);
    else
      out.push_back(name);
  }
  for (++at; at < argc; ++at) options.engine.emplace_back(argv[at]);
  return out;
}

}  // namespace

std::vector<std::string> declare_serve_model(CLI::App& app, ServeModelOptions& options, int argc, char** argv) {
  declare(app, options);
  auto out = own_words(app, options, argc, argv);
  declare_workload(app, options.plan);  // for the help: its options are among the engine's words
  return out;
}

Exit run_serve_model(ServeModelOptions options) {
  refuse_other_machines(options);
  const auto command = split_command(options.engine_command);
  const auto program = options.dry_run ? command.front() : find_program(command.front(), std::getenv("PATH"));
  const auto given = read_engine_options(options.engine);
  options.plan.model = model_path(options.plan.model);
  options.plan.only_here = !options.dry_run;
  options.plan.read = engine_variables(environ);
  options.plan.read.insert(options.plan.read.end(), given.set.begin(), given.set.end());

  const auto [devices, plan] = planned(options.plan);
  vramauto_plan_info info;
  VRAMAUTO_INIT(info);
  if (vramauto_plan_get(plan.get(), &info)) throw Failure{kError, "", "the plan cannot be read"};
  auto start = launch(plan.get(), command, given, environ);
  std::fputs((report_of(plan, info.fits != 0) + "\n").c_str(), stderr);
  say_unknown(given);
  if (options.dry_run) {
    print(command_line(plan, start) + "\n");
    return info.fits == 0 && !options.force ? kDoesNotFit : kFits;
  }
  if (!allowed(info, options.force)) return kDoesNotFit;
  std::fputs((logged_line(plan, command, given) + "\n").c_str(), stderr);
  become(program, start);
}

}  // namespace cli
