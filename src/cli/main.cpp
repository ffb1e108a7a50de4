// vramauto: the command. It sees the public header only; its options are the library's own table.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <new>
#include <string_view>

#include "commands.hpp"
#include "terminal.hpp"
#include "words.hpp"

namespace {

using namespace cli;

constexpr const char* kAbout =
    "How much GPU memory will a model need in an inference engine, and which settings start the first time?";
constexpr const char* kExamples =
    "Examples:\n"
    "  vramauto plan Qwen/Qwen3-8B --gpu \"RTX 4090\"              a well-known model, no files needed\n"
    "  vramauto plan /models/llama --max-model-len 32k -tp 2     a folder, on two GPUs of this machine\n"
    "  vramauto plan /models/llama --gpu-memory 24GiB --json     the whole answer for a script\n"
    "  vramauto plan /models/llama --format docker               one line that starts it in vLLM's image\n"
    "  vramauto plan 7B --method rule --gpu-memory 24GiB         from a size alone, by a rule of thumb\n"
    "  vramauto compare Qwen/Qwen3-8B --gpus \"L4, 2x A10\"        which of these machines fits, and which wastes least\n"
    "  vramauto serve-model --model-path /models/llama -tp 2     plans, then starts the engine with these settings\n"
    "  vramauto serve --model-root /models                       the same over HTTP, with a page, on 127.0.0.1:8080\n"
    "  vramauto detect --json > gpus.json                        the GPUs here, for --devices elsewhere\n"
    "  vramauto options                                          every option of plan, explained\n"
    "  vramauto models                                           the ids that need no files\n"
    "  vramauto plugins                                          the estimators here, and what was refused and why\n"
    "\n"
    "Exit status: 0 it fits, or is not known; 1 error; 2 usage; 3 it does not fit.";

std::string version() {
  const auto number = vramauto_version();
  return "vramauto " + std::to_string(number / 1000000) + "." + std::to_string(number / 1000 % 1000) + "." +
         std::to_string(number % 1000);
}

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames()) out.push_back("--" + name);
  return out;
}

// What the parser could not use. The first word says what is wrong; those after it are mostly its value.
void refuse_unknown(const CLI::App& app, const CLI::App& command) {
  const auto rest = app.remaining(true);
  if (rest.empty()) return;
  const auto option =
      std::find_if(rest.begin(), rest.end(), [](const std::string& word) { return word.size() > 1 && word[0] == '-'; });
  if (option == rest.end()) throw Failure{kUsage, rest.front(), "is one argument too many; see vramauto --help"};
  const auto word = option->substr(0, option->find('='));
  const auto near = nearest(word, names_of(command));
  throw Failure{kUsage, word,
                "there is no option of this name; " + (near.empty() ? "see vramauto options" : "the nearest is " + near)};
}

struct Command {
  CLI::App app{kAbout, "vramauto"};
  CLI::App *plan, *compare, *serve_model, *detect, *options, *plugins, *models, *gpus;
  PlanOptions plan_options;
  CompareOptions compare_options;
  ServeModelOptions serve_model_options;
  bool json = false;  // of the commands that only list

  Command() {
    app.footer(kExamples);
    app.set_version_flag("--version", version());
    app.require_subcommand(1);
    plan = app.add_subcommand("plan", "settings that start, and why");
    compare = app.add_subcommand("compare", "models, machines and settings side by side");
    serve_model = app.add_subcommand(
        "serve-model",
        "plan, then start the engine with these settings; words that are not options of this command are the engine's");
    detect = app.add_subcommand("detect", "the GPUs of this machine");
    options = app.add_subcommand("options", "every workload option of plan");
    plugins = app.add_subcommand("plugins", "the estimators that are there, and the plugins that were refused");
    // Its options are its own: run() hands them on before anything here is parsed.
    app.add_subcommand("serve", "an HTTP service: plans for programs, a page for people, one engine started and watched");
    models = app.add_subcommand("models", "the well-known models that are built in, which need no files");
    gpus = app.add_subcommand("gpus", "the GPUs that are built in, by the names that --gpu takes");
    for (auto* command : {&app, plan, compare, serve_model, detect, options, plugins, models, gpus}) command->allow_extras();
    detect->add_flag("--json", json, "as --devices reads them");
    for (auto* command : {options, plugins, models, gpus}) command->add_flag("--json", json, "for programs");
  }

  Exit run() {
    refuse_unknown(app, *app.get_subcommands().front());
    if (*plan) return run_plan(plan_options);
    if (*compare) return run_compare(compare_options);
    if (*serve_model) return run_serve_model(serve_model_options);
    if (*detect) return run_detect(json);
    if (*plugins) return run_plugins(json);
    if (*models) return run_models(json);
    return *gpus ? run_gpus(json) : run_options(json);
  }
};

int run(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "serve") return run_serve(argv + 1);
  Command command;
  const bool serves = argc > 1 && std::string(argv[1]) == "serve-model";
  auto words = serves ? declare_serve_model(*command.serve_model, command.serve_model_options, argc, argv) : normalised(argc, argv);
  // The workload's options are declared only for the command that has them.
  const auto named = [&](const char* name) { return std::find(words.begin(), words.end(), name) != words.end(); };
  if (named("plan")) declare_plan(*command.plan, command.plan_options);
  if (named("compare")) declare_compare(*command.compare, command.compare_options);
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  try {
    command.app.parse(words);
  } catch (const CLI::CallForHelp&) {
    return print(command.app.help()), kFits;
  } catch (const CLI::CallForVersion&) {
    return print(version() + "\n"), kFits;
  } catch (const CLI::ParseError& error) {
    throw Failure{kUsage, "", error.what() + std::string("; see vramauto --help")};
  }
  return command.run();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Failure& failure) {
    complain(failure.where, failure.message);
    return failure.exit;
  } catch (const std::bad_alloc&) {
    complain("", "out of memory");
    return kError;
  }
}
