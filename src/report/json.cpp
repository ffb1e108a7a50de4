// The only file that writes JSON of the plan, and the only one of the library that includes nlohmann.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "plan/certainty.hpp"
#include "report/report.hpp"
#include "support/json.hpp"

namespace vramauto::report {
namespace {

using Json = nlohmann::ordered_json;

// An object, member by member. The library's own lists of pairs cost several times the code for each member.
class Object {
 public:
  template <class T>
  Object&& add(std::string_view key, T&& value) && {
    using V = std::remove_cvref_t<T>;
    if constexpr (std::is_same_v<V, bool>)
      put(key, static_cast<bool>(value));
    else if constexpr (std::is_integral_v<V> && std::is_unsigned_v<V>)
      put(key, static_cast<std::uint64_t>(value));
    else if constexpr (std::is_integral_v<V>)
      put(key, static_cast<std::int64_t>(value));
    else if constexpr (std::is_floating_point_v<V>)
      put(key, static_cast<double>(value));
    else if constexpr (std::is_convertible_v<V, std::string_view>)
      put(key, std::string_view(value));
    else
      put(key, Json(std::forward<T>(value)));
    return std::move(*this);
  }
  operator Json() && { return std::move(json_); }

 private:
  void put(std::string_view key, bool value);
  void put(std::string_view key, std::uint64_t value);
  void put(std::string_view key, std::int64_t value);
  void put(std::string_view key, double value);
  void put(std::string_view key, std::string_view value);
  void put(std::string_view key, Json value);

  Json json_ = Json::object();
};

void Object::put(std::string_view key, Json value) { json_.emplace(std::string(key), std::move(value)); }
[[gnu::noinline]] void Object::put(std::string_view key, bool value) { put(key, Json(value)); }
[[gnu::noinline]] void Object::put(std::string_view key, std::uint64_t value) { put(key, Json(value)); }
[[gnu::noinline]] void Object::put(std::string_view key, std::int64_t value) { put(key, Json(value)); }
[[gnu::noinline]] void Object::put(std::string_view key, double value) { put(key, Json(value)); }
[[gnu::noinline]] void Object::put(std::string_view key, std::string_view value) { put(key, Json(value)); }

Json known(std::uint64_t number) { return number == VRAMAUTO_UNKNOWN ? Json(nullptr) : Json(number); }
Json known(double number) { return number > 0 ? Json(number) : Json(nullptr); }
Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

std::string underscored(std::string_view name) {
  std::string out(name);
  for (auto& c : out)
    if (c == '-') c = '_';
  return out;
}

std::string version() {
  constexpr unsigned kNumber = VRAMAUTO_VERSION_NUMBER;
  return fmt::format("{}.{}.{}", kNumber / 1000000, kNumber / 1000 % 1000, kNumber % 1000);
}

Json engine_json(const engine::Estimate& estimate) {
  return Object()
      .add("name", estimate.engine)
      .add("version", estimate.version)
      .add("profile", estimate.profile)
      .add("version_known", estimate.version_known)
      .add("installed", text_or_null(estimate.installed));
}

Json model_json(const Subject& subject, std::uint64_t max_model_len) {
  const auto& model = subject.model;
  return Object()
      .add("id", text_or_null(model.id))
      .add("path", text_or_null(model.path))
      .add("architecture", text_or_null(model.architecture))
      .add("estimator", subject.blueprint ? Json(subject.blueprint->estimator) : Json(nullptr))
      .add("source", model::source_name(model.source))
      .add("parameters", known(parameters(subject)))
      .add("stored_bytes", known(model.stored_bytes))
      .add("max_model_len", max_model_len ? Json(max_model_len) : Json(nullptr));
}

Json device_json(const detect::Device& device) {
  return Object()
      .add("index", device.index)
      .add("name", text_or_null(device.name))
      .add("total_bytes", known(device.total_bytes))
      .add("free_bytes", known(device.free_bytes))
      .add("source", device.source);
}

// What was asked of vramauto itself, and how the work is divided; the same for both methods.
Json asked_json(const engine::Workload& asked) {
  return Object()
      .add("tensor_parallel_size", asked.tensor_parallel_size)
      .add("pipeline_parallel_size", asked.pipeline_parallel_size)
      .add("data_parallel_size", asked.data_parallel_size)
      .add("decode_context_parallel_size", asked.decode_context_parallel_size)
      .add("gpu_memory_utilization", asked.gpu_memory_utilization.value_or(0))
      .add("kv_cache_memory_bytes", asked.kv_cache_memory_bytes ? Json(*asked.kv_cache_memory_bytes) : Json(nullptr))
      .add("num_gpu_blocks_override", asked.num_gpu_blocks_override ? Json(*asked.num_gpu_blocks_override) : Json(nullptr))
      .add("policy", asked.policy)
      .add("sequences", asked.sequences)
      .add("input_len", asked.input_len ? Json(*asked.input_len) : Json(nullptr))
      .add("output_len", asked.output_len ? Json(*asked.output_len) : Json(nullptr))
      .add("reserve", asked.reserve)
      .add("usage", asked.usage)
      .add("env", asked.env);
}

Json workload_json(const engine::Estimate& estimate) {
  const auto& effective = estimate.effective;
  Json out = Object()
                 .add("max_model_len", effective.max_model_len)
                 .add("max_num_seqs", effective.max_num_seqs)
                 .add("max_num_batched_tokens", effective.max_num_batched_tokens)
                 .add("block_size", effective.block_size)
                 .add("dtype", effective.dtype)
                 .add("kv_cache_dtype", effective.kv_cache_dtype)
                 .add("quantization", text_or_null(effective.quantization))
                 .add("enforce_eager", effective.enforce_eager)
                 .add("enable_prefix_caching", effective.enable_prefix_caching)
                 .add("enable_chunked_prefill", effective.enable_chunked_prefill);
  out["draft_model"] = text_or_null(estimate.draft);
  out["lora_models"] = estimate.adapters;
  out.update(asked_json(estimate.workload));
  return out;
}

std::string_view kind_name(vramauto_kind kind) {
  constexpr std::string_view kNames[] = {"other",       "weights", "kv_cache",      "state",
                                         "activations", "graphs",  "communication", "runtime"};
  return kind < std::size(kNames) ? kNames[kind] : "other";
}

Json component_json(const engine::Component& component) {
  return Object()
      .add("name", component.name)
      .add("kind", kind_name(component.kind))
      .add("bytes", component.amount.best)
      .add("low_bytes", component.amount.low)
      .add("high_bytes", component.amount.high)
      .add("outside_budget", component.outside_budget)
      .add("source", component.source);
}

Json rank_json(const engine::Rank& rank, Json budget, Json cache) {
  Json components = Json::array();
  for (const auto& component : rank.components) components.push_back(component_json(component));
  return Object()
      .add("rank", rank.rank)
      .add("dp", rank.dp)
      .add("pp", rank.pp)
      .add("tp", rank.tp)
      .add("device", rank.device)
      .add("budget_bytes", std::move(budget))
      .add("parameter_bytes", rank.parameter_bytes)
      .add("weights_bytes", rank.weights.best)
      .add("activation_bytes", rank.activation.best)
      .add("non_torch_bytes", rank.non_torch.best)
      .add("cuda_graph_bytes", rank.graphs.best)
      .add("cuda_graph_in_budget", rank.graphs_in_budget)
      .add("other_bytes", rank.other_in_budget.best)
      .add("outside_bytes", rank.outside.best)
      .add("free_at_start_bytes", known(rank.free_at_start))
      .add("kv_cache_bytes", std::move(cache))
      .add("components", std::move(components));
}

// As the engine logs it: below zero where the budget is spent before the cache. On a GPU of unknown size, where nothing bounds the
// cache: what the sequences asked for need.
std::int64_t cache_on(const plan::Plan& plan, std::size_t i) {
  const auto& estimate = *plan.estimate;
  const auto& rank = estimate.ranks[i];
  if (i >= plan.cache_bytes.size())
    return static_cast<std::int64_t>(estimate.cache_bytes(rank, plan.max_model_len, estimate.workload.sequences, true));
  const auto cache = static_cast<std::int64_t>(plan.cache_bytes[i]);
  if (cache || estimate.workload.kv_cache_memory_bytes || rank.total_bytes == VRAMAUTO_UNKNOWN || plan.utilization <= 0)
    return cache;
  return static_cast<std::int64_t>(estimate.budget(rank, plan.utilization)) - static_cast<std::int64_t>(rank.fixed().best);
}

Json ranks_json(const plan::Plan& plan) {
  Json out = Json::array();
  const auto& ranks = plan.estimate->ranks;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const bool sized = ranks[i].total_bytes != VRAMAUTO_UNKNOWN && plan.utilization > 0;
    const auto cache = cache_on(plan, i);
    auto rank = rank_json(ranks[i], sized ? Json(plan.estimate->budget(ranks[i], plan.utilization)) : Json(nullptr), cache);
    const auto spread = sized ? plan::cache_spread(*plan.estimate, ranks[i]) : plan::Spread{};
    rank["kv_cache_low_bytes"] = cache - static_cast<std::int64_t>(spread.less);
    rank["kv_cache_high_bytes"] = cache + static_cast<std::int64_t>(spread.more);
    out.push_back(std::move(rank));
  }
  return out;
}

Json groups_json(const engine::Estimate& estimate) {
  Json out = Json::array();
  for (const auto& group : estimate.groups)
    out.push_back(Object()
                      .add("kind", group.kind)
                      .add("layers", group.layers)
                      .add("block_size", group.block_tokens)
                      .add("bytes_per_block", group.block_bytes)
                      .add("window", known(group.window_tokens)));
  return out;
}

Json cache_json(const engine::Estimate& estimate) {
  return Object()
      .add("dtype", estimate.effective.kv_cache_dtype)
      .add("bytes_per_token", estimate.bytes_per_token)
      .add("block_size", estimate.effective.block_size)
      .add("bytes_per_block", estimate.bytes_per_block)
      .add("groups", groups_json(estimate));
}

// The cache of a start that finds nothing compiled; null where that makes no difference.
Json first_start_json(const plan::Plan& plan) {
  const auto cache = plan::first_start_cache(plan);
  if (cache.empty()) return nullptr;
  const auto report = plan.estimate->report(cache, plan.max_model_len);
  return Object()
      .add("kv_cache_bytes", *std::min_element(cache.begin(), cache.end()))
      .add("tokens", report.tokens)
      .add("max_concurrency", report.max_concurrency)
      .add("holds_max_model_len", report.holds_max_model_len);
}

Json plan_cache_json(const plan::Plan& plan) {
  auto out = cache_json(*plan.estimate);
  const bool sized = !plan.cache_bytes.empty();
  const auto of = [&](auto value) { return sized ? Json(value) : Json(nullptr); };
  out["num_blocks"] = of(plan.cache.num_blocks);
  out["tokens"] = of(plan.cache.tokens);
  out["max_concurrency"] = of(plan.cache.max_concurrency);
  out["required_bytes"] = plan.required_bytes;
  out["holds_max_model_len"] = of(plan.cache.holds_max_model_len);
  out["first_start"] = first_start_json(plan);
  return out;
}

// Of an option: as a number or a switch where it is one.
Json value_json(const std::string& value) {
  const auto parsed = json::parse("option", value);
  if (!parsed) return value;
  switch (parsed->root().type) {
    case json::Type::boolean:
      return parsed->root().integer != 0;
    case json::Type::integer:
      return parsed->root().integer;
    case json::Type::real:
      return parsed->root().real;
    default:
      return value;
  }
}

Json fits_json(plan::Fits fits) { return fits == plan::Fits::unknown ? Json(nullptr) : Json(fits == plan::Fits::yes); }

Json environment_json(const std::vector<std::string>& entries) {
  Json out = Json::object();
  for (const auto& entry : entries) {
    const auto equals = std::min(entry.find('='), entry.size());
    out[entry.substr(0, equals)] = entry.substr(std::min(equals + 1, entry.size()));
  }
  return out;
}

// Which GPUs are used, by their position in "devices", and what each keeps that nothing uses; why the others are not.
Json placement_json(const plan::Plan& plan) {
  if (!plan.estimate || plan.devices.empty()) return nullptr;
  const auto& estimate = *plan.estimate;
  const auto idle = plan::idle_bytes(plan);
  Json ranks = Json::array(), unused = Json::array();
  for (std::size_t i = 0; i < estimate.ranks.size(); ++i)
    ranks.push_back(Object()
                        .add("rank", i)
                        .add("device", estimate.ranks[i].device)
                        .add("node", plan.devices[estimate.ranks[i].device].node)
                        .add("idle_bytes", i < idle.size() ? Json(idle[i]) : Json(nullptr)));
  for (const auto at : plan::unused_devices(plan))
    unused.push_back(Object().add("device", at).add("reason", plan::unused_reason(plan, at)));
  return Object()
      .add("chosen", plan.layout_chosen)
      .add("binding_rank", plan.cache_bytes.empty() ? Json(nullptr) : Json(plan::binding_rank(plan)))
      .add("ranks", std::move(ranks))
      .add("unused", std::move(unused));
}

// The batch that was chosen for a traffic, and what each half of the choice costs on the fullest rank.
Json batch_json(const plan::Plan& plan, const Subject& subject) {
  if (!plan.batch_chosen) return nullptr;
  const auto cost = plan::batch_cost(plan, subject.request());
  return Object()
      .add("max_num_seqs", plan.estimate->effective.max_num_seqs)
      .add("max_num_batched_tokens", plan.estimate->effective.max_num_batched_tokens)
      .add("max_num_seqs_bytes", cost.sequences)
      .add("max_num_batched_tokens_bytes", cost.tokens);
}

Json alternative_json(const plan::Alternative& other) {
  Json change = Json::object();
  for (const auto& [option, value] : other.change) change[underscored(option)] = value_json(value);
  if (!other.environment.empty()) change["env"] = environment_json(other.environment);
  return Object()
      .add("change", std::move(change))
      .add("fits", fits_json(other.fits))
      .add("gpu_memory_utilization", known(other.utilization))
      .add("max_model_len", other.max_model_len)
      .add("tokens", other.tokens)
      .add("max_concurrency", other.max_concurrency);
}

// What would fit; and, beside a choice that leaves memory unused, what taking all of it would give.
Json alternatives_json(const plan::Plan& plan, const Subject& subject) {
  Json out = Json::array();
  for (const auto& other : plan::alternatives(plan, subject.request())) out.push_back(alternative_json(other));
  if (plan.fits != plan::Fits::yes || plan.asked().kv_cache_memory_bytes) return out;
  if (const auto most = plan::maximal(plan); most.fits == plan::Fits::yes && most.utilization > plan.utilization)
    out.push_back(alternative_json(most));
  return out;
}

Json result_json(const plan::Plan& plan, const Subject& subject) {
  const bool sized = !plan.cache_bytes.empty();
  return Object()
      .add("gpu_memory_utilization", known(plan.utilization))
      .add("strategy", plan::strategy_name(plan.strategy))
      .add("fits", fits_json(plan.fits))
      .add("max_model_len", plan.max_model_len)
      .add("max_model_len_limit", sized ? Json(plan.max_model_len_limit) : Json(nullptr))
      .add("max_num_seqs", plan.estimate ? Json(plan.estimate->effective.max_num_seqs) : Json(nullptr))
      .add("kv_cache_memory_bytes", known(plan.kv_cache_memory_bytes))
      .add("utilization_min", known(plan.utilization_min))
      .add("utilization_max", known(plan.utilization_max))
      .add("margin", plan.fits == plan::Fits::unknown ? Json(nullptr) : Json(plan::margin_name(plan.margin)))
      .add("headroom_bytes", known(plan.headroom_bytes))
      .add("certainty", plan::certainty_name(plan.certainty))
      .add("uncertainty_bytes", known(plan.uncertainty_bytes))
      .add("least_certain", text_or_null(plan.least_certain))
      .add("max_model_len_shortened", plan.max_model_len_shortened)
      .add("batch", batch_json(plan, subject))
      .add("typical_concurrency", sized && plan.estimate ? Json(plan.typical_concurrency) : Json(nullptr))
      .add("reason", reason(plan))
      .add("alternatives", alternatives_json(plan, subject));
}

template <class List>
void add_warnings(Json& out, const List& warnings) {
  for (const auto& warning : warnings) out.push_back(Object().add("code", warning.code).add("message", warning.message));
}

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string plan_json(const plan::Plan& plan, const Subject& subject) {
  Json out = Object().add("schema", "vramauto.plan/1").add("vramauto", version()).add("method", plan.rule ? "rule" : "engine");
  out["engine"] = plan.estimate ? engine_json(*plan.estimate) : Json(nullptr);
  out["model"] = model_json(subject, plan.estimate ? plan.estimate->model_max_len : 0);
  out["devices"] = Json::array();
  for (const auto& device : plan.devices) out["devices"].push_back(device_json(device));
  out["workload"] = plan.estimate ? workload_json(*plan.estimate) : asked_json(plan.asked());
  if (plan.rule) {
    out["workload"]["max_model_len"] = plan.rule_max_model_len;
    out["rule"] = Object()
                      .add("gpu_gib", plan.rule_gpu_gib)
                      .add("size_gib", plan.rule_size_gib)
                      .add("kv_gib", plan.rule_kv_gib)
                      .add("need_gib", plan.rule_need_gib);
  } else {
    out["workload"]["max_model_len"] = plan.max_model_len;
  }
  out["ranks"] = plan.estimate ? ranks_json(plan) : Json::array();
  out["placement"] = placement_json(plan);
  out["kv_cache"] = plan.estimate ? plan_cache_json(plan) : Json(nullptr);
  out["result"] = result_json(plan, subject);
  out["vllm_args"] = plan::arguments(plan, subject.model);
  out["vllm_env"] = environment_json(plan::environment(plan));
  Json warnings = Json::array();
  add_warnings(warnings, subject.model.warnings);
  if (plan.estimate) add_warnings(warnings, plan.estimate->warnings);
  add_warnings(warnings, plan.warnings);
  out["warnings"] = std::move(warnings);
  return dump(out);
}

std::string estimate_json(const engine::Estimate& estimate, const Subject& subject) {
  Json out = Object().add("schema", "vramauto.estimate/1").add("vramauto", version()).add("engine", engine_json(estimate));
  out["model"] = model_json(subject, estimate.model_max_len);
  out["workload"] = workload_json(estimate);
  out["ranks"] = Json::array();
  for (const auto& rank : estimate.ranks) out["ranks"].push_back(rank_json(rank, nullptr, nullptr));
  out["kv_cache"] = cache_json(estimate);
  out["notes"] = estimate.notes;
  Json warnings = Json::array();
  add_warnings(warnings, subject.model.warnings);
  add_warnings(warnings, estimate.warnings);
  out["warnings"] = std::move(warnings);
  return dump(out);
}

}  // namespace vramauto::report
