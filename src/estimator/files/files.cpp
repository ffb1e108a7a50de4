#include "estimator/files/files.hpp"

#include <algorithm>

#include "estimator/decoder/windows.hpp"
#include "estimator/files/sizes.hpp"
#include "support/text.hpp"

namespace vramauto::estimator::files {
namespace {

constexpr std::int32_t kScore = 10;
constexpr std::uint32_t kGuess = 8;                      // vramauto_traits.flags
constexpr std::uint64_t kNarrow = 256, kDivisible = 64;  // matrices that are narrower, or divide worse, are copied to every rank
constexpr vramauto_layers kInput{VRAMAUTO_LAYER_INPUT, 1, 1, 1}, kOutput{VRAMAUTO_LAYER_OUTPUT, 1, 1, 1};
constexpr std::string_view kRowParallel =
    "o_proj|down_proj|out_proj|c_proj|dense_4h_to_h|attention.dense|.wo.|.w2.|fc2|ffn_down|attn_output";

class Writer {
 public:
  Writer(const Description& model, const std::vector<Group>& groups, const GuessedSizes& sizes)
      : model_(model), groups_(groups), sizes_(sizes) {}

  vramauto_status write() {
    for (const auto& group : groups_) VRAMAUTO_DO(sizes_.in_stack(group) ? layers(group) : end(group));
    if (!has_head_) VRAMAUTO_DO(tied_head());
    VRAMAUTO_DO(rope());
    VRAMAUTO_DO(forward());
    VRAMAUTO_DO(caches());
    return note();
  }

 private:
  // One tensor, or one of a stack.
  static std::uint64_t rows(const Group& group, bool stacked) { return group.rank ? group.shape[stacked ? 1 : 0] : 1; }

  Tensors tensors(const Group& group, const std::string& pattern, vramauto_role role, vramauto_layers range) const {
    const bool stacked = is_stacked_experts(group, sizes_);
    const auto output = rows(group, stacked), copies = stacked ? group.shape[0] : 1;
    Tensors out(pattern.c_str(), sizes_.packed && group.rank > 1 ? vramauto_role{VRAMAUTO_ROLE_OTHER} : role, range, output,
                group.elements / output / copies);
    if (!is_float(group.dtype) || (sizes_.packed && group.named("scale"))) out.of(group.dtype);
    if (stacked) out.copies = static_cast<std::uint32_t>(copies);
    return out;
  }

  // Output features, input features, or not at all.
  vramauto_split split_of(const Tensors& tensors, const Group& group) const {
    if (group.rank < 2 || group.rank > 3 || tensors.rows < kNarrow || tensors.cols < kNarrow) return VRAMAUTO_SPLIT_NONE;
    const bool by_rows = tensors.rows % kDivisible == 0, by_cols = tensors.cols % kDivisible == 0;
    if (by_cols && (!by_rows || group.named(kRowParallel))) return VRAMAUTO_SPLIT_COLS;
    return by_rows ? VRAMAUTO_SPLIT_ROWS : VRAMAUTO_SPLIT_NONE;
  }

  void split(Tensors& tensors, const Group& group) const {
    const auto how = split_of(tensors, group);
    const bool expert = tensors.copies > 1 || (group.place.copy != Place::kNone && group.named("expert"));
    if (expert) {
      tensors.split = VRAMAUTO_SPLIT_EXPERTS;
      tensors.inner = how;
      if (tensors.role == VRAMAUTO_ROLE_LINEAR) tensors.role = VRAMAUTO_ROLE_EXPERT;
      return;
    }
    tensors.split = how;
    if (how != VRAMAUTO_SPLIT_ROWS || tensors.role != VRAMAUTO_ROLE_LINEAR) return;
    if (group.named("q_proj.|.wq.") && tensors.rows % sizes_.heads == 0) tensors.heads(sizes_.heads, VRAMAUTO_UNEVEN_REFUSE);
    if (group.named("k_proj.|v_proj.|.wk.|.wv.") && tensors.rows % sizes_.kv_heads == 0)
      tensors.heads(sizes_.kv_heads, VRAMAUTO_UNEVEN_REPEAT);
  }

  vramauto_role role_of(const Group& group) const {
    if (group.rank == 1) return VRAMAUTO_ROLE_NORM;
    if (group.rank > 3 || (group.rank == 3 && !is_stacked_experts(group, sizes_))) return VRAMAUTO_ROLE_CONV;
    if (group.rank == 2 && (group.named("router|.gate.weight") || group.shape[0] < kNarrow)) return VRAMAUTO_ROLE_ROUTER;
    return group.rank ? VRAMAUTO_ROLE_LINEAR : VRAMAUTO_ROLE_OTHER;
  }

  // Layers that hold as many of these tensors, together.
  vramauto_status layers(const Group& group) {
    const auto pattern = group.pattern();
    auto tensors = this->tensors(group, pattern, role_of(group), {});
    const auto stacked = tensors.copies;
    std::vector<std::uint32_t> held(sizes_.cached.size(), 0);
    for (const auto count : group.counts) held[count >> 32] = static_cast<std::uint32_t>(count & UINT32_MAX);
    return for_each_kind(held, [&](std::uint32_t kind, const vramauto_layers& range) {
      tensors.copies = stacked * kind;
      tensors.layers = range;
      tensors.flags = static_cast<std::uint32_t>(range.first) >= sizes_.layers ? VRAMAUTO_DRAFT : 0;
      split(tensors, group);
      return model_.add(tensors);
    });
  }

  // Calls visit(value, range) for the layers that have the same value, other than 0; those for speculation on their own.
  template <class Visit>
  vramauto_status for_each_kind(const std::vector<std::uint32_t>& values, const Visit& visit) const {
    auto kinds = values;
    std::sort(kinds.begin(), kinds.end());
    kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
    for (std::size_t i = 0; i < 2 * kinds.size(); ++i) {
      const auto kind = kinds[i / 2];
      if (kind == 0) continue;
      const auto belongs = [&](std::uint32_t layer) { return values[layer] == kind && (i % 2 == 0) == (layer < sizes_.layers); };
      for (const auto& range : ranges_of(static_cast<std::uint32_t>(values.size()), belongs)) VRAMAUTO_DO(visit(kind, range));
    }
    return VRAMAUTO_OK;
  }

  // What is in no layer of the language model: its ends, and towers.
  vramauto_status end(const Group& group) {
    const bool embedding = is_embedding(group) && !has_embedding_, head = is_head(group);
    const bool last = head || (!group.numbered() && group.rank == 1 && group.named("norm|ln_f"));
    const auto pattern = group.pattern();
    auto tensors = this->tensors(group, pattern, role_of(group), last ? kOutput : kInput);
    tensors.copies *= static_cast<std::uint32_t>(std::min<std::uint64_t>(group.tensors(), 1u << 20));
    if (is_draft(group)) tensors.flags = VRAMAUTO_DRAFT;
    if (embedding || head) {
      tensors.role = head ? VRAMAUTO_ROLE_HEAD : VRAMAUTO_ROLE_EMBEDDING;
      tensors.split = VRAMAUTO_SPLIT_VOCAB;
      has_embedding_ = has_embedding_ || embedding;
      if (head && is_tied()) tensors.flags |= VRAMAUTO_TIED;
      has_head_ = has_head_ || head;
    } else {
      split(tensors, group);
    }
    return model_.add(tensors);
  }

  bool is_tied() const {
    const auto at = model_.first("tie_word_embeddings", sizes_.below);
    return !at.empty() && model_.boolean(at.c_str()).value;
  }

  vramauto_status tied_head() const {
    if (!has_embedding_ || !sizes_.vocab) return VRAMAUTO_OK;
    return model_.add(
        Tensors("lm_head", VRAMAUTO_ROLE_HEAD, kOutput, sizes_.vocab, sizes_.hidden).by(VRAMAUTO_SPLIT_VOCAB).with(VRAMAUTO_TIED));
  }

  vramauto_status rope() const {
    if (model_.first("rope_theta|rope_parameters|rope_scaling", sizes_.below).empty()) return VRAMAUTO_OK;
    const vramauto_layers all{0, sizes_.layers, sizes_.layers, sizes_.layers};
    Tensors table("rotary_emb", VRAMAUTO_ROLE_ROPE, all, sizes_.max_model_len, sizes_.rope ? sizes_.rope : sizes_.head_dim);
    return model_.add(table.with(VRAMAUTO_NOT_STORED));
  }

  vramauto_status forward() const {
    vramauto_forward out{};
    out.struct_size = sizeof out;
    out.layers = {0, sizes_.layers, sizes_.layers, sizes_.layers};
    out.query = out.attention_out = sizes_.heads * sizes_.head_dim;
    out.kv_heads = sizes_.kv_heads;
    out.key_value = 2 * sizes_.kv_heads * sizes_.head_dim;
    out.intermediate = sizes_.intermediate;
    out.experts = sizes_.experts_per_token ? sizes_.experts : 0;
    out.experts_per_token = sizes_.experts_per_token;
    out.expert_intermediate = sizes_.experts_per_token ? sizes_.intermediate : 0;
    return model_.add(out);
  }

  vramauto_status caches() {
    return for_each_kind(sizes_.cached, [&](std::uint32_t width, const vramauto_layers& range) {
      vramauto_cache out{};
      out.struct_size = sizeof out;
      out.flags = static_cast<std::uint32_t>(range.first) >= sizes_.layers ? VRAMAUTO_DRAFT : 0;
      out.kind = sizes_.latent ? VRAMAUTO_CACHE_LATENT : VRAMAUTO_CACHE_FULL;
      out.layers = range;
      const bool heads = width % sizes_.head_dim == 0;
      out.heads = sizes_.latent ? 1 : heads ? width / sizes_.head_dim : 1;
      out.k_dim = sizes_.latent ? sizes_.latent : heads ? sizes_.head_dim : width;
      out.v_dim = sizes_.latent ? sizes_.rope : out.k_dim;
      if (!out.flags) cached_ += range.count;
      return model_.add(out);
    });
  }

  vramauto_status note() const {
    const auto caches = sizes_.latent ? fmt::format("latents of {} + {}", sizes_.latent, sizes_.rope)
                                      : fmt::format("{} KV heads of {}", sizes_.kv_heads, sizes_.head_dim);
    return model_.note(fmt::format(
        "a guess from the tensors: matrices are divided, vectors copied; full attention in {} of {} layers, {}{}", cached_,
        sizes_.layers, caches, sizes_.recurrent ? "; layers with recurrent states are there, what they keep is not counted" : ""));
  }

  const Description& model_;
  const std::vector<Group>& groups_;
  const GuessedSizes& sizes_;
  bool has_embedding_ = false, has_head_ = false;
  std::uint32_t cached_ = 0;
};

bool info_of(const vramauto_host* host, vramauto_call* call, vramauto_model_info& info) {
  info = {};
  info.struct_size = sizeof info;
  return host->model(call, &info) == VRAMAUTO_OK && info.tensor_count != VRAMAUTO_UNKNOWN && info.tensor_count != 0;
}

std::int32_t match(const vramauto_host* host, vramauto_call* call) {
  vramauto_model_info info;
  return info_of(host, call, info) ? kScore : 0;
}

// Names of classes end in what they are for: vLLM 0.33, config/model.py, _SUFFIX_TO_DEFAULTS.
std::uint32_t task_of(std::string_view architecture) {
  for (const std::string_view end : {"ChatModel", "LMHeadModel"})
    if (architecture.ends_with(end)) return 1;
  for (const std::string_view end : {"Model", "Classification", "ForRewardModeling", "ForTextEncoding"})
    if (architecture.ends_with(end)) return 2;
  return 1;
}

vramauto_status describe(const vramauto_host* host, vramauto_call* call) {
  const Description model(host, call);
  vramauto_model_info info;
  if (!info_of(host, call, info))
    return model.fail(VRAMAUTO_E_UNSUPPORTED, "the files have no tensors to guess from: --method rule estimates by size");
  std::vector<Group> groups;
  GuessedSizes sizes;
  VRAMAUTO_DO(read_groups(model, groups));
  if (groups.empty())
    return model.fail(VRAMAUTO_E_UNSUPPORTED, "the tensors of the files are empty: --method rule estimates by size");
  VRAMAUTO_DO(guess_sizes(model, groups, sizes));
  vramauto_traits traits{};
  traits.struct_size = sizeof traits;
  traits.task = task_of(info.architecture);
  traits.layers = sizes.layers;
  traits.draft_layers = sizes.draft_layers;
  traits.hidden = sizes.hidden;
  traits.vocab = sizes.vocab;
  traits.max_model_len = sizes.max_model_len;
  traits.dtype = sizes.dtype;
  traits.flags = kGuess;
  VRAMAUTO_DO(model.traits(traits));
  return Writer(model, groups, sizes).write();
}

}  // namespace

const vramauto_estimator kFiles{sizeof(vramauto_estimator), 0, "files", match, describe};

}  // namespace vramauto::estimator::files
