#include "serve/options.hpp"

#include <sys/stat.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "client/library.hpp"

namespace serve {
namespace {

constexpr std::size_t kShortestToken = 16, kLongestToken = 4096;

// The file's first line. It is a secret: nobody else may read it.
std::string token_in(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  struct stat facts;
  if (!file || ::fstat(::fileno(file.get()), &facts))
    throw client::Failure{client::kError, "--token-file " + path, "cannot be opened, expected a file with a token"};
  if (S_ISREG(facts.st_mode) && (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    throw client::Failure{client::kError, "--token-file " + path, "can be read by others, expected mode 600"};
  char line[kLongestToken + 2] = "";
  std::string out = std::fgets(line, sizeof line, file.get()) ? line : "";
  while (!out.empty() && (out.back() == '\n' || out.back() == '\r')) out.pop_back();
  return out;
}

// No %: cpp-httplib reads "%41" in a header as "A", so that such a token would never be the one that is sent.
void check_token(const std::string& token) {
  const bool plain = std::all_of(token.begin(), token.end(), [](unsigned char c) { return c > ' ' && c < 127 && c != '%'; });
  if (token.size() < kShortestToken || token.size() > kLongestToken || !plain)
    throw client::Failure{client::kUsage, "--token",
                          "found " + std::to_string(token.size()) + " characters, expected 16 to 4096 that can be seen, no spaces and no %"};
}

// NaN is neither below a CLI::Range nor above it.
std::string check_number(const std::string& text) {
  return std::isnan(std::strtod(text.c_str(), nullptr)) ? "found " + text + ", expected a number of seconds" : "";
}

void declare_access(CLI::App& app, Options& out, std::string& token_file) {
  app.add_option("--host", out.host, "address to listen on; another than this machine's own needs a token [127.0.0.1]")
      ->type_name("ADDRESS");
  app.add_option("--port", out.port, "port to listen on; 0: any, which is printed [8080]")
      ->type_name("N")
      ->check(CLI::Range(0, 65535).description(""));
  auto* token = app.add_option("--token", out.token,
                               "what clients must send as Authorization: Bearer; others here can see it in the process list")
                    ->type_name("TEXT");
  app.add_option("--token-file", token_file, "the same, read from a file that nobody else may read")
      ->type_name("FILE")
      ->excludes(token);
}

void declare_facts(CLI::App& app, Options& out) {
  app.add_option("--model-root", out.model_roots,
                 "folder below which models are; may be repeated [any path for this machine, none for others]")
      ->type_name("DIR")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--gpu", out.gpus, "GPUs that count as this machine's: \"2x RTX 4090\" [those that are detected]")
      ->type_name("NAME");
  app.add_flag("--online", out.online, "read models that are not here from the hub");
}

void declare_limits(CLI::App& app, Options& out) {
  app.add_option("--connections", out.connections, "clients at once; a thread each [128]")
      ->type_name("N")
      ->check(CLI::Range(1, 512).description(""));
  app.add_option("--request-timeout", out.request_timeout, "seconds for a client to send a request [10]")
      ->type_name("SECONDS")
      ->check(check_number)
      ->check(CLI::Range(0.1, 3600.0).description(""));
}

void declare_engine(CLI::App& app, Options& out) {
  app.add_option("--engine-command", out.engine_command, "what starts the engine, before its model [vllm serve]")
      ->type_name("COMMAND");
  app.add_option("--engine-log", out.engine_log, "file to which all that the engine says is appended")->type_name("FILE");
  app.add_option("--load-timeout", out.load_timeout, "seconds until an engine that is not ready is ended [1800]")
      ->type_name("SECONDS")
      ->check(check_number)
      ->check(CLI::Range(0.1, 1e6).description(""));
  app.add_option("--grace", out.grace, "seconds between asking the engine to end and killing it [30]")
      ->type_name("SECONDS")
      ->check(check_number)
      ->check(CLI::Range(0.0, 3600.0).description(""));
}

}  // namespace

bool read_options(int argc, char** argv, Options& out) {
  CLI::App app{"Answers over HTTP: plans, devices, options, and one engine that is started and watched.", "vramauto serve"};
  std::string token_file;
  declare_access(app, out, token_file);
  declare_facts(app, out);
  declare_limits(app, out);
  declare_engine(app, out);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return false;
  } catch (const CLI::ParseError& error) {
    throw client::Failure{client::kUsage, "", error.what() + std::string("; see vramauto serve --help")};
  }
  if (!token_file.empty()) out.token = token_in(token_file);
  if (app.count("--token") || !token_file.empty()) check_token(out.token);
  return true;
}

}  // namespace serve
