// A Deployment and a Service of one machine. What only the cluster knows (where models are kept) are claims with a name of their
// own.
#include <algorithm>

#include "client/format_documents.hpp"
#include "client/format_files.hpp"
#include "client/format_gpus.hpp"
#include "client/library.hpp"
#include "client/shell.hpp"
#include "client/yaml.hpp"

namespace client {
namespace {

constexpr std::size_t kLongestName = 50;  // RFC 1035 labels have 63, of which a claim's ending takes some

// "Qwen/Qwen3-8B" -> "qwen3-8b".
std::string resource_name(const PlanView& plan) {
  const auto& full = plan.model_id.empty() ? plan.model : plan.model_id;
  std::string out;
  for (char c : full.substr(full.rfind('/') + 1)) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (word || (!out.empty() && out.back() != '-')) out += word ? c : '-';
    if (out.size() == kLongestName) break;
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() || (out[0] >= '0' && out[0] <= '9') ? "model" + (out.empty() ? "" : "-" + out) : out;
}

// The kubelet replaces $(NAME) in commands, arguments and values; $$ stands for $.
std::string unexpanded(const std::string& text) {
  std::string out;
  for (const char c : text) out.append(c == '$' ? 2 : 1, c);
  return out;
}

// Of slices by their profile, as NVIDIA's device plugin names them in its strategy "mixed": "MIG 1g.10gb" ->
// "nvidia.com/mig-1g.10gb".
std::string gpu_resource(const PlanView& plan) {
  if (plan.ranks.empty() || !plan.gpus[plan.ranks[0]].mig) return "nvidia.com/gpu";
  const auto& name = plan.gpus[plan.ranks[0]].name;
  const auto at = name.find("MIG ");
  auto profile = at == name.npos ? "" : name.substr(at + 4, name.find(' ', at + 4) - at - 4);
  std::replace(profile.begin(), profile.end(), '+', '.');
  if (profile.empty() || profile.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.") != profile.npos)
    throw Failure{kError, "--format",
                  "found a MIG slice named \"" + printable(name) + "\", expected its profile, such as MIG 1g.10gb"};
  return "nvidia.com/mig-" + profile;
}

Document environment(const Moved& moved) {
  auto out = Document::array();
  for (const auto& [name, value] : environment_inside(moved.plan, false))
    out.push_back({{"name", name}, {"value", unexpanded(value)}});
  if (moved.hub && !moved.plan.sets("HF_TOKEN"))
    out.push_back(
        {{"name", "HF_TOKEN"}, {"valueFrom", {{"secretKeyRef", {{"name", "huggingface"}, {"key", "token"}, {"optional", true}}}}}});
  return out;
}

Document probe(const PlanView& plan, int seconds, int failures) {
  Document get = {{"path", "/health"}, {"port", "http"}};
  if (plan.find("ssl-certfile")) get["scheme"] = "HTTPS";
  return {{"httpGet", get}, {"periodSeconds", seconds}, {"timeoutSeconds", 5}, {"failureThreshold", failures}};
}

struct Volumes {
  Document mounts = Document::array(), volumes = Document::array();

  void add(const std::string& name, const std::string& path, Document source, bool writable) {
    Document mount = {{"name", name}, {"mountPath", path}};
    if (!writable) mount["readOnly"] = true;
    mounts.push_back(std::move(mount));
    source["name"] = name;
    volumes.push_back(std::move(source));
  }
};

// What a container has by itself are 64 MiB: too little for ranks that exchange data, and for a cache of images between processes
// (vLLM 0.33, config/multimodal.py, mm_processor_cache_type).
bool shares_memory(const PlanView& plan) {
  const auto* cache = plan.find("mm-processor-cache-type");
  return plan.rank_count() > 1 || (cache && cache->values.at(0) == "shm");
}

Volumes volumes_of(const Moved& moved, const std::string& name) {
  Volumes out;
  std::vector<std::string> folders;
  const auto* downloads = moved.plan.find("download-dir");
  for (const auto& path : moved.paths) {
    const auto folder = folder_of(path);
    if (folder.find(':') != folder.npos)
      throw Failure{kError, "MODEL", "found " + printable(folder) + ", which has a colon, which a mount path cannot have"};
    if (std::find(folders.begin(), folders.end(), folder) != folders.end()) continue;
    folders.push_back(folder);
    const auto claim = name + (folders.size() > 1 ? "-files-" + std::to_string(folders.size()) : "-files");
    out.add("files-" + std::to_string(folders.size()), folder, {{"persistentVolumeClaim", {{"claimName", claim}}}},
            downloads && downloads->values.at(0) == folder);
  }
  // Compiled kernels are kept there, and what comes from the hub.
  out.add("cache", "/root/.cache", {{"emptyDir", Document::object()}}, true);
  if (shares_memory(moved.plan)) out.add("shm", "/dev/shm", {{"emptyDir", {{"medium", "Memory"}}}}, true);
  return out;
}

Document container(const Moved& moved, const Volumes& volumes) {
  const auto& plan = moved.plan;
  auto arguments = Document::array();
  for (const auto& word : words(plan)) arguments.push_back(unexpanded(word));
  const Document gpus = {{gpu_resource(plan), plan.rank_count()}};
  Document out = {{"name", "vllm"}, {"image", image(plan)}, {"command", {"vllm"}}, {"args", std::move(arguments)}};
  if (auto variables = environment(moved); !variables.empty()) out["env"] = std::move(variables);
  out["ports"] = Document::array({Document{{"name", "http"}, {"containerPort", port_of(plan)}}});
  out["resources"] = {{"requests", gpus}, {"limits", gpus}};
  // Loading takes minutes, with a download up to an hour; after that an engine that says nothing for half a minute is gone.
  out["startupProbe"] = probe(plan, 10, moved.hub ? 360 : 180);
  out["livenessProbe"] = probe(plan, 10, 3);
  out["readinessProbe"] = probe(plan, 5, 1);
  out["volumeMounts"] = volumes.mounts;
  return out;
}

Document deployment(const Moved& moved, const std::string& name) {
  const Document labels = {{"app.kubernetes.io/name", name}};
  const auto volumes = volumes_of(moved, name);
  Document pod;
  pod["enableServiceLinks"] = false;  // a Service's variables may look like the engine's own: VLLM_PORT
  pod["containers"] = Document::array({container(moved, volumes)});
  pod["volumes"] = volumes.volumes;
  Document spec = {{"replicas", 1}, {"strategy", {{"type", "Recreate"}}}, {"selector", {{"matchLabels", labels}}}};
  spec["template"] = {{"metadata", {{"labels", labels}}}, {"spec", std::move(pod)}};
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", {{"name", name}, {"labels", labels}}},
          {"spec", std::move(spec)}};
}

Document service(const PlanView& plan, const std::string& name) {
  const Document labels = {{"app.kubernetes.io/name", name}};
  const Document port = {{"name", "http"}, {"port", port_of(plan)}, {"targetPort", "http"}};
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", {{"name", name}, {"labels", labels}}},
          {"spec", {{"selector", labels}, {"ports", Document::array({port})}}}};
}

std::string heading(const Moved& moved, const std::string& name) {
  std::string out;
  const auto gpus = gpu_names(moved.plan);
  if (!gpus.empty())
    out += yaml_comment("The numbers hold on " + gpus + ": pick such nodes, by the label nvidia.com/gpu.product for example.");
  if (moved.hub)
    out += yaml_comment("The volume \"cache\" is empty at each start: a claim in its place keeps weights and compiled kernels.");
  if (!moved.paths.empty())
    out += yaml_comment("The claim " + name + "-files has to hold what is in " + folder_of(moved.paths[0]) + " here.");
  return out;
}

}  // namespace

std::string format_kubernetes(const PlanView& asked) {
  must_be_one_node(asked, "a Deployment's pod runs on one");
  if (!any_will_do(asked))
    throw Failure{kError, "--format",
                  "found unequal GPUs of which the plan uses " + gpu_names(asked) +
                      ": Kubernetes cannot be told which; plan for a node of those alone (--gpu), or --format docker"};
  auto moved = for_container(asked);
  moved.plan.drop("host");  // probes and the Service come from outside
  const auto name = resource_name(moved.plan);
  return heading(moved, name) + yaml(deployment(moved, name)) + "---\n" + yaml(service(moved.plan, name));
}

}  // namespace client
