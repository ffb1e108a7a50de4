// Settings that start: solved from an estimate, never from an architecture.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/estimate.hpp"
#include "plan/placement.hpp"
#include "support/result.hpp"

namespace vramauto::plan {

enum class Fits : std::uint32_t { no = 0, yes = 1, unknown = 2 };

struct Alternative {                                        // one change that would help, and what it gives
  std::vector<std::pair<std::string, std::string>> change;  // options and values: "max-model-len", "8192"
  std::vector<std::string> environment;                     // and what it needs besides, NAME=VALUE
  Fits fits = Fits::unknown;
  double utilization = 0, max_concurrency = 0;
  std::uint64_t max_model_len = 0, tokens = 0;
};

struct Plan {
  std::unique_ptr<engine::Estimate> estimate;          // nullptr for the rule
  std::unique_ptr<const engine::Workload> rule_asked;  // of the rule only, else see estimate
  std::span<const detect::Device> devices;             // the request's, which outlive the plan
  bool rule = false;                                   // method: the rule of thumb
  double rule_size_gib = 0, rule_kv_gib = 0, rule_need_gib = 0, rule_gpu_gib = 0;
  std::uint64_t rule_max_model_len = 0;

  Fits fits = Fits::unknown;
  std::uint32_t strategy = VRAMAUTO_STRATEGY_NONE, margin = VRAMAUTO_MARGIN_NONE;
  double utilization = 0, utilization_min = 0, utilization_max = 0;  // 0: not known
  std::uint64_t max_model_len = 0, max_model_len_limit = 0;
  bool max_model_len_shortened = false;
  std::vector<Bytes> cache_bytes;  // available to the cache per rank at `utilization`; empty when not known
  engine::CacheReport cache;
  Bytes required_bytes = 0;                            // one sequence of max_model_len on the fullest rank
  Bytes headroom_bytes = VRAMAUTO_UNKNOWN;             // fullest rank, after start
  Bytes kv_cache_memory_bytes = VRAMAUTO_UNKNOWN;      // value for the flag of that name
  std::uint32_t certainty = VRAMAUTO_CERTAINTY_GUESS;  // the rule of thumb knows no bounds
  Bytes uncertainty_bytes = VRAMAUTO_UNKNOWN;          // the fullest rank's cache may be off by so much either way
  std::string_view least_certain;                      // static text: the component that adds most to it
  double typical_concurrency = 0;                      // sequences of usual length in one copy's cache; 0: not known
  bool layout_chosen = false, batch_chosen = false;    // auto was asked for
  std::vector<engine::Warning> warnings;

  const engine::Workload& asked() const { return estimate ? estimate->workload : *rule_asked; }
};

// The estimate of a request whose GPUs suffice: too few for the ranks is VRAMAUTO_E_ARGUMENT, more than needed are left unused.
Result<std::unique_ptr<engine::Estimate>> price(const engine::Request& request, const Placement& placement = {});

// By the engine's arithmetic where the request has a blueprint, else by the rule of thumb.
Result<Plan> calculate(const engine::Request& request);

// Why: which rank and which component decide, in one sentence.
std::string reason(const Plan& plan);

// Changes that would make a plan fit that does not, each priced and solved anew: only when somebody asks.
// `about`: what it was made for; GPUs and workload are the plan's.
std::vector<Alternative> alternatives(const Plan& plan, const engine::Request& about);

// What the policy `maximal` would give for the same start; fits is unknown where the GPU's size is.
Alternative maximal(const Plan& plan);

// Per rank, the cache of a start that finds nothing compiled; empty where that makes no difference.
std::vector<Bytes> first_start_cache(const Plan& plan);

// It fits, and so do all the sequences that were asked for.
bool meets(const Plan& plan);
// Sequences of usual length, or of max_model_len, in the caches of all copies.
double total_concurrency(const Plan& plan);

// Per rank, of what its GPU can give: neither needed nor of use to the cache, whose blocks are as many on every rank. Empty: not
// known.
std::vector<Bytes> idle_bytes(const Plan& plan);
// One of its GPUs keeps a tenth of itself more than another.
bool is_uneven(const Plan& plan);

Placement placement_of(const Plan& plan);  // empty where no GPUs are described
std::vector<std::uint32_t> unused_devices(const Plan& plan);
std::string unused_reason(const Plan& plan, std::uint32_t device);
// The rank that decides whether it fits: the one that needs most of its GPU. Of a plan on GPUs of known size.
std::size_t binding_rank(const Plan& plan);

// What was chosen of the batch costs on the fullest rank: beside one sequence, beside the fewest tokens a step can have. 0: not
// known.
struct BatchCost {
  Bytes sequences = 0, tokens = 0;
};
BatchCost batch_cost(const Plan& plan, const engine::Request& about);

// The complete line for the engine: "serve", the model, then everything that was set or chosen.
std::vector<std::string> arguments(const Plan& plan, const model::Model& model);

// What the engine's environment needs for it, NAME=VALUE: as asked, and which GPUs its ranks get.
std::vector<std::string> environment(const Plan& plan);

std::string_view strategy_name(std::uint32_t strategy);  // "standard"
std::string_view margin_name(std::uint32_t margin);      // "comfortable"

}  // namespace vramauto::plan
