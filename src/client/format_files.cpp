#include "client/format_files.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "client/document.hpp"
#include "client/option_table.hpp"

namespace client {
namespace {

// Options of the engine whose value may be a path.
constexpr std::array<std::string_view, 13> kPaths = {
    "tokenizer",   "chat-template",    "hf-config-path", "generation-config", "allowed-local-media-path",
    "ssl-keyfile", "ssl-certfile",     "ssl-ca-certs",   "log-config-file",   "tool-parser-plugin",
    "middleware",  "reasoning-parser", "download-dir"};

bool looks_local(const std::string& text) {
  return !text.empty() && (text[0] == '/' || text.rfind("./", 0) == 0 || text.rfind("../", 0) == 0);
}

std::string absolute(const std::string& path) {
  std::error_code error;
  auto out = std::filesystem::absolute(path, error).lexically_normal().string();
  if (error) return path;
  if (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

void add_once(std::vector<std::string>& out, const std::string& path) {
  if (std::find(out.begin(), out.end(), path) == out.end()) out.push_back(path);
}

// ".../models--org--name/snapshots/COMMIT": its files are links to others of the cache.
std::string commit_of(const std::string& path) {
  constexpr std::string_view kFolder = "/snapshots/";
  const auto at = path.rfind(kFolder);
  return at == path.npos || path.find("/models--") > at ? "" : path.substr(at + kFolder.size());
}

// One of the hub's cache: the commit that was planned for, wherever it is fetched again.
void move_model(Moved& out) {
  auto& plan = out.plan;
  out.hub = !plan.model_is_local;
  const auto commit = commit_of(plan.model_path);
  if (out.hub && !commit.empty() && !plan.find("revision")) plan.settings.push_back({"revision", kText, true, {commit}});
  if (out.hub) return;
  plan.model = absolute(plan.model);
  add_once(out.paths, plan.model);
}

// "name=path" or "name=id"; JSON is left as it is.
void move_adapter(Moved& out, std::string& value) {
  const auto equals = value.find('=');
  std::error_code error;
  if (equals == value.npos || value[0] == '{') return;
  if (!std::filesystem::exists(value.substr(equals + 1), error)) {
    out.hub = true;
    return;
  }
  const auto path = absolute(value.substr(equals + 1));
  value.replace(equals + 1, value.npos, path);
  add_once(out.paths, path);
}

void move_draft(Moved& out, std::string& value) {
  auto config = read_json(value);
  if (!config || !config->is_object() || !config->contains("model") || !(*config)["model"].is_string()) return;
  const auto model = (*config)["model"].get<std::string>();
  std::error_code error;
  if (!looks_local(model) && !std::filesystem::exists(model, error)) {
    out.hub = true;
    return;
  }
  const auto path = absolute(model);
  add_once(out.paths, path);
  if (path == model) return;
  (*config)["model"] = path;
  value = config->dump();
}

}  // namespace

Moved for_container(PlanView plan) {
  Moved out{std::move(plan), {}, false};
  move_model(out);
  for (auto& setting : out.plan.settings) {
    const bool path = std::find(kPaths.begin(), kPaths.end(), setting.name) != kPaths.end();
    for (auto& value : setting.values) {
      if (setting.name == "lora-modules") move_adapter(out, value);
      if (setting.name == "speculative-config") move_draft(out, value);
      if (path && looks_local(value)) add_once(out.paths, value = absolute(value));
      if (setting.name == "tokenizer" && !looks_local(value)) out.hub = true;
    }
  }
  return out;
}

std::string folder_of(const std::string& path) {
  constexpr std::array<std::string_view, 10> kEndings = {".gguf", ".jinja", ".json", ".pem", ".key",
                                                         ".crt",  ".py",    ".yaml", ".txt", ".cert"};
  const bool file = std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view ending) {
    return path.size() > ending.size() && path.compare(path.size() - ending.size(), ending.size(), ending) == 0;
  });
  const auto slash = path.rfind('/');
  return file && slash != path.npos && slash > 0 ? path.substr(0, slash) : path;
}

}  // namespace client
