#include "estimator/choose.hpp"

#include <algorithm>
#include <chrono>

#include "support/order.hpp"
#include "support/text.hpp"

namespace vramauto::estimator {
namespace {

std::string where(const model::Model& model) { return model.path.empty() ? model.id : model.path; }

std::string shown_architecture(const std::string& architecture) {
  return architecture.empty() ? "a model without an architecture in its configuration" : text::shown(architecture);
}

// What match() said, or why that is no answer.
Result<std::int32_t> ask_score(const vramauto_estimator& estimator, vramauto_call& call) {
  std::int32_t score = 0;
  try {
    score = estimator.match(&host(), &call);
  } catch (...) {
    return fail(VRAMAUTO_E_PLUGIN, estimator.id, "match threw an exception");
  }
  if (call.broken) return fail(VRAMAUTO_E_PLUGIN, estimator.id, "match: {}", call.error.message);
  if (call.timed_out) return fail(VRAMAUTO_E_TIMEOUT, estimator.id, "match: {}", call.error.message);
  if (score < 0 || score > 1000) return fail(VRAMAUTO_E_PLUGIN, estimator.id, "match scored {}, expected 0 to 1000", score);
  return score;
}

vramauto_status run_describe(const vramauto_estimator& estimator, vramauto_call& call) {
  try {
    return estimator.describe(&host(), &call);
  } catch (...) {
    return call.reject("describe threw an exception");
  }
}

// What can only be seen when everything has been said.
const char* fault_of(const vramauto_call& call) {
  const auto& blueprint = *call.blueprint;
  if (!call.has_traits || blueprint.weights.empty()) return "described no traits or no weights";
  const auto encoders = blueprint.encoders.size();
  const auto beyond = encoders >= 64 ? 0 : ~std::uint64_t{0} << encoders;
  if (std::any_of(blueprint.weights.begin(), blueprint.weights.end(), [&](const Weights& w) { return w.encoders & beyond; }))
    return "described weights of an encoder that it did not add";
  return nullptr;
}

}  // namespace

void Chooser::add(const vramauto_plugin& plugin) {
  for (std::uint32_t i = 0; i < plugin.estimator_count; ++i) known_.push_back({&plugin, plugin.estimators[i]});
}

const vramauto_plugin* Chooser::owner_of(std::string_view estimator) const {
  for (const auto& one : known_)
    if (estimator == one.estimator->id) return one.plugin;
  return nullptr;
}

bool Chooser::has_plugin(std::string_view id) const {
  return std::any_of(known_.begin(), known_.end(), [&](const Known& one) { return id == one.plugin->id; });
}

void Chooser::log(const vramauto_call& call, vramauto_level level, std::string_view text) const {
  if (!sink_ || !call.estimator) return;
  const auto known = std::clamp<vramauto_level>(level, VRAMAUTO_LOG_ERROR, VRAMAUTO_LOG_DEBUG);
  sink_(known, call.estimator->id, text::shown(text, 400));
}

vramauto_call Chooser::call_for(const Question& question, const Known& one, Blueprint* blueprint) const {
  vramauto_call call;
  call.model = question.model;
  call.config = question.config;
  call.part = question.part;
  call.blueprint = blueprint;
  call.chooser = this;
  call.estimator = one.estimator;
  call.deadline = vramauto_call::Clock::now() + std::chrono::milliseconds(timeout_ms_);
  if (const auto* asker = question.asker) {
    call.deadline = asker->deadline;
    call.depth = asker->depth + 1;
    call.answers = asker->answers;
    call.elements = asker->elements;
  }
  return call;
}

Chooser::Candidates Chooser::candidates(const Question& question) const {
  Candidates out;
  for (const auto& one : known_) {
    if (question.asker && question.asker->estimator == one.estimator) continue;
    auto call = call_for(question, one, nullptr);
    const auto score = ask_score(*one.estimator, call);
    if (!score)
      out.left_out.push_back(fmt::format("estimator {} is left out: {}", one.estimator->id, score.error().message));
    else if (*score > 0)
      out.list.push_back({&one, *score});
  }
  sort_stably(out.list, [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score
                              : std::string_view(a.known->estimator->id) < std::string_view(b.known->estimator->id);
  });
  return out;
}

Result<Chooser::Described> Chooser::describe(const Question& question, const Known& one) const {
  Described out;
  out.blueprint.estimator = one.estimator->id;
  out.blueprint.plugin = one.plugin->id;
  out.blueprint.architecture = question.part ? question.part->architecture : question.model->architecture;
  if (question.part) out.blueprint.at = question.part->at;
  auto call = call_for(question, one, &out.blueprint);
  const auto status = run_describe(*one.estimator, call);
  if (call.broken) return fail(VRAMAUTO_E_PLUGIN, one.plugin->id, "estimator {}: {}", one.estimator->id, call.error.message);
  if (call.timed_out)
    return fail(VRAMAUTO_E_TIMEOUT, one.plugin->id, "estimator {} took longer than the {} ms it may", one.estimator->id,
                timeout_ms_);
  if (status > 0)
    return fail(VRAMAUTO_E_PLUGIN, one.plugin->id, "estimator {} returned {}, expected 0 or a negative status", one.estimator->id,
                status);
  if (status != VRAMAUTO_OK) {
    if (call.error.status == status) return Unexpected{std::move(call.error)};
    return fail(status, one.plugin->id, "estimator {} gave up without a reason", one.estimator->id);
  }
  if (const auto* fault = fault_of(call))
    return fail(VRAMAUTO_E_PLUGIN, one.plugin->id, "estimator {} {}", one.estimator->id, fault);
  out.answers = call.answers;
  out.elements = call.elements;
  return out;
}

Result<Chooser::Described> Chooser::best_of(const Question& question) const {
  auto found = candidates(question);
  if (found.list.empty()) {
    std::string others;
    for (const auto& one : found.left_out) others += "; " + one;
    return fail(VRAMAUTO_E_NO_ESTIMATOR, where(*question.model), "no estimator knows {}: --method rule estimates by its size{}",
                shown_architecture(question.part ? question.part->architecture : question.model->architecture), others);
  }
  auto notes = std::move(found.left_out);
  Result<Described> declined = Unexpected(Error{});
  for (std::size_t i = 0; i < found.list.size(); ++i) {
    const auto& one = found.list[i];
    auto next = describe(question, *one.known);
    if (!next && next.error().status == VRAMAUTO_E_UNSUPPORTED) {
      notes.push_back(fmt::format("estimator {}, score {}, does not support this model", one.known->estimator->id, one.score));
      if (i == 0) declined = std::move(next);
      continue;
    }
    if (!next) return next;
    auto& all = next->blueprint.notes;
    all.push_back(fmt::format("estimator {}, score {}", one.known->estimator->id, one.score));
    all.insert(all.end(), notes.begin(), notes.end());
    if (i + 1 < found.list.size())
      all.push_back(fmt::format("runner-up {}, score {}", found.list[i + 1].known->estimator->id, found.list[i + 1].score));
    return next;
  }
  return declined;
}

Result<Blueprint> Chooser::best(const model::Model& model) const {
  auto described = TRY(best_of({&model, &model.config.root()}));
  return std::move(described.blueprint);
}

Result<Blueprint> Chooser::by_name(const model::Model& model, std::string_view name) const {
  std::string names;
  for (const auto& one : known_) {
    if (name == one.estimator->id) {
      auto described = TRY(describe({&model, &model.config.root()}, one));
      return std::move(described.blueprint);
    }
    names += fmt::format("{}{}", names.empty() ? "" : ", ", one.estimator->id);
  }
  return fail(VRAMAUTO_E_NO_ESTIMATOR, "estimator", "found \"{}\", expected one of {}", text::shown(name), names);
}

vramauto_status Chooser::delegate(vramauto_call& call, const json::Value& config, const Part& part) const {
  auto described = best_of({call.model, &config, &part, &call});
  if (!described) {
    const auto& error = described.error();
    if (error.status == VRAMAUTO_E_PLUGIN) return call.reject(error.message);
    if (error.status == VRAMAUTO_E_TIMEOUT) return call.is_late(), error.status;
    return call.report(error.status, error.message);
  }
  call.answers = described->answers;
  call.elements = described->elements;
  return join(call, std::move(described->blueprint), part.prefix);
}

}  // namespace vramauto::estimator
