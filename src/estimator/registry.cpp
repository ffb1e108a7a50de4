#include "estimator/registry.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "estimator/call.hpp"
#include "estimator/decoder/decoder.hpp"
#include "support/text.hpp"

namespace vramauto::estimator {
namespace {

constexpr vramauto_plugin_entry kBuiltIn[] = {decoder_plugin};

struct Known {
  const vramauto_plugin* plugin;
  const vramauto_estimator* estimator;
};

struct Candidate {
  const Known* known;
  std::int32_t score;
};

std::string where(const model::Model& model) { return model.path.empty() ? model.id : model.path; }

std::string shown_architecture(const model::Model& model) {
  return model.architecture.empty() ? "a model without an architecture in its configuration" : text::shown(model.architecture);
}

}  // namespace

struct Registry::Core {
  RegistryOptions options;
  std::vector<Known> known;

  explicit Core(const RegistryOptions& given) : options(given) {
    for (const auto entry : kBuiltIn) {
      const auto* plugin = entry(&host());
      if (!plugin) continue;
      for (std::uint32_t i = 0; i < plugin->estimator_count; ++i) known.push_back({plugin, plugin->estimators[i]});
    }
  }

  vramauto_call call_for(const model::Model& model, Blueprint* blueprint) const {
    vramauto_call call;
    call.model = &model;
    call.config = &model.config.root();
    call.blueprint = blueprint;
    call.deadline = vramauto_call::Clock::now() + std::chrono::milliseconds(options.timeout_ms);
    return call;
  }

  // Best score first, on a tie the smaller id.
  std::vector<Candidate> candidates(const model::Model& model) const {
    std::vector<Candidate> out;
    for (const auto& one : known) {
      auto call = call_for(model, nullptr);
      const auto score = one.estimator->match(&host(), &call);
      if (score > 0 && score <= 1000 && !call.broken) out.push_back({&one, score});
    }
    std::sort(out.begin(), out.end(), [](const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score > b.score
                                : std::string_view(a.known->estimator->id) < std::string_view(b.known->estimator->id);
    });
    return out;
  }

  Result<Blueprint> describe_with(const model::Model& model, const Known& one) const {
    Blueprint blueprint;
    blueprint.estimator = one.estimator->id;
    blueprint.plugin = one.plugin->id;
    blueprint.architecture = model.architecture;
    auto call = call_for(model, &blueprint);
    const auto status = one.estimator->describe(&host(), &call);
    if (call.broken) return fail(VRAMAUTO_E_PLUGIN, one.plugin->id, "estimator {}: {}", one.estimator->id, call.error.message);
    if (status != VRAMAUTO_OK) {
      if (call.error.status == status) return Unexpected{std::move(call.error)};
      return fail(status, one.plugin->id, "estimator {} gave up without a reason", one.estimator->id);
    }
    if (!call.has_traits || blueprint.weights.empty())
      return fail(VRAMAUTO_E_PLUGIN, one.plugin->id, "estimator {} described no traits or no weights", one.estimator->id);
    return blueprint;
  }

  Result<Blueprint> by_name(const model::Model& model, std::string_view name) const {
    std::string names;
    for (const auto& one : known) {
      if (name == one.estimator->id) return describe_with(model, one);
      names += fmt::format("{}{}", names.empty() ? "" : ", ", one.estimator->id);
    }
    return fail(VRAMAUTO_E_NO_ESTIMATOR, "estimator", "found \"{}\", expected one of {}", text::shown(name), names);
  }

  Result<Blueprint> best(const model::Model& model) const {
    const auto found = candidates(model);
    if (found.empty())
      return fail(VRAMAUTO_E_NO_ESTIMATOR, where(model), "no estimator knows {}: --method rule estimates by its size",
                  shown_architecture(model));
    tl::expected<Blueprint, Error> answer = tl::make_unexpected(Error{});
    for (std::size_t i = 0; i < found.size(); ++i) {
      auto next = describe_with(model, *found[i].known);
      if (!next && next.error().status == VRAMAUTO_E_UNSUPPORTED) {
        if (i == 0) answer = std::move(next);
        continue;
      }
      if (next) add_notes(*next, found, i);
      return next;
    }
    return answer;
  }

  static void add_notes(Blueprint& blueprint, const std::vector<Candidate>& found, std::size_t chosen) {
    blueprint.notes.push_back(fmt::format("estimator {}, score {}", found[chosen].known->estimator->id, found[chosen].score));
    for (std::size_t i = 0; i < found.size(); ++i)
      if (i < chosen)
        blueprint.notes.push_back(
            fmt::format("estimator {}, score {}, does not support this model", found[i].known->estimator->id, found[i].score));
    if (chosen + 1 < found.size())
      blueprint.notes.push_back(
          fmt::format("runner-up {}, score {}", found[chosen + 1].known->estimator->id, found[chosen + 1].score));
  }
};

Registry::Registry(const RegistryOptions& options) : core_(std::make_unique<Core>(options)) {}
Registry::~Registry() = default;

Result<Blueprint> Registry::describe(const model::Model& model, std::string_view estimator) const {
  return estimator.empty() ? core_->best(model) : core_->by_name(model, estimator);
}

}  // namespace vramauto::estimator
