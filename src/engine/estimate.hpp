// What an engine says about a model on GPUs: amounts per rank, the cache's geometry, and answers to the solver's questions.
// Solver and reports know this interface only; how an engine counts is its own folder's business.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detect/devices.hpp"
#include "engine/installed.hpp"
#include "engine/options.hpp"
#include "estimator/blueprint.hpp"
#include "model/model.hpp"
#include "support/checked.hpp"
#include "support/result.hpp"

namespace vramauto::engine {

// An amount with bounds; all equal when exact.
struct Amount {
  Bytes best = 0, low = 0, high = 0;
  static Amount exact(Bytes bytes) { return {bytes, bytes, bytes}; }
};

struct Component {        // one named amount on one rank
  std::string_view name;  // static text: "layers", "embedding", "sampler", …
  vramauto_kind kind = VRAMAUTO_KIND_OTHER;
  Amount amount;
  bool outside_budget = false;
  std::string_view source;  // static text: "config", "vLLM 0.33", "measured H100, 0.19", "guess"
};

struct Rank {
  std::uint32_t rank = 0, dp = 0, pp = 0, tp = 0, device = 0;
  Bytes total_bytes = VRAMAUTO_UNKNOWN;        // of its device
  Bytes free_at_start = VRAMAUTO_UNKNOWN;      // what the engine will see as free when it takes its first snapshot, best value
  Bytes free_at_start_low = VRAMAUTO_UNKNOWN;  // its pessimistic bound; UNKNOWN: the best value is exact
  Bytes parameter_bytes = 0;                   // parameters and buffers before post-processing and rounding
  Amount weights, activation, non_torch, graphs;
  bool graphs_in_budget = false;
  Amount other_in_budget;             // counted by the budget and none of the above (runner buffers, fragmentation)
  Bytes first_start = 0;              // of other_in_budget's bound: what a first start may take that later ones do not
  Amount outside;                     // after the cache is sized: graphs not counted, block tables, warm-up, workspaces
  std::vector<Component> components;  // the same amounts, named; sums equal the members above

  // Everything the engine subtracts from its budget before the cache.
  Amount fixed() const;
};

struct CacheGroup {          // one group of layers as the engine allocates them
  std::string_view kind;     // "full", "sliding", "chunked", "latent", "cross", "indexer", "ring", "state"
  std::uint32_t layers = 0;  // real ones, without padding
  std::uint32_t block_tokens = 0;
  Bytes block_bytes = 0;  // all its layers, one block
  std::uint64_t window_tokens = VRAMAUTO_UNKNOWN;
  Bytes sequence_bytes = 0;  // of state that does not grow with length
};

struct CacheReport {  // for given cache bytes on every rank
  std::uint64_t num_blocks = 0, tokens = 0;
  double max_concurrency = 0;
  bool holds_max_model_len = false;
  std::uint64_t longest = 0;  // longest single sequence, at most the model's own length; 0: none
};

struct Effective {  // every value as the engine will use it
  std::uint64_t max_model_len = 0, max_num_seqs = 0, max_num_batched_tokens = 0, block_size = 16;
  bool enforce_eager = false, enable_prefix_caching = true, enable_chunked_prefill = true;
  std::string_view dtype, kv_cache_dtype;  // "bfloat16"; "bfloat16", "fp8_e4m3" as stored
  std::string quantization;
  std::uint32_t max_lora_rank = 0;  // 0: no adapters
};

struct Warning {
  std::string code, message;
};

class Estimate {
 public:
  Estimate() = default;
  explicit Estimate(const Workload& asked) : workload(asked) {}
  virtual ~Estimate() = default;

  std::string engine, version, profile;  // "vllm", "0.33.0", "0.33"
  bool version_known = true;
  std::string installed;              // where the release that "auto" means was found; "": none was, or it was asked for by number
  bool guess = false;                 // of a model that nothing is known about but its tensors
  Workload workload;                  // as asked
  std::string draft;                  // where the draft model is; "" without one
  std::vector<std::string> adapters;  // where the attached adapters are
  std::optional<std::string> limits;  // --limit-mm-per-prompt, where this release reads no JSON: "image=2,video=0"
  Effective effective;
  std::vector<Rank> ranks;          // dp-major, then pp, then tp
  std::vector<CacheGroup> groups;   // of the whole model when it is not pipelined, else of all stages merged
  bool keeps_cache = true;          // false: an encoder, whose attention has nothing to keep between steps
  Bytes bytes_per_token = 0;        // all token-indexed caches of one rank, the fullest
  Bytes bytes_per_block = 0;        // as allocated, on the fullest rank
  std::uint64_t model_max_len = 0;  // the model's own
  double default_utilization = 0.9;
  double utilization_limit = 1.0;
  std::vector<Warning> warnings;
  std::vector<std::string> notes;

  // Budget of a rank: ceil(total x utilization) in vLLM. Needs a known total.
  virtual Bytes budget(const Rank& rank, double utilization) const = 0;
  // Cache bytes one sequence count of a length needs on a rank, with the engine's own reserve (null block) included where it
  // checks with one. `checked` adds that reserve.
  virtual Bytes cache_bytes(const Rank& rank, std::uint64_t length, std::uint64_t sequences, bool checked) const = 0;
  // Of one block, all layers of a rank.
  virtual Bytes block_bytes(const Rank& rank) const = 0;
  // What the engine logs when every rank has these cache bytes (one entry per rank), and what max_model_len it would offer.
  virtual CacheReport report(std::span<const Bytes> cache_bytes, std::uint64_t max_model_len) const = 0;
};

struct Attached {
  const model::Model* model = nullptr;  // nullptr: none
  const estimator::Blueprint* blueprint = nullptr;
};

struct Request {
  const model::Model* model = nullptr;
  const estimator::Blueprint* blueprint = nullptr;  // nullptr for the rule
  std::span<const detect::Device> devices;          // empty: one GPU of unknown size per rank
  const Workload* workload = nullptr;
  Attached draft = {};                                 // the draft model of speculative decoding
  std::span<const model::Model* const> adapters = {};  // LoRA
  const Installed* installed = nullptr;                // what engine-version "auto" is; nullptr: the newest known
};

// Prices a blueprint. E_UNSUPPORTED with the engine's own reason where the engine would refuse (heads that do not divide …).
Result<std::unique_ptr<Estimate>> estimate(const Request& request);

// The engine's own words about a model that it does not run, told from its architecture alone; "" for one that it knows.
std::string refusal(const Workload& workload, std::string_view architecture);

}  // namespace vramauto::engine
