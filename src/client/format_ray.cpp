// Ray Serve LLM: a file for `serve deploy`. engine_kwargs are the fields of vLLM's AsyncEngineArgs and FrontendArgs, with their
// types (Ray 2.60, llm/_internal/serve/engines/vllm/vllm_models.py); what vLLM's own server would do, Ray Serve does.
#include <algorithm>
#include <string_view>

#include "client/format_documents.hpp"
#include "client/format_files.hpp"
#include "client/format_gpus.hpp"
#include "client/library.hpp"
#include "client/option_table.hpp"
#include "client/shell.hpp"
#include "client/yaml.hpp"

namespace client {
namespace {

// Options of vLLM's HTTP server and of how it starts its processes: Ray Serve has its own, or none.
constexpr std::string_view kServer =
    " allow-credentials allowed-headers allowed-methods allowed-origins api-key api-server-count config data-parallel-address "
    "data-parallel-backend data-parallel-external-lb data-parallel-hybrid-lb data-parallel-rank data-parallel-rpc-port "
    "data-parallel-size-local data-parallel-start-rank disable-fastapi-docs disable-frontend-multiprocessing "
    "disable-uvicorn-access-log enable-request-id-headers enable-ssl-refresh headless log-config-file master-addr master-port "
    "middleware nnodes node-rank root-path shutdown-timeout ssl-ca-certs ssl-certfile ssl-keyfile tool-server uvicorn-log-level ";

// Neutral options are texts in the table, whatever they hold: these are names even when they look like numbers.
constexpr std::string_view kNames =
    " chat-template code-revision download-dir hf-config-path hf-token revision tokenizer tokenizer-revision ";

// What Ray knows of NVIDIA's (ray/util/accelerators/accelerators.py), as it names a node's GPU after its driver
// (_private/accelerators/nvidia_gpu.py): the words in capitals behind the vendor's.
constexpr std::string_view kAccelerators =
    " A100 A10G B200 B300 GB200 GB300 H100 H20 H200 K80 L4 L40S P100 P4 RTX-PRO-6000 T4 V100 ";

constexpr std::string_view kElsewhere = " served-model-name host port ";  // in the file, but no argument of the engine

bool among(std::string_view words, const std::string& name) {
  return !name.empty() && name.find(' ') == name.npos && words.find(" " + name + " ") != words.npos;
}

[[noreturn]] void refuse(const std::string& name, const std::string& message) { throw Failure{kError, "--" + name, message}; }

std::string accelerator(const Gpu& gpu) {
  const auto space = gpu.name.find(' ');
  if (space == gpu.name.npos || gpu.mig) return "";
  auto rest = gpu.name.substr(space + 1);
  if (rest.rfind("RTX PRO 6000", 0) == 0) return "RTX-PRO-6000";
  rest = rest.substr(0, rest.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"));
  return among(kAccelerators, rest) ? rest : "";
}

// Of the GPUs that the plan uses, when it is one and no other of the machine has it.
std::string accelerator(const PlanView& plan) {
  if (plan.ranks.empty()) return "";
  const auto& first = plan.gpus[plan.ranks[0]];
  const auto alike = [&](std::size_t at) {
    return plan.gpus[at].name == first.name && plan.gpus[at].total_bytes == first.total_bytes;
  };
  if (!std::all_of(plan.ranks.begin(), plan.ranks.end(), alike))
    throw Failure{kError, "--format",
                  "found " + gpu_names(plan) + " for one engine, expected equal GPUs: Ray decides which rank gets which"};
  const auto type = accelerator(first);
  const auto other = [&](const Gpu& gpu) { return accelerator(gpu) != type; };
  for (std::size_t at = 0; at < plan.gpus.size(); ++at)
    if (!alike(at) && (type.empty() || !other(plan.gpus[at])))
      throw Failure{kError, "--format",
                    "found unequal GPUs that Ray has no names for, expected a plan for " + gpu_names(plan) + " alone (--gpu)"};
  return type;
}

// "image=2,video=0": vLLM before 0.9, engine/arg_utils.py, nullable_kvs.
Document object_of_pairs(std::string_view text) {
  auto out = Document::object();
  while (!text.empty()) {
    const auto pair = text.substr(0, text.find(','));
    const auto equals = std::min(pair.find('='), pair.size());
    out[std::string(pair.substr(0, equals))] = number_or_text(std::string(pair.substr(std::min(equals + 1, pair.size()))));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
  }
  return out;
}

Document typed(const Setting& setting) {
  if (setting.values.empty()) return setting.on;
  if (setting.many()) {
    const bool numbers = setting.name == "cudagraph-capture-sizes" || setting.name == "cuda-graph-sizes";
    auto list = Document::array();
    for (const auto& value : setting.values) list.push_back(numbers ? number_or_text(value) : Document(value));
    return list;
  }
  const auto& value = setting.values[0];
  const bool json = setting.type == kJson || (setting.type == kText && !value.empty() && (value[0] == '{' || value[0] == '['));
  if (auto read = json ? read_json(value) : std::nullopt) return std::move(*read);
  if (setting.type == kJson) return object_of_pairs(value);
  const bool number = setting.type == kInteger || setting.type == kNumber || setting.type == kBytes ||
                      (setting.type == kText && !among(kNames, setting.name));
  return number ? number_or_text(value) : Document(value);
}

std::string field(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

bool moved_elsewhere(const Setting& setting) {
  if (setting.name != "distributed-executor-backend") return among(kElsewhere, setting.name);
  if (setting.values.at(0) != "ray") refuse(setting.name, "found \"" + printable(setting.values[0]) + "\", expected ray");
  return true;
}

Document engine_kwargs(const PlanView& plan) {
  auto out = Document::object();
  for (const auto& setting : plan.settings) {
    if (among(kServer, setting.name))
      refuse(setting.name, "is for vllm's own server, which Ray Serve stands in for; expected it left out");
    if (setting.name == "lora-modules")
      refuse("lora-model",
             "Ray Serve LLM reads adapters from a cloud bucket (lora_config); --format kubernetes and docker serve them");
    if (moved_elsewhere(setting)) continue;
    if (setting.name == "optimization-level") {
      const auto [name, level] = level_of(plan, setting);
      out[field(name)] = level;
    } else {
      out[field(setting.name)] = typed(setting);
    }
  }
  return out;
}

// Ray expands $NAME in values and has no way to say a dollar (ray/_private/utils.py, update_envs).
Document environment(const PlanView& plan) {
  auto out = Document::object();
  for (const auto& [name, value] : plan.command.environment) {
    if (name == "CUDA_VISIBLE_DEVICES") continue;  // Ray's own to set
    if (value.find('$') != value.npos) throw Failure{kError, "--env", name + " has a \"$\", which Ray would take for a variable"};
    out[name] = value;
  }
  return out;
}

Document llm_config(const PlanView& plan) {
  const auto* served = plan.find("served-model-name");
  const auto name = served                  ? served->values.at(0)
                    : plan.model_id.empty() ? plan.model.substr(plan.model.rfind('/') + 1)
                                            : plan.model_id;
  Document out;
  out["model_loading_config"] = {{"model_id", name}, {"model_source", plan.model}};
  if (const auto type = accelerator(plan); !type.empty()) out["accelerator_type"] = type;
  out["engine_kwargs"] = engine_kwargs(plan);
  if (const auto* off = plan.find("disable-log-stats"); off && off->on) out["log_engine_metrics"] = false;
  if (auto variables = environment(plan); !variables.empty()) out["runtime_env"] = {{"env_vars", std::move(variables)}};
  out["deployment_config"] = {{"num_replicas", 1}};  // of data parallel ranks: one group
  return out;
}

Document http_options(const PlanView& plan) {
  auto out = Document::object();
  if (const auto* host = plan.find("host")) out["host"] = host->values.at(0);
  if (plan.find("port")) out["port"] = port_of(plan);
  return out;
}

}  // namespace

std::string format_ray(const PlanView& asked) {
  const auto moved = for_container(asked);
  const auto& plan = moved.plan;
  const bool copies = plan.data_parallel_size > 1;
  auto config = llm_config(plan);
  Document application = {{"name", "llm"}, {"route_prefix", "/"}};
  application["import_path"] = copies ? "ray.serve.llm:build_dp_openai_app" : "ray.serve.llm:build_openai_app";
  if (copies)
    application["args"]["llm_config"] = std::move(config);
  else
    application["args"]["llm_configs"] = Document::array({std::move(config)});
  Document document;
  if (auto http = http_options(plan); !http.empty()) document["http_options"] = std::move(http);
  document["applications"] = Document::array({std::move(application)});
  std::string out =
      yaml_comment("serve deploy THIS_FILE.yaml; the nodes need vLLM " + (plan.engine_version.empty() ? "" : plan.engine_version));
  const auto gpus = gpu_names(plan);
  if (!gpus.empty()) out += yaml_comment("The numbers hold on " + gpus + ".");
  for (const auto& path : moved.paths) out += yaml_comment("On every node there has to be " + path);
  return out + yaml(document);
}

}  // namespace client
