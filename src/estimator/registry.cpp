#include "estimator/registry.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "estimator/cross_check.hpp"
#include "estimator/decoder/decoder.hpp"
#include "estimator/files/files.hpp"
#include "estimator/load.hpp"
#include "estimator/negotiate.hpp"
#include "estimator/search.hpp"
#include "estimator/static_plugins.hpp"
#include "support/text.hpp"

namespace vramauto::estimator {
namespace {

constexpr const vramauto_estimator* kEstimators[] = {&kDecoder, &files::kFiles};
constexpr vramauto_plugin kPlugin{
    sizeof(vramauto_plugin), std::size(kEstimators), "org.vramauto.builtin", "0.1.0", "Apache-2.0", kEstimators};
const vramauto_plugin* built_in(const vramauto_host*) { return &kPlugin; }

constexpr std::size_t kLongestPath = 4096;

}  // namespace

struct Registry::Core {
  Chooser chooser;
  std::vector<PluginRecord> records;

  // The ids of what is built in cannot be taken; then the order is that of who may overrule whom.
  explicit Core(const RegistryOptions& options) : chooser(options.timeout_ms, options.log) {
    add(enter(built_in, "built in"), "");
    for (const auto entry : options.entries) add(enter(entry, "an entry of the application"), "");
    if (options.search) add_files(options);
    for (const auto entry : static_plugins()) add(enter(entry, "built in"), "");
  }

  void add_files(const RegistryOptions& options) {
    SearchRequest request;
    request.options = options.plugins;
    if (const char* path = options.use_environment ? secure_getenv("VRAMAUTO_PLUGIN_PATH") : nullptr) request.environment = path;
    request.library = own_library();
    request.owners = trusted_owners(request.library);
    for (const auto& found : search(request)) {
      if (found.refused.empty())
        add(open(found.path), found.path);
      else
        refuse(found.path, VRAMAUTO_E_PLUGIN, found.refused);
    }
  }

  static Result<const vramauto_plugin*> open(const std::string& path) {
    const auto entry = TRY(load(path));
    return enter(entry, path);
  }

  void refuse(const std::string& path, vramauto_status status, std::string why) {
    records.push_back({status, {}, {}, text::shown(path, kLongestPath), std::move(why)});
  }

  void add(const Result<const vramauto_plugin*>& entered, const std::string& path) {
    if (!entered) return refuse(path, entered.error().status, entered.error().message);
    const auto& plugin = **entered;
    PluginRecord record{VRAMAUTO_OK, plugin.id, plugin.version, text::shown(path, kLongestPath), {}};
    record.message = clash(plugin);
    if (record.message.empty()) {
      record.message = fmt::format("estimators: {}", estimator_names(plugin));
      chooser.add(plugin);
    } else {
      record.status = VRAMAUTO_E_PLUGIN;
    }
    records.push_back(std::move(record));
  }

  // For whoever misses an estimator: perhaps it was there.
  std::string refused() const {
    const auto count = std::count_if(records.begin(), records.end(), [](const auto& one) { return one.status != VRAMAUTO_OK; });
    return count ? fmt::format("; plugins were refused ({}), see vramauto plugins", count) : std::string();
  }

  // Whose names it bears, or "".
  std::string clash(const vramauto_plugin& plugin) const {
    if (chooser.has_plugin(plugin.id)) return fmt::format("a plugin {} was found before", plugin.id);
    for (std::uint32_t i = 0; i < plugin.estimator_count; ++i)
      if (const auto* owner = chooser.owner_of(plugin.estimators[i]->id))
        return fmt::format("its estimator {} is also one of {}, which was found before", plugin.estimators[i]->id, owner->id);
    return {};
  }
};

Registry::Registry(const RegistryOptions& options) : core_(std::make_unique<Core>(options)) {}
Registry::~Registry() = default;

Result<Blueprint> Registry::describe(const model::Model& model, std::string_view estimator) const {
  auto answer = estimator.empty() ? core_->chooser.best(model) : core_->chooser.by_name(model, estimator);
  if (!answer && answer.error().status == VRAMAUTO_E_NO_ESTIMATOR) answer.error().message += core_->refused();
  if (answer) answer->tensors_differ = cross_check(*answer, model.tensors).value_or("");
  return answer;
}

const std::vector<PluginRecord>& Registry::plugins() const { return core_->records; }

}  // namespace vramauto::estimator
