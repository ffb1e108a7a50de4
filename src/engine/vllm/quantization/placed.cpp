#include "engine/vllm/quantization/placed.hpp"

#include <algorithm>
#include <array>

#include "support/dtype.hpp"
#include "support/text.hpp"

namespace vramauto::engine::vllm::quantization {
namespace {

using estimator::Weights;

// Comparisons of names with patterns; a regular expression counts as many.
constexpr std::uint64_t kMostComparisons = 16'000'000, kExpressionCosts = 256;

bool same_layers(const vramauto_layers& a, const vramauto_layers& b) {
  return a.first == b.first && a.count == b.count && a.stride == b.stride && a.run == b.run;
}

// Layers that linear methods of the engine hold. Routers, norms, convolutions and states are never quantised.
bool is_linear(const Weights& weights) {
  return weights.role == VRAMAUTO_ROLE_LINEAR || weights.role == VRAMAUTO_ROLE_EXPERT ||
         weights.role == VRAMAUTO_ROLE_SHARED_EXPERT || weights.role == VRAMAUTO_ROLE_LATENT_UP;
}

class Placing {
 public:
  Placing(const model::Model& model, const estimator::Blueprint& blueprint, Placed& out)
      : model_(model), blueprint_(blueprint), rules_(out.rules), out_(out) {}

  Result<void> place() {
    const auto& weights = blueprint_.weights;
    if (rules_.types_are_stored) find_usual_type();
    out_.ends.assign(weights.size(), 0);
    for (std::size_t i = 0; i < weights.size();) {
      if (weights[i].layers.first < 0) {
        out_.ends[i] = TRY(end(weights[i]));
        ++i;
        continue;
      }
      auto next = i + 1;
      while (weights[i].parameter && next < weights.size() && weights[next].parameter == weights[i].parameter &&
             same_layers(weights[next].layers, weights[i].layers))
        ++next;
      TRY(module(i, next - i));
      i = next;
    }
    return {};
  }

 private:
  // What most of the file is made of: for tensors that the file has under another name.
  void find_usual_type() {
    std::array<std::uint64_t, 100> sums{};
    for (const auto& tensor : model_.tensors.tensors())
      if (tensor.dtype >= kGgml && tensor.dtype - kGgml < sums.size()) sums[tensor.dtype - kGgml] += tensor.bytes;
    const auto most = std::max_element(sums.begin(), sums.end());
    if (*most) usual_type_ = kGgml + static_cast<vramauto_dtype>(most - sums.begin());
  }

  // vLLM 0.19.1, quantization/gguf.py: DEQUANT_TYPES.
  static bool has_kernel(vramauto_dtype type) {
    constexpr std::uint64_t kKernels = 0x20FF7FCC;  // Q4_0 to Q8_1, Q2_K to Q6_K, IQ2_XXS to IQ4_XS, IQ1_M
    return type < kGgml || (type - kGgml < 64 && kKernels >> (type - kGgml) & 1);
  }

  // The format of parts of one tensor of the engine: as stored, their rows padded to the widest. Experts keep plain numbers as
  // stored too; what else is plain has the model's.
  Result<std::uint16_t> stored_format(const std::string* parts, std::size_t count, vramauto_role role) {
    const bool expert = role == VRAMAUTO_ROLE_EXPERT;
    vramauto_dtype widest = 0;
    std::size_t plain = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto* tensor = model_.tensors.find(parts[i] + ".weight");
      const auto type = tensor ? tensor->dtype : usual_type_;
      if (!has_kernel(type))
        return fail(VRAMAUTO_E_UNSUPPORTED, "quantization_config", "Unsupported GGUF quantization type {} in layer {}",
                    type - kGgml, text::shown(parts[i]));
      plain += type < kGgml;
      constexpr std::uint64_t kElements = 256 * 256;  // whole blocks of every type
      if (bytes_of(block_of(type), kElements) > bytes_of(block_of(widest), kElements)) widest = type;
    }
    if (plain == count && !expert) return std::uint16_t{0};
    if (plain && plain != count)
      return fail(VRAMAUTO_E_UNSUPPORTED, "quantization_config", "{}: {}", text::shown(parts[0]), rules_.part_mismatch);
    return out_.rules.add({.scheme = Scheme::gguf, .bits = widest});
  }

  Result<std::uint16_t> end(const Weights& weights) {
    if (!rules_.quantises() && !rules_.types_are_stored) return std::uint16_t{0};
    const bool head = weights.role == VRAMAUTO_ROLE_HEAD, embedding = weights.role == VRAMAUTO_ROLE_EMBEDDING;
    if (!head && !embedding && !is_linear(weights)) return std::uint16_t{0};
    const auto name = name_of(weights, 0);
    if (rules_.types_are_stored) return stored_format(&name, 1, weights.role);
    const auto otherwise = head ? rules_.head : embedding ? rules_.embedding : rules_.linear;
    const bool asks = is_linear(weights) || rules_.head_by_rule || otherwise;
    if (!asks) return std::uint16_t{0};
    const auto found = TRY(first_match(name, true));
    if (!found && is_linear(weights) && !stored_quantised(name)) return std::uint16_t{0};
    return found.value_or(otherwise);
  }

  Result<void> module(std::size_t first, std::size_t count) {
    const auto& weights = blueprint_.weights[first];
    Piece piece{static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count), weights.layers, 0};
    if (rules_.types_are_stored && is_linear(weights)) return layer_by_layer(piece);
    if (rules_.quantises() && is_linear(weights)) {
      if (rules_.named.empty() && rules_.patterns.empty() && !by_tensors())
        piece.format = weights.role == VRAMAUTO_ROLE_EXPERT ? rules_.experts.value_or(rules_.linear) : rules_.linear;
      else
        return layer_by_layer(piece);
    }
    out_.pieces.push_back(piece);
    return {};
  }

  // Cuts the module's layers where the format changes.
  Result<void> layer_by_layer(Piece piece) {
    std::vector<std::pair<std::uint32_t, std::uint16_t>> found;
    Result<void> failed;
    estimator::for_each_layer(piece.layers, [&](std::uint32_t layer) {
      if (!failed) return;
      const auto format = decide(piece, layer);
      if (format)
        found.emplace_back(layer, *format);
      else
        failed = Unexpected(format.error());
    });
    TRY(std::move(failed));
    const bool alike = std::all_of(found.begin(), found.end(), [&](const auto& one) { return one.second == found[0].second; });
    if (alike && !found.empty()) {
      piece.format = found[0].second;
      out_.pieces.push_back(piece);
      return {};
    }
    for (std::size_t i = 0; i < found.size();) {
      auto end = i + 1;
      while (end < found.size() && found[end].second == found[i].second && found[end].first == found[end - 1].first + 1) ++end;
      const auto run = static_cast<std::uint32_t>(end - i);
      piece.layers = {static_cast<std::int32_t>(found[i].first), run, run, run};
      piece.format = found[i].second;
      out_.pieces.push_back(piece);
      i = end;
    }
    return {};
  }

  // The engine asks for the fused layer ("mlp.experts") or, by compressed-tensors, for its first expert's projections. Names of
  // projections in a list stand for the fused layer: utils/quant_utils.py, is_layer_skipped; modelopt.py, _resolve_quant_algo.
  Result<std::uint16_t> decide_experts(const Piece& piece, std::uint32_t layer) {
    const auto part = name_of(blueprint_.weights[piece.first], layer);
    if (rules_.experts_by_part) {
      if (const auto own = TRY(first_match(part, false)); own) return *own;
    } else {
      if (const auto whole = TRY(first_match(experts_name(part), true)); whole) return *whole;
      if (const auto own = named_below(experts_name(part)); own) return *own;
      for (const auto& other : blueprint_.text.empty() ? std::vector<std::string>() : other_names(experts_name(part)))
        if (const auto own = named_below(other); own) return *own;
    }
    return stored_quantised(part) ? rules_.experts.value_or(rules_.linear) : std::uint16_t{0};
  }

  static std::string experts_name(const std::string& part) {
    constexpr std::string_view word = ".experts";
    if (const auto at = part.find(word); at != std::string::npos) return part.substr(0, at + word.size());
    return part.substr(0, part.rfind('.')) + std::string(word);
  }

  Result<std::uint16_t> decide(const Piece& piece, std::uint32_t layer) {
    const auto role = blueprint_.weights[piece.first].role;
    if (role == VRAMAUTO_ROLE_EXPERT && !rules_.types_are_stored) return decide_experts(piece, layer);
    std::vector<std::string> parts;
    for (std::uint32_t i = 0; i < piece.count; ++i) {
      auto name = name_of(blueprint_.weights[piece.first + i], layer);
      if (parts.empty() || parts.back() != name) parts.push_back(std::move(name));
    }
    if (rules_.types_are_stored) return stored_format(parts.data(), parts.size(), role);
    const auto fused = parts.size() > 1 ? fused_name(parts) : parts[0];
    if (const auto whole = TRY(first_match(fused, true)); whole) return *whole;
    std::optional<std::uint16_t> format;
    for (const auto& part : parts) {
      const auto own = TRY(first_match(part, false));
      const auto settled = own ? *own : stored_quantised(part) ? rules_.linear : std::uint16_t{0};
      if (format && *format != settled)
        return fail(VRAMAUTO_E_UNSUPPORTED, "quantization_config", "{}: {}", text::shown(fused), rules_.part_mismatch);
      format = settled;
    }
    return *format;
  }

  // q_proj, k_proj and v_proj are qkv_proj, gate_proj and up_proj are gate_up_proj, what compresses queries and latents is
  // fused_qkv_a_proj: packed_modules_mapping of vLLM's classes.
  static std::string fused_name(const std::vector<std::string>& parts) {
    const auto dot = parts[0].rfind('.');
    const auto before = dot == std::string::npos ? std::string() : parts[0].substr(0, dot + 1);
    // in_proj_qkv and in_proj_z are in_proj_qkvz: vLLM 0.33, models/qwen3_5.py.
    if (const auto stem = parts[0].find("_proj_", before.size()); stem != std::string::npos) {
      const auto common = parts[0].substr(0, stem + 6);
      auto joined = common;
      for (const auto& part : parts) joined += part.starts_with(common) ? part.substr(common.size()) : part;
      return joined;
    }
    if (parts[0].ends_with(".q_a_proj")) return before + "fused_qkv_a_proj";
    if (parts[0].ends_with(".wq_a")) return before + "fused_wqa_wkv";
    return before + (parts.size() > 2 ? "qkv_proj" : "gate_up_proj");
  }

  // The first '*' is the layer, the second any copy.
  static std::string name_of(const Weights& weights, std::uint32_t layer) {
    std::string out;
    bool first = true;
    for (const auto letter : weights.pattern) {
      if (letter != '*') {
        out += letter;
        continue;
      }
      out += first ? std::to_string(layer) : "0";
      first = false;
    }
    return out;
  }

  Result<std::optional<std::uint16_t>> first_match(std::string_view name, bool fused) {
    auto found = TRY(match(name, fused));
    if (found || blueprint_.text.empty()) return found;
    for (const auto& other : other_names(name)) {
      found = TRY(match(other, fused));
      if (found) return found;
    }
    return found;
  }

  // Checkpoints of composites name one layer in the older and the newer way of transformers, or in the engine's own: all are the
  // engine's to it. vLLM 0.33, hf_to_vllm_mapper of the classes and quantization/base_config.py, apply_vllm_mapper.
  static std::vector<std::string> other_names(std::string_view name) {
    constexpr std::string_view kWays[][3] = {{"model.visual.", "visual.", ""},
                                             {"model.vision_tower.", "vision_tower.", ""},
                                             {"model.multi_modal_projector.", "multi_modal_projector.", ""},
                                             {"lm_head", "language_model.lm_head", ""},
                                             {"model.language_model.", "language_model.model.", "model."}};
    std::vector<std::string> out;
    for (const auto& ways : kWays)
      for (const auto& own : ways) {
        if (own.empty() || !name.starts_with(own)) continue;
        for (const auto& other : ways)
          if (!other.empty() && other != own) out.push_back(std::string(other).append(name.substr(own.size())));
        return out;
      }
    return out;
  }

  std::optional<std::uint16_t> named_as(std::string_view name) const {
    const auto at = std::lower_bound(rules_.named.begin(), rules_.named.end(), name,
                                     [](const auto& one, std::string_view wanted) { return one.first < wanted; });
    if (at == rules_.named.end() || at->first != name) return std::nullopt;
    return at->second;
  }

  // Of the first whole name of something within this module.
  std::optional<std::uint16_t> named_below(std::string_view module) const {
    const auto start = std::string(module).append(".");
    const auto at = std::lower_bound(rules_.named.begin(), rules_.named.end(), start,
                                     [](const auto& one, std::string_view wanted) { return one.first < wanted; });
    if (at == rules_.named.end() || !at->first.starts_with(start)) return std::nullopt;
    return at->second;
  }

  Result<std::optional<std::uint16_t>> match(std::string_view name, bool fused) {
    const auto named = named_as(name);
    if (named && (!rules_.ignored_first || *named == 0)) return named;
    for (const auto& rule : rules_.patterns) {
      if ((rule.fused_only && !fused) || (named && rule.format != 0)) continue;
      const bool expression = rule.pattern.how() == How::start || rule.pattern.how() == How::search;
      comparisons_ += expression ? kExpressionCosts : 1;
      if (comparisons_ > kMostComparisons)
        return fail(VRAMAUTO_E_LIMIT, "quantization_config", "{} names of layers are too many for {} weights in {} layers",
                    rules_.patterns.size(), blueprint_.weights.size(), blueprint_.traits.layers);
      if (rule.pattern.matches(name)) return std::optional<std::uint16_t>(rule.format);
    }
    return named;
  }

  bool by_tensors() const { return rules_.packed_tensors_decide && (model_.tensors.known() || !model_.index_names.empty()); }

  // Whether the files hold packed words of this layer, where they say.
  bool stored_quantised(const std::string& name) const {
    if (!by_tensors()) return true;
    if (holds_words(name)) return true;
    const auto others = blueprint_.text.empty() ? std::vector<std::string>() : other_names(name);
    return std::any_of(others.begin(), others.end(), [&](const std::string& other) { return holds_words(other); });
  }

  bool holds_words(const std::string& name) const {
    const auto wanted = name + ".qweight";
    if (model_.tensors.known()) return model_.tensors.find(wanted) != nullptr;
    return std::binary_search(model_.index_names.begin(), model_.index_names.end(), wanted);
  }

  const model::Model& model_;
  const estimator::Blueprint& blueprint_;
  const Rules& rules_;
  Placed& out_;
  std::uint64_t comparisons_ = 0;
  vramauto_dtype usual_type_ = VRAMAUTO_F16;
};

// What the answer depends on. The documents are kept, so their addresses stay theirs.
std::string key_of(const model::Model& model, std::string_view asked, const json::Document* separate) {
  const void* roots[] = {&model.config.root(), separate ? &separate->root() : nullptr};
  std::string out(reinterpret_cast<const char*>(roots), sizeof roots);
  return out.append(asked);
}

}  // namespace

Result<std::shared_ptr<const Placed>> placed_formats(const model::Model& model, const estimator::Blueprint& blueprint,
                                                     std::string_view asked) {
  const auto* separate = model.document("hf_quant_config.json");
  auto key = key_of(model, asked, separate);
  if (auto kept = std::static_pointer_cast<const Placed>(blueprint.memo.find(key));
      kept && kept->ends.size() == blueprint.weights.size())
    return kept;
  auto out = std::make_shared<Placed>();
  out->config = model.config;
  if (separate) out->separate = *separate;
  out->rules = TRY(read_rules(model, asked));
  TRY(Placing(model, blueprint, *out).place());
  blueprint.memo.keep(std::move(key), out);
  return std::shared_ptr<const Placed>(std::move(out));
}

}  // namespace vramauto::engine::vllm::quantization
