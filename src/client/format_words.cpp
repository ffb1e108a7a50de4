// Formats made of words: a line for a shell, and a file of variables.
#include "client/format_documents.hpp"
#include "client/library.hpp"
#include "client/shell.hpp"
#include "client/yaml.hpp"

namespace client {
namespace {

constexpr const char* kArguments = "ENGINE_ARGS";

}  // namespace

std::vector<std::string> words(const PlanView& plan) {
  std::vector<std::string> out = {"serve", plan.model};
  for (const auto& setting : plan.settings) {
    if (setting.name == "optimization-level") {  // before 0.12 the short name was all there was
      out.push_back("-O" + setting.values.at(0));
      continue;
    }
    out.push_back((setting.on ? "--" : "--no-") + setting.name);
    const bool like_an_option = setting.values.size() == 1 && !setting.values[0].empty() && setting.values[0][0] == '-';
    if (like_an_option)
      out.back().append("=").append(setting.values[0]);
    else
      out.insert(out.end(), setting.values.begin(), setting.values.end());
  }
  return out;
}

int port_of(const PlanView& plan) {
  const auto* port = plan.find("port");
  if (!port) return 8000;
  const auto number = number_or_text(port->values.at(0));
  if (!number.is_number_unsigned() || number < 1 || number > 65535)
    throw Failure{kError, "--port", "found \"" + printable(port->values[0]) + "\", expected 1 to 65535"};
  return number.get<int>();
}

std::string format_args(const PlanView& plan) {
  const auto line = words(plan);
  must_be_one_line(line);
  return shell_line(line) + "\n";
}

// The engine has variables for its environment only: what it is told in arguments goes along in one that is ours. Its name does not
// begin with VLLM_, since vLLM warns of such names that it does not know (vLLM 0.33, envs.py, validate_environ).
std::string format_env(const PlanView& plan) {
  std::string out = "# vllm's environment, and in " + std::string(kArguments) +
                    " its arguments. systemd: EnvironmentFile=, ExecStart=vllm $" + kArguments +
                    "\n# A shell: set -a; . FILE; eval \"vllm $" + kArguments + "\"\n";
  for (const auto& [name, value] : plan.command.environment) {
    must_be_one_line("--env", value);
    if (name == kArguments)
      throw Failure{kError, "--env", std::string("found ") + kArguments + ", which holds the engine's arguments here"};
    out.append(name).append("=").append(environment_value(value)).append("\n");
  }
  auto line = format_args(plan);
  line.pop_back();
  return out.append(kArguments).append("=").append(environment_value(line)).append("\n");
}

}  // namespace client
