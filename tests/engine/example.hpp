// Hand-made models and GPUs for the engine's tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/estimate.hpp"
#include "engine/vllm/architectures.hpp"
#include "engine/vllm/context.hpp"
#include "engine/vllm/profiles.hpp"

namespace example {

using namespace vramauto;

inline vramauto_cache layers_with(vramauto_cache_kind kind, std::int32_t first, std::uint32_t count, std::uint32_t stride,
                                  std::uint32_t run, std::uint32_t heads, std::uint32_t dim, std::uint32_t window = 0) {
  vramauto_cache cache{};
  cache.kind = kind;
  cache.layers = {first, count, stride, run};
  cache.heads = heads;
  cache.k_dim = cache.v_dim = dim;
  cache.window = window;
  return cache;
}

// Widths of a dense model; caches are the caller's.
inline estimator::Blueprint blueprint(std::uint32_t layers, std::uint32_t hidden, std::uint32_t intermediate, std::uint32_t vocab,
                                      std::uint64_t max_model_len, std::vector<vramauto_cache> caches) {
  estimator::Blueprint out;
  out.architecture = "LlamaForCausalLM";
  out.traits.task = 1;
  out.traits.layers = layers;
  out.traits.hidden = hidden;
  out.traits.vocab = vocab;
  out.traits.max_model_len = max_model_len;
  out.traits.dtype = VRAMAUTO_BF16;
  out.caches = std::move(caches);
  vramauto_forward forward{};
  forward.layers = {0, layers, 1, 1};
  forward.intermediate = intermediate;
  out.forwards = {forward};
  return out;
}

inline estimator::Blueprint llama_8b() {
  return blueprint(32, 4096, 14336, 128256, 131072, {layers_with(VRAMAUTO_CACHE_FULL, 0, 32, 1, 1, 8, 128)});
}

// 62 layers, every sixth full, the others with a window of 1024: 52 and 10.
inline estimator::Blueprint gemma_3_27b() {
  return blueprint(
      62, 5376, 21504, 262208, 131072,
      {layers_with(VRAMAUTO_CACHE_SLIDING, 0, 52, 6, 5, 16, 128, 1024), layers_with(VRAMAUTO_CACHE_FULL, 5, 10, 6, 1, 16, 128)});
}

inline detect::Device gpu(std::string name, double total_gib, std::uint32_t capability, std::uint32_t multiprocessors) {
  detect::Device out;
  out.name = std::move(name);
  out.total_bytes = static_cast<Bytes>(total_gib * static_cast<double>(kGiB));
  out.compute_major = capability / 10;
  out.compute_minor = capability % 10;
  out.multiprocessors = multiprocessors;
  return out;
}
inline detect::Device h100() { return gpu("NVIDIA H100 80GB HBM3", 79.19, 90, 132); }

// A workload from option names and values.
inline engine::Workload workload(std::initializer_list<std::pair<std::string_view, std::string_view>> options) {
  engine::Workload out;
  for (const auto& [name, value] : options)
    if (const auto done = engine::set(out, name, value); !done) throw done.error().message;
  return out;
}

// A context with everything resolved by hand, for rules tested one by one.
struct Bench {
  model::Model model;
  estimator::Blueprint blueprint;
  engine::Workload asked;
  detect::Device device;
  engine::vllm::Context context;

  Bench(estimator::Blueprint described, std::string_view version, std::uint64_t tokens, std::uint64_t sequences,
        std::uint32_t tp = 1, std::uint32_t pp = 1, detect::Device on = h100())
      : blueprint(std::move(described)), device(std::move(on)) {
    context.model = &model;
    context.blueprint = &blueprint;
    context.workload = &asked;
    context.device = &device;
    static const engine::vllm::Architecture plain;
    context.architecture = &plain;
    context.profile = engine::vllm::find_profile(version).profile;
    context.effective.max_num_batched_tokens = tokens;
    context.effective.max_num_seqs = sequences;
    context.effective.max_model_len = blueprint.traits.max_model_len;
    context.parallel.tp = tp;
    context.parallel.pp = pp;
    context.parallel.stage_layers.assign(pp, blueprint.traits.layers / pp);
    context.parallel.stage_layers.front() += blueprint.traits.layers % pp;
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
};

inline double gib(Bytes bytes) { return static_cast<double>(bytes) / static_cast<double>(kGiB); }

}  // namespace example
