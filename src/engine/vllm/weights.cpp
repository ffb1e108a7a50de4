#include "engine/vllm/weights.hpp"

#include <algorithm>
#include <vector>

#include "engine/vllm/allocator.hpp"
#include "engine/vllm/architectures.hpp"
#include "engine/vllm/shards.hpp"

namespace vramauto::engine::vllm {
namespace {

using estimator::Weights;

// Numbers that every attention layer holds as buffers: scales of q, k, v and of the probabilities, float32.
// vLLM 0.33 and 0.19, model_executor/layers/attention/attention.py, set_default_quant_scales.
constexpr std::uint32_t kScales = 4;

struct Sums {
  Bytes embedding = 0, layers = 0, head = 0, rope = 0, buffers = 0;
  Bytes total() const { return embedding + layers + head + rope + buffers; }
};

class Stage {
 public:
  Stage(const Context& context, std::uint32_t stage)
      : context_(context),
        blueprint_(*context.blueprint),
        range_(stage_range(context.parallel, stage)),
        allocator_(Bytes{context.profile->load_split_mib} * kMiB) {
    const bool first = stage == 0, last = stage + 1 == context.parallel.pp, everywhere = context.architecture->ends_on_all_stages;
    input_ = first || everywhere || (last && tied());
    output_ = last || everywhere;
  }

  RankWeights count() {
    if (input_) ends(VRAMAUTO_LAYER_INPUT, sums_.embedding);
    ropes();
    layers();
    if (output_) ends(VRAMAUTO_LAYER_OUTPUT, sums_.head);
    buffers();
    return answer();
  }

 private:
  bool tied() const {
    return std::any_of(blueprint_.weights.begin(), blueprint_.weights.end(),
                       [](const Weights& w) { return w.role == VRAMAUTO_ROLE_HEAD && w.flags & VRAMAUTO_TIED; });
  }

  void allocate(Bytes bytes) { allocated_ += allocator_.allocate(bytes); }

  void ends(std::int32_t end, Bytes& sum) {
    for (const auto& weights : blueprint_.weights) {
      if (weights.layers.first != end || weights.flags & (VRAMAUTO_TIED | VRAMAUTO_DRAFT)) continue;
      const auto shard = shard_of(context_, weights);
      sum += shard.weight_bytes + shard.bias_bytes;
      allocate(shard.weight_bytes);
      allocate(shard.bias_bytes);
    }
  }

  // One table for all layers of the stage that share it. transformers keeps the frequencies instead, twice and in float32:
  // transformers 5.24, modeling_rope_utils.py (inv_freq, original_inv_freq).
  void ropes() {
    const bool frequencies = context_.architecture->backend == Backend::transformers;
    for (std::size_t i = 0; i < blueprint_.weights.size(); ++i) {
      const auto& weights = blueprint_.weights[i];
      if (weights.role != VRAMAUTO_ROLE_ROPE || counted_before(i)) continue;
      if (!frequencies && layers_within(weights.layers, range_.first, range_.count) == 0) continue;
      const auto bytes = frequencies ? weights.cols / 2 * 4 * 2 : table_rows(weights) * weights.cols * context_.element_bytes();
      const auto tables = context_.architecture->rope_by_layer_kind && !has_other_table(i) ? 2u : 1u;
      sums_.rope += bytes * tables;
      for (std::uint32_t table = 0; table < tables; ++table) allocate(bytes);
    }
  }

  static bool same_table(const Weights& a, const Weights& b) {
    return a.rows == b.rows && a.cols == b.cols && a.pattern == b.pattern;
  }

  // A table that an earlier answer about layers of this stage has already made.
  bool counted_before(std::size_t at) const {
    const auto& weights = blueprint_.weights[at];
    for (std::size_t i = 0; i < at; ++i) {
      const auto& other = blueprint_.weights[i];
      if (other.role != VRAMAUTO_ROLE_ROPE || !same_table(other, weights)) continue;
      if (context_.architecture->backend == Backend::transformers || layers_within(other.layers, range_.first, range_.count))
        return true;
    }
    return false;
  }

  bool has_other_table(std::size_t at) const {
    return std::any_of(blueprint_.weights.begin(), blueprint_.weights.end(), [&](const Weights& other) {
      return other.role == VRAMAUTO_ROLE_ROPE && !same_table(other, blueprint_.weights[at]);
    });
  }

  // Up to 0.19 the table was as long as dynamic scaling may ever stretch it. M-RoPE counts several positions a token.
  std::uint64_t table_rows(const Weights& weights) const {
    const auto rows = weights.units && context_.profile->from >= Version{0, 20, 0} ? weights.units : weights.rows;
    return blueprint_.traits.flags & 2 ? rows * context_.profile->mrope_rows : rows;
  }

  static bool in_layers(const Weights& weights) {
    return weights.layers.first >= 0 && weights.role != VRAMAUTO_ROLE_ROPE && !(weights.flags & VRAMAUTO_DRAFT);
  }

  void layers() {
    bool alike = true;
    for (const auto& weights : blueprint_.weights) {
      if (!in_layers(weights)) continue;
      const auto layers = layers_within(weights.layers, range_.first, range_.count);
      if (layers == 0) continue;
      alike = alike && layers == range_.count;
      const auto shard = shard_of(context_, weights);
      sums_.layers += (shard.weight_bytes + shard.bias_bytes) * layers;
      parts_.push_back({&weights, shard.weight_bytes, shard.bias_bytes});
    }
    if (alike)
      repeat_layer();
    else
      for (std::uint32_t layer = 0; layer < range_.count; ++layer) layer_tensors(range_.first + layer, false);
  }

  // All tensors of a layer, parts of one parameter together.
  void layer_tensors(std::uint32_t layer, bool all) {
    std::uint32_t group = 0;
    Bytes weight = 0, bias = 0;
    const auto flush = [&] {
      allocate(weight);
      allocate(bias);
      weight = bias = 0;
    };
    for (const auto& part : parts_) {
      if (!all && !has_layer(part.weights->layers, layer)) continue;
      const auto number = part.weights->parameter;
      if (number == 0 || number != group) flush();
      group = number;
      weight += part.weight_bytes;
      bias += part.bias_bytes;
    }
    flush();
  }

  // Layers are alike, so as soon as the allocator is where it was some layers ago, all goes on as since then.
  void repeat_layer() {
    std::vector<std::uint64_t> states;
    std::vector<Bytes> sums;
    for (std::uint32_t layer = 0; layer < range_.count; ++layer) {
      states.push_back(allocator_.state());
      sums.push_back(allocated_);
      layer_tensors(range_.first + layer, true);
      const auto before = std::find(states.begin(), states.end(), allocator_.state());
      if (before == states.end()) continue;
      const auto since = static_cast<std::uint32_t>(before - states.begin());
      const auto period = layer + 1 - since, left = range_.count - layer - 1;
      allocated_ += left / period * (allocated_ - sums[since]);
      for (std::uint32_t i = 0; i < left % period; ++i) layer_tensors(range_.first, true);
      return;
    }
  }

  void buffers() {
    std::uint32_t attentions = 0;
    for (const auto& cache : blueprint_.caches)
      if (cache.kind != VRAMAUTO_CACHE_STATE && cache.kind != VRAMAUTO_CACHE_INDEXER && !(cache.flags & VRAMAUTO_DRAFT))
        attentions += layers_within(cache.layers, range_.first, range_.count);
    // Beside the scales: their copies for the host from 0.20, the ranges of q, k and v before.
    const Bytes others = context_.profile->from >= Version{0, 20, 0} ? 2 : 3;
    sums_.buffers += attentions * (kScales + others) * 4;
    allocated_ += attentions * (kScales + others) * 512;
    if (context_.architecture->keeps_causal_mask) mask();
  }

  void mask() {
    for (const auto& weights : blueprint_.weights)
      if (weights.layers.first == VRAMAUTO_LAYER_INPUT && weights.role == VRAMAUTO_ROLE_OTHER) {
        const auto bytes = saturating_mul(weights.rows, weights.rows);
        sums_.buffers = saturating_add(sums_.buffers, bytes);
        allocate(std::min(bytes, Bytes{1} << 40));
        return;
      }
  }

  RankWeights answer() const {
    RankWeights out;
    out.parameter_bytes = sums_.total();
    out.loaded = Amount::exact(std::max(allocated_, out.parameter_bytes));
    const auto add = [&](std::string_view name, Bytes bytes, std::string_view source) {
      if (bytes == 0) return;
      auto& component = out.components.emplace_back();
      component.name = name;
      component.kind = VRAMAUTO_KIND_WEIGHTS;
      component.amount = Amount::exact(bytes);
      component.source = source;
    };
    out.components.reserve(6);
    add("embedding", sums_.embedding, "config");
    add("layers", sums_.layers, "config");
    add("head", sums_.head, "config");
    add("rope", sums_.rope, "vLLM 0.33");
    add("buffers", sums_.buffers, "vLLM 0.33");
    add("rounding", out.loaded.best - out.parameter_bytes, "torch allocator");
    return out;
  }

  struct Part {
    const Weights* weights;
    Bytes weight_bytes, bias_bytes;
  };

  const Context& context_;
  const estimator::Blueprint& blueprint_;
  StageRange range_;
  CachingAllocator allocator_;
  bool input_ = false, output_ = false;
  Sums sums_;
  Bytes allocated_ = 0;
  std::vector<Part> parts_;
};

}  // namespace

Result<RankWeights> weights_of_stage(const Context& context, std::uint32_t stage) { return Stage(context, stage).count(); }

}  // namespace vramauto::engine::vllm
