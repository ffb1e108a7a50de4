#include "model/hub_cache.hpp"

#include <algorithm>
#include <cstdlib>

#include "support/file.hpp"

namespace vramauto::model {

namespace {

constexpr std::size_t kLongestId = 96;  // huggingface_hub 0.34, utils/_validators.py
constexpr std::size_t kLongestRevision = 200;

bool is_id_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
}

bool is_id_part(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), is_id_character) && part.find("..") == std::string_view::npos &&
         part.find("--") == std::string_view::npos && part.front() != '-' && part.front() != '.' && part.back() != '-' &&
         part.back() != '.';
}

bool is_id(std::string_view id) {
  const auto slash = id.find('/');
  if (id.size() > kLongestId || !is_id_part(id.substr(0, slash))) return false;
  return slash == std::string_view::npos || is_id_part(id.substr(slash + 1));
}

// Branches may have slashes ("refs/pr/1"); none may lead out of the cache.
bool is_revision(std::string_view revision) {
  if (revision.empty() || revision.size() > kLongestRevision || revision.front() == '/' ||
      revision.find("..") != std::string_view::npos)
    return false;
  return std::all_of(revision.begin(), revision.end(), [](char c) { return is_id_character(c) || c == '/' || c == '+'; });
}

}  // namespace

std::string environment(const char* name) {
  const auto* value = secure_getenv(name);  // no say for the environment in a program with raised rights
  if (!value) return {};
  const std::string text(text::trim(value));
  const auto* home = secure_getenv("HOME");
  const auto in_home = home && (text == "~" || text.substr(0, 2) == "~/");
  return in_home ? home + text.substr(1) : text;
}

std::string huggingface_home() {
  if (auto home = environment("HF_HOME"); !home.empty()) return home;
  if (const auto cache = environment("XDG_CACHE_HOME"); !cache.empty()) return cache + "/huggingface";
  if (const auto home = environment("HOME"); !home.empty()) return home + "/.cache/huggingface";
  return {};
}

Result<HubId> hub_id(std::string_view text) {
  const auto at = text.find('@');
  HubId out{std::string(text.substr(0, at)), {}};
  if (!is_id(out.id))
    return fail(VRAMAUTO_E_ARGUMENT, text::shown(text), "is neither a path nor a Hugging Face id such as org/name");
  if (at == std::string_view::npos) return out;
  out.revision = text.substr(at + 1);
  if (!is_revision(out.revision))
    return fail(VRAMAUTO_E_ARGUMENT, text::shown(text), "has a revision that is no branch, tag or commit");
  return out;
}

std::string folder_name(const std::string& id) {
  const auto slash = id.find('/');
  if (slash == std::string::npos) return "models--" + id;
  return fmt::format("models--{}--{}", id.substr(0, slash), id.substr(slash + 1));
}

std::string hub_cache_directory() {
  for (const auto* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"})
    if (auto directory = environment(name); !directory.empty()) return directory;
  const auto home = huggingface_home();
  return home.empty() ? home : home + "/hub";
}

std::optional<std::string> cached_snapshot(const std::string& cache, const HubId& id) {
  if (cache.empty()) return std::nullopt;
  const auto folder = fmt::format("{}/{}", cache, folder_name(id.id));
  const auto revision = id.revision.empty() ? "main" : id.revision;
  auto commit = revision;
  // refs/<branch or tag> holds the commit; a commit itself has no entry there.
  if (const auto ref = file::read(fmt::format("{}/refs/{}", folder, revision), 256)) commit = text::trim(*ref);
  if (!is_revision(commit)) return std::nullopt;
  auto snapshot = fmt::format("{}/snapshots/{}", folder, commit);
  if (file::kind(snapshot) != file::Kind::directory) return std::nullopt;
  return snapshot;
}

}  // namespace vramauto::model
