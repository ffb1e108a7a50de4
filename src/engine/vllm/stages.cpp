#include "engine/vllm/stages.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include "engine/vllm/shards.hpp"
#include "support/text.hpp"

namespace vramauto::engine::vllm {
namespace {

using Layers = std::vector<std::uint32_t>;

constexpr std::string_view kVariable = "VLLM_PP_LAYER_PARTITION";

Result<Layers> given_split(std::string_view text, std::uint32_t layers, std::uint32_t pp) {
  Layers out;
  std::uint64_t sum = 0;
  for (auto rest = text; out.size() <= pp;) {
    const auto comma = rest.find(',');
    const auto word = text::trim(rest.substr(0, comma));
    std::uint32_t count = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), count);
    if (word.empty() || read.ec != std::errc() || read.ptr != word.data() + word.size())
      return fail(VRAMAUTO_E_ARGUMENT, kVariable, "found \"{}\", expected numbers of layers such as \"20,22\"", text::shown(text));
    out.push_back(count);
    sum += count;
    if (comma == std::string_view::npos) break;
    rest = rest.substr(comma + 1);
  }
  if (out.size() != pp)
    return fail(VRAMAUTO_E_UNSUPPORTED, kVariable, "found \"{}\", expected one number for each of {} stages", text::shown(text),
                pp);
  if (sum != layers)
    return fail(VRAMAUTO_E_UNSUPPORTED, kVariable, "found \"{}\", {} layers in all, expected the model's {}", text::shown(text),
                sum, layers);
  return out;
}

// vLLM 0.33, distributed/utils.py, get_pp_indices: what is left over goes to the stages before the last, from the back. Up to
// 0.7.3 the last stage took all of it.
Layers even_split(std::uint32_t layers, std::uint32_t pp, const Version& version) {
  Layers out(pp, layers / pp);
  const auto left = layers % pp;
  if (version < Version{0, 8, 0})
    out.back() += left;
  else
    for (std::uint32_t i = 0; i < left; ++i) ++out[pp - 2 - i];
  return out;
}

// Heads as the configuration has them: the engine checks these, whatever a layer has.
bool keeps_keys(const estimator::Blueprint& blueprint, std::int32_t layer) {
  if (blueprint.caches.empty()) return true;
  return std::any_of(blueprint.caches.begin(), blueprint.caches.end(), [&](const vramauto_cache& cache) {
    return cache.kind != VRAMAUTO_CACHE_STATE && layer >= 0 && has_layer(cache.layers, static_cast<std::uint32_t>(layer));
  });
}

std::optional<std::uint32_t> heads_of(const estimator::Blueprint& blueprint, vramauto_uneven uneven) {
  for (const auto& weights : blueprint.weights)
    if (weights.split == VRAMAUTO_SPLIT_UNITS && weights.uneven == uneven && weights.role == VRAMAUTO_ROLE_LINEAR &&
        weights.encoders == 0 && keeps_keys(blueprint, weights.layers.first))
      return weights.units;
  return std::nullopt;
}

Result<void> check_kv_heads(const estimator::Blueprint& blueprint, std::uint32_t tp) {
  for (const auto& weights : blueprint.weights) {
    if (weights.split != VRAMAUTO_SPLIT_UNITS || weights.uneven != VRAMAUTO_UNEVEN_REPEAT) continue;
    const auto heads = weights.units;
    if (heads >= tp ? heads % tp != 0 : tp % heads != 0)
      return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size",
                  "Total number of KV heads ({}) must be divisible by tensor parallel size ({}), or divide it", heads, tp);
  }
  return {};
}

// Features that go with heads are checked as heads are.
bool follows_heads(const vramauto_weights& weights, std::uint32_t tp) {
  if (weights.units == 0 || weights.split == VRAMAUTO_SPLIT_UNITS) return false;
  return weights.uneven == VRAMAUTO_UNEVEN_PAD || (weights.uneven == VRAMAUTO_UNEVEN_REPLICATE && weights.units % tp != 0);
}

// Heads of towers and of recurrent states.
bool has_strict_heads(const vramauto_weights& weights) {
  return weights.split == VRAMAUTO_SPLIT_UNITS && weights.uneven == VRAMAUTO_UNEVEN_REFUSE;
}

// vLLM 0.19, distributed/utils.py, divide.
Result<void> check_tower_heads(const estimator::Blueprint& blueprint, std::uint32_t tp) {
  for (const auto& weights : blueprint.weights)
    if (weights.encoders && weights.units % tp != 0)
      return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size", "{} is not divisible by {}: heads of {}", weights.units, tp,
                  weights.pattern);
  return {};
}

Result<void> check_widths(const estimator::Blueprint& blueprint, const Parallel& parallel) {
  const auto tp = parallel.tp;
  for (const auto& weights : blueprint.weights) {
    if ((weights.encoders && parallel.whole_towers) || follows_heads(weights, tp)) continue;
    const bool vocabulary = weights.split == VRAMAUTO_SPLIT_VOCAB;
    const auto width = vocabulary                             ? round_up(weights.rows, 64)
                       : weights.split == VRAMAUTO_SPLIT_ROWS ? weights.rows
                       : weights.split == VRAMAUTO_SPLIT_COLS ? weights.cols
                       : has_strict_heads(weights)            ? weights.units
                                                              : tp;
    if (width % tp != 0)
      return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size", "{} is not divisible by {}: {} of {}", width, tp,
                  vocabulary                  ? "padded rows"
                  : has_strict_heads(weights) ? "heads"
                                              : "features",
                  weights.pattern);
  }
  return {};
}

}  // namespace

StageRange stage_range(const Parallel& parallel, std::uint32_t stage) {
  const auto& layers = parallel.stage_layers;
  if (stage >= layers.size()) return {0, 0};
  return {std::accumulate(layers.begin(), layers.begin() + stage, 0u), layers[stage]};
}

Result<std::vector<std::uint32_t>> split_layers(std::uint32_t layers, std::uint32_t pp, const Version& version,
                                                const Workload& workload) {
  if (pp == 0) return fail(VRAMAUTO_E_ARGUMENT, "pipeline-parallel-size", "found 0, expected at least 1");
  if (pp == 1) return Layers{layers};
  if (const auto given = environment(workload, kVariable)) return given_split(*given, layers, pp);
  if (layers < pp)
    return fail(VRAMAUTO_E_UNSUPPORTED, "pipeline-parallel-size", "found {}, the model has {} layers: a stage would have none", pp,
                layers);
  return even_split(layers, pp, version);
}

Result<void> check_parallel(const estimator::Blueprint& blueprint, const Parallel& parallel, const Architecture& architecture) {
  const auto tp = parallel.tp;
  if (tp == 0) return fail(VRAMAUTO_E_ARGUMENT, "tensor-parallel-size", "found 0, expected at least 1");
  if (parallel.pp > 1 && architecture.refuses_pp)
    return fail(VRAMAUTO_E_UNSUPPORTED, "pipeline-parallel-size",
                "Pipeline parallelism is not supported for this model. Supported models implement the `SupportsPP` interface.");
  if (tp == 1) return {};
  if (architecture.refuses_tp)
    return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size", "{} is not divided by vLLM", blueprint.architecture);
  if (const auto heads = heads_of(blueprint, VRAMAUTO_UNEVEN_REFUSE); heads && *heads % tp != 0)
    return fail(VRAMAUTO_E_UNSUPPORTED, "tensor-parallel-size",
                "Total number of attention heads ({}) must be divisible by tensor parallel size ({})", *heads, tp);
  if (architecture.towers_need_even_heads) TRY(check_tower_heads(blueprint, tp));
  TRY(check_kv_heads(blueprint, tp));
  return check_widths(blueprint, parallel);
}

// vLLM 0.33, model_executor/layers/attention/attention.py, validate_kv_sharing_target.
Result<void> check_borrowed(const estimator::Blueprint& blueprint, const Parallel& parallel) {
  for (const auto& cache : blueprint.caches) {
    if (!(cache.flags & VRAMAUTO_BORROWED) || cache.flags & VRAMAUTO_DRAFT) continue;
    for (std::uint32_t stage = 0; stage < parallel.pp; ++stage) {
      const auto range = stage_range(parallel, stage);
      const bool owned = cache.owner >= range.first && cache.owner < range.first + range.count;
      if (owned || layers_within(cache.layers, range.first, range.count) == 0) continue;
      return fail(VRAMAUTO_E_UNSUPPORTED, "pipeline-parallel-size",
                  "Specified KV sharing target layer is not valid: layer {} shares its cache with layers of stage {} ({} to {})",
                  cache.owner, stage, range.first, range.first + range.count - 1);
    }
  }
  return {};
}

}  // namespace vramauto::engine::vllm
