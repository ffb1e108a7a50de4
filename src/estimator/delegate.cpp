// delegate(): what another estimator says of a part becomes what the asking one says.
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include "estimator/choose.hpp"
#include "support/text.hpp"

namespace vramauto::estimator {
namespace {

constexpr std::size_t kLongestPointer = 512, kLongestPrefix = 256, kLongestName = 512;
constexpr std::string_view kBase = "model.";

std::string_view text_at(const json::Value& config, std::string_view pointer) {
  const auto* value = config.at(pointer);
  return value && value->is(json::Type::string) ? value->text : std::string_view();
}

// A part's base model below "model.", as transformers keeps composites: its own "model." is the prefix, its head stays outside.
bool is_base_model(std::string_view prefix) { return prefix.starts_with(kBase) && prefix.size() > kBase.size(); }

// The name that the part's estimator knows the tensor by, or nothing when it is not the part's.
std::string_view name_in_part(Part& part, std::string_view name) {
  if (!is_base_model(part.prefix)) return name.starts_with(part.prefix) ? name.substr(part.prefix.size()) : std::string_view();
  if (name.starts_with(part.prefix)) return part.names.emplace_back(std::string(kBase).append(name.substr(part.prefix.size())));
  return name.starts_with("lm_head.") ? name : std::string_view();
}

void take_tensors(Part& part, const model::Inventory& all) {
  for (auto tensor : all.tensors()) {
    tensor.name = name_in_part(part, tensor.name);
    if (tensor.name.empty()) continue;
    std::uint64_t elements = 1;
    for (std::uint32_t i = 0; i < tensor.rank; ++i) elements *= tensor.shape[i];  // the inventory has checked its whole sum
    part.elements += elements;
    part.bytes += tensor.bytes;
    part.tensors.push_back(tensor);
  }
}

// The part's layers are within the whole's, and mean the same.
bool fits_in(const vramauto_traits& part, const vramauto_traits& whole) {
  return part.draft_layers == 0 ? part.layers <= whole.layers
                                : part.layers == whole.layers && part.draft_layers <= whole.draft_layers;
}

template <class List>
void append(List& to, List& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

std::string name_in_whole(std::string_view prefix, std::string_view name) {
  if (!is_base_model(prefix)) return std::string(prefix).append(name);
  return name.starts_with(kBase) ? std::string(prefix).append(name.substr(kBase.size())) : std::string(name);
}

vramauto_status join(vramauto_call& call, Blueprint part, const std::string& prefix) {
  auto& whole = *call.blueprint;
  const auto encoders = whole.encoders.size();
  if (call.has_traits && !fits_in(part.traits, whole.traits))
    return call.reject(fmt::format("delegate: the part has {} and {} layers, the model {} and {}", part.traits.layers,
                                   part.traits.draft_layers, whole.traits.layers, whole.traits.draft_layers));
  if (encoders + part.encoders.size() > 64) return call.reject("more than 64 encoders");
  for (auto& weights : part.weights) {
    const auto shared = call.part ? call.part->prefix.size() : 0;  // added again by whoever delegated to this one
    weights.pattern = name_in_whole(std::string_view(prefix).substr(shared), weights.pattern);
    if (weights.pattern.size() > kLongestName) return call.reject("delegate: a tensor's name is longer than any");
    weights.encoders = encoders < 64 ? weights.encoders << encoders : 0;
  }
  if (!call.has_traits) {
    whole.text_at = part.text.empty() ? part.at : part.text_at;
    whole.text = part.text.empty() ? part.architecture : part.text;
    whole.traits = part.traits;
    call.has_traits = call.lent_traits = true;
  }
  whole.guess = whole.guess || part.guess;
  append(whole.weights, part.weights);
  append(whole.caches, part.caches);
  append(whole.forwards, part.forwards);
  append(whole.encoders, part.encoders);
  for (const auto& note : part.notes) whole.notes.push_back(fmt::format("{}: {}", prefix.empty() ? "delegated" : prefix, note));
  return VRAMAUTO_OK;
}

vramauto_status delegate(vramauto_call* call, const char* config_at, const char* tensor_prefix, const char* architecture) {
  if (call->broken) return VRAMAUTO_E_PLUGIN;
  if (!call->blueprint) return call->reject("delegate while matching, expected only questions");
  if (call->depth >= kMostDelegations)
    return call->report(VRAMAUTO_E_LIMIT, fmt::format("delegate: deeper than {}", kMostDelegations));
  if (!config_at || strnlen(config_at, kLongestPointer + 1) > kLongestPointer)
    return call->reject("delegate: config_at is NULL or too long");
  if (tensor_prefix && strnlen(tensor_prefix, kLongestPrefix + 1) > kLongestPrefix)
    return call->reject("delegate: tensor_prefix is too long");
  if (++call->answers > kMaxAnswers) return call->reject(fmt::format("more than {} answers", kMaxAnswers));
  const auto* config = call->config->at(config_at);
  if (!config || !config->is(json::Type::object))
    return call->report(VRAMAUTO_E_NOT_FOUND, fmt::format("{} is missing, expected an object", text::shown(config_at)));
  Part part;
  part.prefix = std::string(call->part ? call->part->prefix : "") + (tensor_prefix ? tensor_prefix : "");
  part.at = std::string(call->part ? call->part->at : "") + config_at;
  if (!text::is_utf8(part.prefix)) return call->reject("delegate: tensor_prefix is not UTF-8");
  part.model_type = text_at(*config, "/model_type");
  part.architecture = architecture ? std::string(architecture, strnlen(architecture, kLongestName)) : "";
  if (part.architecture.empty()) part.architecture = text_at(*config, "/architectures/0");
  take_tensors(part, call->model->tensors);
  return call->chooser->delegate(*call, *config, part);
}

}  // namespace vramauto::estimator
