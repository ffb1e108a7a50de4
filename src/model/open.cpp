#include <algorithm>
#include <cstdlib>

#include "model/catalogue.hpp"
#include "model/folder.hpp"
#include "model/hub.hpp"
#include "model/hub_settings.hpp"
#include "model/name_size.hpp"
#include "support/file.hpp"

namespace vramauto::model {

namespace {

bool looks_like_path(std::string_view text) {
  if (text.empty() || text.front() == '/' || text.front() == '.' || text.front() == '~') return true;
  const auto ends = [&](std::string_view end) { return text.size() > end.size() && text.substr(text.size() - end.size()) == end; };
  return ends(".json") || ends(".safetensors") || ends(".gguf");
}

// A path as the shell would have given it, had the program been started by one.
std::string expanded(std::string_view path, bool use_environment) {
  const auto* home = use_environment ? secure_getenv("HOME") : nullptr;
  if (home && (path == "~" || path.substr(0, 2) == "~/")) return home + std::string(path.substr(1));
  return std::string(path);
}

constexpr std::string_view kAdapter = "adapter_config.json";
constexpr std::uint32_t kMostAdapters = 4;

// A folder of an adapter has its tensors or none; the leftovers of one that was merged lie beside a model's.
bool is_adapter(const Model& model) {
  if (!model.document(kAdapter) || !model.index_names.empty()) return false;
  return model.tensors.known() ? model.tensors.tensors().front().name.starts_with("base_model.") : !model.has_config;
}

using Opener = Result<Model>(std::string_view, const OpenOptions&);
Result<Model> open_id(std::string_view text, const OpenOptions& options);

// The base model of an adapter, which keeps what the adapter says of itself.
Result<Model> open_base(Model adapter, const OpenOptions& options, Opener& opened) {
  const auto* name = adapter.document(kAdapter)->at("/base_model_name_or_path");
  const auto where = fmt::format("{}/{}", adapter.path, kAdapter);
  if (!name || !name->is(json::Type::string) || text::trim(name->text).empty())
    return fail(VRAMAUTO_E_FORMAT, where, "base_model_name_or_path is {}, expected the model that the adapter is for",
                name ? json::type_name(name->type) : "missing");
  if (options.adapters >= kMostAdapters)
    return fail(VRAMAUTO_E_LIMIT, where, "is an adapter of an adapter, {} deep", kMostAdapters);
  auto deeper = options;
  ++deeper.adapters;
  auto model = opened(name->text, deeper);
  if (!model) {
    model.error().message = fmt::format("{} (the base model of {})", model.error().message, text::shown(adapter.path, 200));
    return model;
  }
  model->warnings.push_back(
      {"adapter", fmt::format("{} is a LoRA adapter: this is about {} with it", adapter.path, text::shown(name->text, 200))});
  model->adapter_path = adapter.path;
  for (auto& document : adapter.documents)
    if (document.name == kAdapter) model->documents.push_back(std::move(document));
  return model;
}

// The base of an adapter on the hub, which is named by its id: whoever wrote it chooses no file of this machine.
Result<Model> open_remote(Model model, const OpenOptions& options) {
  if (!is_adapter(model)) return model;
  model.path = model.id;
  return open_base(std::move(model), options, open_id);
}

Result<Model> open_directory(const std::string& path, const OpenOptions& options, Opener& opened) {
  auto model = TRY(open_folder(path));
  if (is_adapter(model)) return open_base(std::move(model), options, opened);
  return model;
}

Result<Model> open_path(const std::string& path, file::Kind kind, const OpenOptions& options) {
  switch (kind) {
    case file::Kind::directory:
      return open_directory(path, options, open);
    case file::Kind::regular:
      return open_file(path);
    case file::Kind::other:
      return fail(VRAMAUTO_E_IO, path, "is neither a regular file nor a directory");
    case file::Kind::missing:
      break;
  }
  return fail(VRAMAUTO_E_NOT_FOUND, path, "does not exist");
}

// What was already downloaded: by Hugging Face's tools, or read from the hub by us. A snapshot may hold a tokenizer and nothing
// else; then others know more.
Result<std::optional<Model>> open_cached(const std::string& cache, const HubId& id, const OpenOptions& options) {
  if (const auto snapshot = cached_snapshot(cache, id)) {
    auto model = open_directory(*snapshot, options, open_id);
    if (!model && model.error().status != VRAMAUTO_E_NOT_FOUND) return Unexpected{std::move(model.error())};
    if (model && model->adapter_path.empty()) {
      model->id = id.id;
      model->revision = id.revision;
      model->source = Source::cache;
    }
    if (model) return std::move(*model);
  }
  auto stored = open_stored(id, options);
  if (!stored) return std::nullopt;
  return TRY(open_remote(std::move(*stored), options));
}

Result<Model> open_from_catalogue(const CatalogueEntry& entry) {
  Model model;
  model.id = entry.id;
  TRY(set_config(model, entry.id, entry.config));
  model.source = Source::catalogue;
  return model;
}

Model named(const HubId& id, double billions, std::string_view but) {
  Model model;
  model.id = id.id;
  model.warnings.push_back(
      {"name_only", fmt::format("nothing but the name of {} is known: its {} billion parameters are taken from there ({})", id.id,
                                billions, but)});
  return model;
}

// Of a name that says nothing.
Result<Model> nowhere(std::string_view text, const HubId& id, std::string_view looked, const OpenOptions& options) {
  if (!options.any_name) return fail(VRAMAUTO_E_NOT_FOUND, text, "{}", looked);
  Model model;
  model.id = id.id;
  model.warnings.push_back({std::string(kNameSaysNothing), fmt::format("{} {}", id.id, looked)});
  return model;
}

// The name is what is left; `error` is what the hub said.
Result<Model> open_by_name(std::string_view text, const HubId& id, Error error, const OpenOptions& options) {
  const auto said = fmt::format("{} {}", error.where, error.message);
  if (const auto billions = billions_in_name(id.id)) return named(id, *billions, said);
  if (error.status != VRAMAUTO_E_NOT_FOUND) return Unexpected{std::move(error)};
  return nowhere(text, id, fmt::format("is no local path, not in the catalogue, and has no size in its name; {}", said), options);
}

// Errors after which the name may still say something: none where the hub was what was asked for.
bool may_go_on(const Error& error, const HubId& id, const OpenOptions& options) {
  return !options.refresh && id.revision.empty() && error.status != VRAMAUTO_E_CANCELLED && error.status != VRAMAUTO_E_MEMORY &&
         error.status != VRAMAUTO_E_ARGUMENT;
}

Result<Model> open_online(std::string_view text, const HubId& id, const OpenOptions& options) {
  auto found = open_on_hub(id, options);
  if (found) return open_remote(std::move(*found), options);
  if (!may_go_on(found.error(), id, options)) return found;
  return open_by_name(text, id, std::move(found.error()), options);
}

Result<Model> open_offline(std::string_view text, const HubId& id, const std::string& cache, const OpenOptions& options) {
  if (options.refresh) return fail(VRAMAUTO_E_UNSUPPORTED, text, "is to be asked for on the hub again, but HF_HUB_OFFLINE is set");
  const auto looked = cache.empty() ? "a Hugging Face cache (none is set)" : text::shown(cache, 60);
  Error error{VRAMAUTO_E_NOT_FOUND, "the hub",
              fmt::format("was not asked, and it is not in {}; --method rule answers with a usual size", looked), VRAMAUTO_UNKNOWN};
  return open_by_name(text, id, std::move(error), options);
}

// "7B": a size for the rule of thumb, no name of a model.
bool is_size(std::string_view id) { return id.front() >= '0' && id.front() <= '9' && id.find('/') == std::string_view::npos; }

Result<Model> open_id(std::string_view text, const OpenOptions& options) {
  const auto id = TRY(hub_id(text));
  const auto cache = options.use_environment ? hub_cache_directory() : std::string();
  if (!options.refresh) {
    auto cached = TRY(open_cached(cache, id, options));
    if (cached) return std::move(*cached);
    const auto* entry = id.revision.empty() ? find_in_catalogue(id.id) : nullptr;
    if (entry) return open_from_catalogue(*entry);
  }
  const auto online = options.network && !(options.use_environment && network_is_off());
  return online && !is_size(id.id) ? open_online(text, id, options) : open_offline(text, id, cache, options);
}

}  // namespace

std::string_view source_name(Source source) {
  switch (source) {
    case Source::files:
      return "files";
    case Source::config:
      return "config";
    case Source::catalogue:
      return "catalogue";
    case Source::name:
      return "name";
    case Source::cache:
      return "cache";
    case Source::hub:
      return "hub";
  }
  return "unknown";
}

const json::Document* Model::document(std::string_view name) const {
  const auto found = std::find_if(documents.begin(), documents.end(), [&](const auto& entry) { return entry.name == name; });
  return found == documents.end() ? nullptr : &found->document;
}

Result<Model> open(std::string_view path_or_id, const OpenOptions& options) {
  if (text::trim(path_or_id).empty()) return fail(VRAMAUTO_E_ARGUMENT, "model", "is empty, expected a path or a Hugging Face id");
  if (path_or_id.find('\0') != std::string_view::npos) return fail(VRAMAUTO_E_ARGUMENT, "model", "has a NUL character inside");
  const auto path = expanded(path_or_id, options.use_environment);
  const auto kind = file::kind(path);
  if (kind != file::Kind::missing || looks_like_path(path_or_id)) return open_path(path, kind, options);
  return open_id(path_or_id, options);
}

}  // namespace vramauto::model
