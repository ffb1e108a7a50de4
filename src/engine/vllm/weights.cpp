#include "engine/vllm/weights.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "engine/vllm/architectures.hpp"
#include "engine/vllm/buffers.hpp"
#include "engine/vllm/encoders.hpp"
#include "engine/vllm/experts.hpp"
#include "engine/vllm/fits.hpp"
#include "engine/vllm/latents.hpp"
#include "engine/vllm/load_order.hpp"
#include "engine/vllm/lora.hpp"
#include "engine/vllm/quantization/placed.hpp"
#include "engine/vllm/rope_tables.hpp"
#include "engine/vllm/shards.hpp"

namespace vramauto::engine::vllm {
namespace {

using estimator::Weights;
using quantization::Format;
using quantization::Tensors;

// Activation order (g_idx) of GPTQ is not created any more from here on: vLLM 0.30, quantization/auto_gptq.py.
constexpr Version kNoInputOrder{0, 30, 0};
// ModelOpt's algorithm applies to lm_head too: vLLM 0.23, quantization/modelopt.py, ParallelLMHead.
constexpr Version kQuantisedHeads{0, 23, 0};

// Layers that use another layer's cache have no key and value projections any more: vLLM 0.30, models/gemma4.py and gemma3n.py,
// is_kv_shared.
constexpr Version kNoBorrowedProjections{0, 30, 0};

// ModelOpt's mixed checkpoints: a layer whose algorithm is not FP8 or NVFP4 was left as it is up to 0.21. vLLM 0.22,
// quantization/modelopt.py, ModelOptMixedPrecisionConfig.get_quant_method.
constexpr Version kWeightOnlyLayers{0, 22, 0};

// From here on a composite's own key says whether its text is tied, with transformers 5; before, a text that says it is not was
// not: vLLM 0.33 and 0.19.1, config/vllm.py, with_hf_config.
constexpr Version kWholeTies{0, 20, 0};

struct Sums {
  Bytes embedding = 0, layers = 0, head = 0, rope = 0, buffers = 0, encoders = 0, drafts = 0;
  Bytes total() const { return embedding + layers + head + rope + buffers + encoders + drafts; }
};

class Stage {
 public:
  Stage(const Context& context, const quantization::Placed& formats, std::uint32_t stage)
      : context_(context),
        formats_(formats),
        blueprint_(*context.blueprint),
        range_(stage_range(context.parallel, stage)),
        order_(Bytes{context.profile->load_split_mib} * kMiB) {
    tied_ = tied();
    const bool first = stage == 0, last = stage + 1 == context.parallel.pp, everywhere = context.architecture->ends_on_all_stages;
    input_ = first || everywhere || context.architecture->input_on_all_stages || (last && (tied_ || context.draft_layers));
    drafts_ = last && context.draft_layers;
    // vLLM 0.33, models/interfaces.py, _mark_tower_model: MRV2 runs encoders on the first stage and builds them nowhere else.
    const bool has_towers = first || !context.mrv2 || context.architecture->towers_on_all_stages;
    encoders_ = has_towers ? encoders_in_use(context) : 0;
    output_ = last || everywhere;
  }

  RankWeights count() {
    if (encoders_) towers();
    if (input_) ends(VRAMAUTO_LAYER_INPUT, sums_.embedding);
    ropes();
    layers();
    if (output_ || pools()) ends(VRAMAUTO_LAYER_OUTPUT, sums_.head);
    buffers();
    if (drafts_) drafts();
    return answer();
  }

  // What the engine does not divide this way; known once counted.
  const Result<void>& refused() const { return refused_; }

 private:
  bool tied() const {
    const bool described = std::any_of(blueprint_.weights.begin(), blueprint_.weights.end(),
                                       [](const Weights& w) { return w.role == VRAMAUTO_ROLE_HEAD && w.flags & VRAMAUTO_TIED; });
    if (!described || blueprint_.text.empty() || context_.profile->from >= kWholeTies) return described;
    const auto* own = context_.model->config.root().at(blueprint_.text_at + "/tie_word_embeddings");
    return !own || !own->is(json::Type::boolean) || own->integer != 0;
  }

  void ends(std::int32_t end, Bytes& sum) {
    for (std::size_t i = 0; i < blueprint_.weights.size(); ++i) {
      const auto& weights = blueprint_.weights[i];
      const bool is_tied = weights.role == VRAMAUTO_ROLE_HEAD ? tied_ : (weights.flags & VRAMAUTO_TIED) != 0;
      if (weights.layers.first != end || weights.encoders || is_tied || weights.flags & VRAMAUTO_DRAFT) continue;
      if (end == VRAMAUTO_LAYER_OUTPUT && !output_ && !is_pooler(weights)) continue;
      if (weights.role == VRAMAUTO_ROLE_HEAD && context_.architecture->builds_no_head) continue;
      if (weights.role == VRAMAUTO_ROLE_EMBEDDING && context_.shares_embedding) continue;
      const bool plain_head =
          weights.role == VRAMAUTO_ROLE_HEAD && !formats_.rules.head_by_rule && context_.profile->from < kQuantisedHeads;
      const auto part = part_of({static_cast<std::uint32_t>(i), 1, {}, plain_head ? std::uint16_t{0} : formats_.ends[i]});
      sum += part.total();
      late_ += part.tensors.late;
      if (weights.role == VRAMAUTO_ROLE_HEAD && weights.split == VRAMAUTO_SPLIT_VOCAB && pools())
        dropped_ += part.total();
      else
        order_.load(part);
    }
  }

  bool pools() const { return !context_.generates(); }

  // What pools and scores is built on every stage, while the decoder's own head is let go of as soon as it was made: vLLM 0.33,
  // model_executor/models/adapters.py, _create_pooling_model_cls.
  bool is_pooler(const Weights& weights) const {
    return pools() && (weights.role == VRAMAUTO_ROLE_LINEAR || weights.role == VRAMAUTO_ROLE_OTHER);
  }

  bool in_tower(std::size_t at) const {
    const auto& weights = blueprint_.weights[at];
    return weights.encoders & encoders_ && weights.layers.first < 0;
  }

  // Encoders stand before the layers. Copies are an encoder's own layers: weights in a row that have as many are one of them.
  void towers() {
    for (std::size_t i = 0; i < blueprint_.weights.size();) {
      if (!in_tower(i)) {
        ++i;
        continue;
      }
      const auto copies = std::max(1u, blueprint_.weights[i].copies);
      std::vector<Part> parts;
      while (i < blueprint_.weights.size() && in_tower(i) && std::max(1u, blueprint_.weights[i].copies) == copies) {
        const auto fused = fused_from(i);
        parts.push_back(tower_part(i, fused, copies));
        i += fused;
      }
      order_.load_copies(parts, copies);
    }
  }

  // Weights from `at` on that are one tensor of the engine.
  std::uint32_t fused_from(std::size_t at) const {
    const auto number = blueprint_.weights[at].parameter;
    std::uint32_t count = 1;
    while (number && at + count < blueprint_.weights.size() && in_tower(at + count) &&
           blueprint_.weights[at + count].parameter == number)
      ++count;
    return count;
  }

  // One copy of it; the sums get all.
  Part tower_part(std::size_t at, std::uint32_t fused, std::uint32_t copies) {
    auto part = part_of({static_cast<std::uint32_t>(at), fused, {}, formats_.ends[at]});
    sums_.encoders += part.total();
    late_ += part.tensors.late;
    for (auto& bytes : part.tensors.bytes) bytes /= copies;
    part.bias /= copies;
    return part;
  }

  void ropes() {
    for (const auto bytes : rope_tables(context_, range_)) {
      sums_.rope += bytes;
      order_.load(bytes);
    }
  }

  static bool in_layers(const Weights& weights) {
    return weights.layers.first >= 0 && weights.role != VRAMAUTO_ROLE_ROPE && !(weights.flags & VRAMAUTO_DRAFT);
  }

  void layers() {
    std::vector<Part> parts;
    parts.reserve(formats_.pieces.size());
    for (const auto& piece : formats_.pieces) {
      if (!in_layers(blueprint_.weights[piece.first])) continue;
      const auto layers = layers_within(piece.layers, range_.first, range_.count);
      if (layers == 0) continue;
      const auto& part = parts.emplace_back(part_of(piece));
      sums_.layers += part.total() * layers;
      late_ += part.tensors.late * layers;
    }
    order_.load_layers(parts, range_);
    offload(parts);
  }

  // Parameters of the first layers move to the host, until as much has gone as was asked for: vLLM 0.33,
  // model_executor/offloader/uva.py; 0.9, model_executor/models/utils.py, maybe_offload_to_cpu.
  void offload(const std::vector<Part>& parts) {
    const auto most = static_cast<Bytes>(context_.workload->cpu_offload_gib * static_cast<double>(kGiB));
    const auto move = [&](Bytes bytes) { offloaded_ += offloaded_ < most ? bytes : 0; };
    for (auto layer = range_.first; layer < range_.first + range_.count && offloaded_ < most; ++layer)
      for (const auto& part : parts) {
        if (!has_layer(part.layers, layer)) continue;
        for (std::uint32_t i = 0; i < part.tensors.count; ++i) move(part.tensors.bytes[i]);
        move(part.bias);
      }
  }

  // Layers that draft are loaded on the last stage, after the model. They share its embedding, or have one there, and its head:
  // vLLM 0.33, v1/spec_decode/llm_base_proposer.py, _maybe_share_embeddings and _maybe_share_lm_head.
  void drafts() {
    for (std::size_t i = 0; i < blueprint_.weights.size(); ++i) {
      const auto& weights = blueprint_.weights[i];
      const bool shared = weights.role == VRAMAUTO_ROLE_EMBEDDING || weights.role == VRAMAUTO_ROLE_HEAD;
      if (weights.layers.first < 0 && weights.flags & VRAMAUTO_DRAFT && !shared)
        draft(part_of({static_cast<std::uint32_t>(i), 1, {}, formats_.ends[i]}));
    }
    for (std::uint32_t layer = 0; layer < blueprint_.traits.draft_layers; ++layer)
      for (const auto& piece : formats_.pieces) {
        const auto& weights = blueprint_.weights[piece.first];
        const bool here = weights.flags & VRAMAUTO_DRAFT && weights.role != VRAMAUTO_ROLE_ROPE;
        if (here && has_layer(piece.layers, blueprint_.traits.layers + layer)) draft(part_of(piece));
      }
  }

  void draft(const Part& part) {
    sums_.drafts += part.total();
    late_ += part.tensors.late;
    order_.load(part);
  }

  // Weights of one tensor of the engine on this rank: in 16 bit as they are, else as the engine's linear method creates them.
  Part part_of(const quantization::Piece& piece) {
    if (blueprint_.weights[piece.first].role == VRAMAUTO_ROLE_EXPERT) return expert_part(piece);
    Part out{piece.layers, {}, 0};
    const auto& format = format_of(piece);
    quantization::Shape shape;
    Bytes plain = 0;
    std::uint32_t copies = 1;
    for (std::uint32_t i = 0; i < piece.count; ++i) {
      const auto& weights = blueprint_.weights[piece.first + i];
      if (weights.flags & VRAMAUTO_BORROWED && context_.profile->from >= kNoBorrowedProjections) continue;
      const auto shard = shard_of(context_, weights);
      plain += shard.weight_bytes;
      out.bias += shard.bias_bytes;
      shape.cols = shard.cols;
      shape.full_cols = weights.cols;
      shape.rows += shard.rows;
      shape.full_rows += weights.rows;
      if (shape.parts < shape.part_rows.size()) shape.part_rows[shape.parts++] = shard.rows;
      copies = static_cast<std::uint32_t>(shard.copies);
    }
    if (format.scheme == quantization::Scheme::none)
      out.tensors.add(plain);
    else
      out.tensors = quantised(format, shape, copies, blueprint_.weights[piece.first].pattern);
    // Attention works with what kv_b holds in the model's type: a view of it, or a copy where it is quantised. vLLM 0.33,
    // model_executor/layers/attention/mla_attention.py, process_weights_after_loading.
    if (format.scheme != quantization::Scheme::none && blueprint_.weights[piece.first].role == VRAMAUTO_ROLE_LATENT_UP)
      out.tensors.late += shape.rows * shape.cols * context_.element_bytes();
    return out;
  }

  const Format& format_of(const quantization::Piece& piece) const {
    const auto& format = formats_.format(piece.format);
    const bool expert = blueprint_.weights[piece.first].role == VRAMAUTO_ROLE_EXPERT;
    const bool left = (format.weight_only && context_.profile->from < kWeightOnlyLayers) ||
                      (format.scheme == quantization::Scheme::mxfp4 && context_.architecture->mxfp4_experts_only && !expert);
    return left ? formats_.format(0) : format;
  }

  Part expert_part(const quantization::Piece& piece) {
    Part out{piece.layers, {}, 0};
    const auto parts = std::span(blueprint_.weights).subspan(piece.first, piece.count);
    const auto tensors = expert_tensors(context_, format_of(piece), parts);
    if (tensors)
      out.tensors = *tensors;
    else if (refused_)
      refused_ = Unexpected(tensors.error());
    return out;
  }

  Tensors quantised(Format format, quantization::Shape& shape, std::uint32_t copies, std::string_view name) {
    shape.element_bytes = context_.element_bytes();
    shape.tp = context_.parallel.tp;
    if (context_.profile->from >= kNoInputOrder) format.order = false;
    if (const auto fits = check_partition(format, shape, name); !fits && refused_) refused_ = Unexpected(fits.error());
    auto out = tensors_of(format, shape);
    for (auto& bytes : out.bytes) bytes = saturating_mul(bytes, copies);
    out.late = saturating_mul(out.late, copies);
    return out;
  }

  void buffers() {
    sums_.buffers = load_buffers(context_, formats_, range_, encoders_, order_);
    const auto held = latent_buffers(context_, range_);
    sums_.buffers += held.workspace;
    order_.load(held.workspace);
    latents_ = held.sparse;
  }

  RankWeights answer() const {
    RankWeights out;
    out.parameter_bytes = sums_.total();
    const auto kept = out.parameter_bytes - dropped_;
    const auto loaded = std::max(order_.allocated(), kept) + late_ + latents_;
    // What is quantised may be made anew on the GPU once it is there, whatever was moved.
    const bool quantised = formats_.format(formats_.rules.linear).scheme != quantization::Scheme::none;
    out.loaded = {loaded - offloaded_, loaded - offloaded_, quantised ? loaded : loaded - offloaded_};
    const auto add = [&](std::string_view name, Bytes bytes, std::string_view source, double doubt = 0) {
      if (bytes == 0) return;
      auto& component = out.components.emplace_back();
      component.name = name;
      component.kind = VRAMAUTO_KIND_WEIGHTS;
      const auto apart = static_cast<Bytes>(static_cast<double>(bytes) * doubt);
      component.amount = {bytes, bytes - apart, bytes + apart};
      component.source = source;
      out.loaded.low -= apart;
      out.loaded.high += apart;
    };
    out.components.reserve(10);
    add("encoders", sums_.encoders, "config", fits::kTowers);
    add("embedding", sums_.embedding, "config");
    add("layers", sums_.layers - offloaded_, "config", has_states() ? fits::kStateLayers : fits::kLayers);
    if (quantised && offloaded_) out.components.back().amount.high += offloaded_;
    add("draft layers", sums_.drafts, "config");
    add("head", sums_.head - dropped_, "config");
    add("rope", sums_.rope, "vLLM 0.33");
    add("buffers", sums_.buffers, "vLLM 0.33");
    add("made while loading", late_, "vLLM 0.33");
    add("attention buffers", latents_, "vLLM 0.33");
    add("rounding", loaded - late_ - latents_ - kept, "torch allocator");
    return out;
  }

  bool has_states() const {
    return std::any_of(blueprint_.caches.begin(), blueprint_.caches.end(),
                       [](const auto& cache) { return cache.kind == VRAMAUTO_CACHE_STATE; });
  }

  const Context& context_;
  const quantization::Placed& formats_;
  const estimator::Blueprint& blueprint_;
  StageRange range_;
  LoadOrder order_;
  bool tied_ = false;
  bool input_ = false, output_ = false, drafts_ = false;
  std::uint64_t encoders_ = 0;
  Sums sums_;
  Bytes late_ = 0, dropped_ = 0, latents_ = 0, offloaded_ = 0;
  Result<void> refused_;
};

Amount sum(const Amount& a, const Amount& b) {
  return {saturating_add(a.best, b.best), saturating_add(a.low, b.low), saturating_add(a.high, b.high)};
}

// Numbers of an embedding that a draft model may turn out to have for itself, where its values are not the model's.
Bytes unshared(const Context& drafter) {
  Bytes out = 0;
  if (!drafter.shares_embedding) return out;
  for (const auto& weights : drafter.blueprint->weights)
    if (weights.role == VRAMAUTO_ROLE_EMBEDDING) out = saturating_add(out, shard_of(drafter, weights).weight_bytes);
  return out;
}

// The draft model is loaded after the model, by the same rules. vLLM 0.33, v1/worker/gpu_model_runner.py, load_model.
Result<void> add_drafter(const Context& drafter, RankWeights& out) {
  const auto draft = TRY(weights_of_stage(drafter, 0));
  auto amount = draft.loaded;
  amount.high = saturating_add(amount.high, unshared(drafter));
  out.parameter_bytes = saturating_add(out.parameter_bytes, draft.parameter_bytes);
  out.loaded = sum(out.loaded, amount);
  out.components.push_back({"draft model", VRAMAUTO_KIND_WEIGHTS, amount, false, "config"});
  return {};
}

Result<RankWeights> count(const Context& context, const quantization::Placed& formats, std::uint32_t stage) {
  Stage counted(context, formats, stage);
  auto out = counted.count();
  if (!counted.refused()) return Unexpected(counted.refused().error());
  if (const auto lora = lora_buffers(context, stage); lora.best) {
    out.loaded = sum(out.loaded, lora);
    out.components.push_back({"LoRA adapters", VRAMAUTO_KIND_WEIGHTS, lora, false, "vLLM 0.33"});
  }
  if (context.drafter && stage + 1 == context.parallel.pp) TRY(add_drafter(*context.drafter, out));
  return out;
}

// Mistral's own repositories hold their weights in both forms, and the engine takes Mistral's. Where the files are not at hand,
// what is not quantised is taken for one of theirs; quantised ones are others' work, in the usual form.
bool form_not_known(const Context& context) {
  return context.architecture->undivided_from_params && context.parallel.tp > 1 && !context.parallel.whole_towers &&
         !context.model->tensors.known() && context.formats && context.formats->rules.method.empty();
}

Result<RankWeights> count_both_forms(const Context& context, std::uint32_t stage) {
  const auto divided = TRY(count(context, *context.formats, stage));
  auto other = context;
  other.parallel.whole_towers = true;
  auto out = TRY(count(other, *context.formats, stage));
  out.parameter_bytes = divided.parameter_bytes;  // by the configuration that is there
  out.loaded.low = std::min(out.loaded.low, divided.loaded.low);
  const auto towers = [](const RankWeights& weights) {
    return std::find_if(weights.components.begin(), weights.components.end(), [](const auto& c) { return c.name == "encoders"; });
  };
  if (const auto whole = towers(out), part = towers(divided); whole != out.components.end() && part != divided.components.end())
    out.components[static_cast<std::size_t>(whole - out.components.begin())].amount.low = part->amount.low;
  return out;
}

}  // namespace

Result<RankWeights> weights_of_stage(const Context& context, std::uint32_t stage) {
  TRY(check_latents(context));
  if (form_not_known(context)) return count_both_forms(context, stage);
  if (context.formats) return count(context, *context.formats, stage);
  const auto formats = TRY(quantization::placed_formats(*context.model, *context.blueprint, context.workload->quantization));
  return count(context, *formats, stage);
}

}  // namespace vramauto::engine::vllm
