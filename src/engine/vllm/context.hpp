// What every vLLM rule looks at: the blueprint, the engine's version and architecture facts, how the model is split, on which GPU.
#pragma once

#include <cstdint>
#include <vector>

#include "detect/devices.hpp"
#include "engine/estimate.hpp"

namespace vramauto::engine::vllm {

struct Profile;                                  // profiles.hpp: memory rules of one range of versions
struct Architecture;                             // architectures.hpp: how this engine treats one architecture

// How the model is divided. Ranks are numbered dp-major, then pp, then tp.
struct Parallel {
  std::uint32_t tp = 1, pp = 1, dp = 1, dcp = 1;
  bool expert_parallel = false;
  std::vector<std::uint32_t> stage_layers;       // layers on each pipeline stage; sums to the model's layers
};

struct Context {
  const model::Model* model = nullptr;
  const estimator::Blueprint* blueprint = nullptr;
  const Workload* workload = nullptr;            // as asked
  Effective effective;                           // resolved defaults
  const Profile* profile = nullptr;
  const Architecture* architecture = nullptr;
  Parallel parallel;
  const detect::Device* device = nullptr;        // the first one used; nullptr: unknown GPU
  vramauto_dtype dtype = VRAMAUTO_BF16;          // of parameters and activations, resolved
  vramauto_dtype kv_dtype = VRAMAUTO_BF16;       // of the cache, resolved
  bool mrv2 = false;                             // model runner V2
};

// Layers [first, first + count) of a pipeline stage.
struct StageRange { std::uint32_t first, count; };
StageRange stage_range(const Parallel& parallel, std::uint32_t stage);

}  // namespace vramauto::engine::vllm
