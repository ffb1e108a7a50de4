// One line for a shell that starts vLLM's image. The entry point is named, since releases of the image differ in theirs.
#include "client/format_documents.hpp"
#include "client/format_files.hpp"
#include "client/format_gpus.hpp"
#include "client/library.hpp"
#include "client/shell.hpp"

namespace client {
namespace {

// --gpus and --mount are lists of comma-separated values, as encoding/csv of Go reads them.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"") == text.npos) return text;
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

std::string mount(const std::string& path, bool writable) {
  return "type=bind," + field("source=" + path) + "," + field("target=" + path) + (writable ? "" : ",readonly");
}

// Of a host Docker takes the address only: "docker: invalid IP address: localhost".
std::string published(const PlanView& plan) {
  const auto* host = plan.find("host");
  auto address = host ? host->values.at(0) : "";
  if (address == "localhost") address = "127.0.0.1";
  const bool v6 = address.find(':') != address.npos;
  if (address.find_first_not_of(v6 ? "0123456789abcdefABCDEF:." : "0123456789.") != address.npos)
    throw Failure{kError, "--host", "found \"" + printable(address) + "\", expected an address of this machine, since Docker takes no name"};
  if (v6) address = "[" + address + "]";
  const auto number = std::to_string(port_of(plan));
  return (address.empty() ? "" : address + ":") + number + ":" + number;
}

std::string gpus(const PlanView& plan) {
  const auto used = used_gpus(plan);
  return used.empty() ? std::to_string(plan.rank_count()) : field("device=" + used);
}

}  // namespace

std::string format_docker(const PlanView& asked) {
  must_be_one_node(asked, "docker run starts one");
  auto [plan, paths, needs_hub] = for_container(asked);
  std::vector<std::string> out = {"docker", "run", "--rm", "--gpus", gpus(plan), "--ipc", "host", "--publish", published(plan)};
  // What was compiled outlives the container: without that every start is a first one, which has less room (vLLM 0.33, envs.py).
  if (!plan.sets("VLLM_CACHE_ROOT")) out.insert(out.end(), {"--volume", "vllm-cache:/root/.cache/vllm"});
  const auto* downloads = plan.find("download-dir");
  for (const auto& path : paths) out.insert(out.end(), {"--mount", mount(path, downloads && downloads->values.at(0) == path)});
  for (const auto& [name, value] : environment_inside(plan, true)) out.insert(out.end(), {"--env", name + "=" + value});
  // The cache as huggingface_hub finds it, and the token where there is one: for the shell to fill in.
  std::string hub = needs_hub ? " --volume \"${HF_HOME:-$HOME/.cache/huggingface}:/root/.cache/huggingface\"" : "";
  if (needs_hub && !plan.sets("HF_TOKEN")) hub += " --env HF_TOKEN";
  plan.drop("host");  // says where the container is published; inside, the server has to listen to all
  std::vector<std::string> command = {"--entrypoint", "vllm", image(plan)};
  for (auto& word : words(plan)) command.push_back(std::move(word));
  must_be_one_line(out);
  must_be_one_line(command);
  return shell_line(out) + hub + " " + shell_line(command) + "\n";
}

}  // namespace client
