#include "model/hub.hpp"

#include "model/hub_settings.hpp"
#include "model/repository.hpp"

namespace vramauto::model {

namespace {

constexpr std::uint64_t kMaxListing = std::uint64_t{64} << 20;

Result<Model> opened(Repository& repository, const HubId& id) {
  auto model = TRY(open_folder(repository));
  model.id = id.id;
  model.revision = id.revision;
  model.path.clear();
  model.source = Source::hub;
  return model;
}

Result<Snapshot> ask_for_files(const std::string& endpoint, const HubId& id, Session& session) {
  Transfer list;
  list.url = listing_url(endpoint, id);
  list.until = kMaxListing;
  TRY(session.run({&list, 1}));
  return read_listing(list.url.substr(0, list.url.find('?')), list.body);
}

// Of a commit that is known already nothing is read again.
Snapshot with_known(Snapshot asked, const std::string& store, const HubId& id) {
  if (store.empty()) return asked;
  auto known = load(store, {id.id, asked.commit});
  return known ? std::move(*known) : std::move(asked);
}

}  // namespace

std::optional<Model> open_stored(const HubId& id, const OpenOptions& options) {
  if (!options.use_environment) return std::nullopt;
  const auto endpoint = hub_endpoint(true);
  const auto store = endpoint ? store_directory(*endpoint) : std::string();
  auto snapshot = store.empty() ? std::nullopt : load(store, id);
  if (!snapshot) return std::nullopt;
  Repository repository(*endpoint, id, std::move(*snapshot), nullptr);
  auto model = opened(repository, id);
  if (!model) return std::nullopt;
  return std::move(*model);
}

Result<Model> open_on_hub(const HubId& id, const OpenOptions& options) {
  auto settings = TRY(hub_settings(options.use_environment));
  settings.access.progress = options.progress;
  settings.access.user = options.user;
  const auto store = options.use_environment ? store_directory(settings.endpoint) : std::string();
  const auto session = TRY(Session::open(std::move(settings.access)));
  auto asked = TRY(ask_for_files(settings.endpoint, id, *session));
  Repository repository(settings.endpoint, id, with_known(std::move(asked), store, id), session.get());
  auto model = TRY(opened(repository, id));
  if (store.empty()) return model;
  if (const auto saved = save(store, id, repository.snapshot(), settings.most_kept); !saved)
    model.warnings.push_back({"hub_cache", fmt::format("what was read of {} cannot be kept for the next time: {}: {}", id.id,
                                                       text::shown(saved.error().where, 100), saved.error().message)});
  return model;
}

}  // namespace vramauto::model
