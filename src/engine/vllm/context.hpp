// What every vLLM rule looks at: the blueprint, the engine's version and architecture facts, how the model is split, on which GPU.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "detect/devices.hpp"
#include "engine/estimate.hpp"

namespace vramauto::engine::vllm {

struct Profile;       // profiles.hpp: memory rules of one range of versions
struct Architecture;  // architectures.hpp: how this engine treats one architecture
namespace quantization {
struct Placed;  // quantization/placed.hpp: the format of each weight
}

// How the model is divided. Ranks are numbered dp-major, then pp, then tp.
struct Parallel {
  std::uint32_t tp = 1, pp = 1, dp = 1, dcp = 1;
  bool expert_parallel = false;
  bool whole_shared_experts = false;        // not divided
  std::uint32_t redundant_experts = 0;      // of a layer, beside the model's own
  bool whole_towers = false;                // encoders are not divided: every rank has them, for its share of the items
  std::vector<std::uint32_t> stage_layers;  // layers on each pipeline stage; sums to the model's layers

  // Ranks that experts are dealt to or, without expert parallelism, each divided by: of all replicas. vLLM 0.33 and 0.8,
  // model_executor/layers/fused_moe/config.py and layer.py, flatten_tp_across_dp_and_pcp.
  std::uint64_t expert_ranks() const { return std::uint64_t{tp} * dp; }
  // Of a layer's experts on one rank, where they are dealt: the first ranks have one more where they do not come out even.
  std::uint64_t experts_on_rank(std::uint64_t experts) const { return ceil_div(experts + redundant_experts, expert_ranks()); }
};

// Who drafts.
enum class Drafter : std::uint8_t {
  nobody,      // no speculation
  own_layers,  // layers of the model's own checkpoint, which exist only then
  tokens,      // what was said before: nothing is loaded
  model,       // a model of its own, with its own embedding and head
  head,        // a few layers on the hidden states of the model, whose embedding and head they may share
};

struct Speculation {
  Drafter drafter = Drafter::nobody;
  std::string_view method;    // "eagle3", as the engine names it
  std::uint32_t tokens = 0;   // drafted in a step
  bool keeps_logits = false;  // of what was drafted: draft_sample_method "probabilistic"
};

struct Context {
  const model::Model* model = nullptr;
  const estimator::Blueprint* blueprint = nullptr;
  const Workload* workload = nullptr;  // as asked
  Attached draft;                      // the draft model of speculative decoding
  std::span<const model::Model* const> adapters;
  Effective effective;  // resolved defaults
  const Profile* profile = nullptr;
  const Architecture* architecture = nullptr;
  std::shared_ptr<const Architecture> composite;  // what it points to where a text is part of it
  Parallel parallel;
  std::shared_ptr<const quantization::Placed> formats;
  const detect::Device* device = nullptr;   // the first one used; nullptr: unknown GPU
  vramauto_dtype dtype = VRAMAUTO_BF16;     // of parameters and activations, resolved
  vramauto_dtype kv_dtype = VRAMAUTO_BF16;  // of the cache, resolved
  bool mrv2 = false;                        // model runner V2
  bool encoder_only = false;                // attention keeps no cache
  Speculation speculation;
  std::uint32_t draft_tokens = 0;          // of speculative decoding
  bool draft_layers = false;               // the model's own layers that draft are loaded
  std::shared_ptr<const Context> drafter;  // the draft model, which is whole on the last stage; nullptr: none that is known
  bool shares_embedding = false;           // of a draft model: it uses the model's

  // Compute capability as 90 for 9.0. A GPU that is not known counts as one of the newest data-centre kind most rules were
  // measured on: Hopper.
  std::uint32_t capability() const {
    return device && device->compute_major ? device->compute_major * 10 + device->compute_minor : 90;
  }
  std::uint32_t element_bytes() const { return dtype == VRAMAUTO_F32 ? 4 : 2; }
  std::uint64_t vocabulary() const { return round_up(blueprint->traits.vocab, 64); }  // vocab_parallel_embedding.py pads to 64
  bool generates() const { return blueprint->traits.task != 2; }
};

// Value of a variable in the engine's environment, as set with --env.
std::optional<std::string_view> environment(const Workload& workload, std::string_view name);

// Layers [first, first + count) of a pipeline stage.
struct StageRange {
  std::uint32_t first, count;
};
StageRange stage_range(const Parallel& parallel, std::uint32_t stage);

}  // namespace vramauto::engine::vllm
