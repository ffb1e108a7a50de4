#include "estimator/files/sizes.hpp"

#include <algorithm>

#include "support/dtype.hpp"

namespace vramauto::estimator::files {
namespace {

constexpr std::uint32_t kMostWidth = 1u << 22, kMostVocab = 1u << 28, kUsualHead = 128, kUsualRope = 64, kMostDrafts = 8;
constexpr std::uint32_t kUnstatedLength = 2048;  // vLLM 0.33, config/model.py, _get_and_verify_max_len
constexpr std::string_view kAttention = "attn|attention", kStates = "A_log|mamba|ssm|linear_attn|conv1d|.mixer.|time_mix";
constexpr std::string_view kQuery = "q_proj.|.wq.|attn_q.|.query.|q_lin.", kKey = "k_proj.|.wk.|attn_k.|.key.|k_lin.",
                           kBoth = "qkv|c_attn|query_key_value|W_pack", kLatent = "kv_a_proj|wkv_a|kv_a_mqa";

struct Key {
  std::string_view names;
  std::uint32_t GuessedSizes::*place;
  std::uint32_t most;
};
constexpr Key kKeys[] = {
    {"hidden_size|n_embd|d_model|dim|n_embed", &GuessedSizes::hidden, kMostWidth},
    {"num_hidden_layers|n_layer|n_layers|num_layers", &GuessedSizes::layers, 8191},
    {"vocab_size|padded_vocab_size", &GuessedSizes::vocab, kMostVocab},
    {"num_attention_heads|n_head|n_heads|num_heads", &GuessedSizes::heads, 1u << 16},
    {"num_key_value_heads|n_head_kv|num_kv_heads|multi_query_group_num", &GuessedSizes::kv_heads, 1u << 16},
    {"head_dim|attention_head_dim|kv_channels", &GuessedSizes::head_dim, 1u << 16},
    {"intermediate_size|ffn_dim|ffn_hidden_size|n_inner|inner_dim", &GuessedSizes::intermediate, kMostWidth},
    {"num_experts|n_routed_experts|num_local_experts|moe_num_experts", &GuessedSizes::experts, 1u << 16},
    {"num_experts_per_tok|moe_top_k|top_k_experts|moe_topk", &GuessedSizes::experts_per_token, 1u << 16},
    {"kv_lora_rank", &GuessedSizes::latent, 1u << 16},
    {"qk_rope_head_dim", &GuessedSizes::rope, 1u << 16},
    {"max_position_embeddings|n_positions|max_seq_len|seq_length|n_ctx|model_max_length", &GuessedSizes::max_model_len, UINT32_MAX},
};

vramauto_status read_keys(const Description& model, GuessedSizes& out) {
  const auto has = [&](std::string_view at) { return !model.first(kKeys[0].names, at).empty(); };
  for (const std::string_view at : {"/thinker_config/text_config", "/language_config", "/llm_config", "/text_config"})
    if (has(at)) out.below = at;
  if (has({})) out.below = {};
  for (const auto& key : kKeys) {
    if (model.first(key.names, out.below).empty()) continue;
    out.*key.place = static_cast<std::uint32_t>(VRAMAUTO_READ(model.positive(key.names, key.most, 0, out.below)));
  }
  return VRAMAUTO_OK;
}

double weight_of(const Group& group) { return static_cast<double>(group.elements) * static_cast<double>(group.tensors()); }

// The stack of layers with the most elements is the language model.
std::string_view largest_stack(const std::vector<Group>& groups) {
  struct Stack {
    std::string_view name;
    double weight;
  };
  std::vector<Stack> stacks{{{}, 0}};
  for (const auto& group : groups) {
    if (!group.numbered() || is_draft(group)) continue;
    std::size_t at = 1;
    while (at < stacks.size() && stacks[at].name != group.place.before) ++at;
    constexpr std::size_t kMostStacks = 64;  // towers are few
    if (at == kMostStacks) continue;
    if (at == stacks.size()) stacks.push_back({group.place.before, 0});
    stacks[at].weight += weight_of(group);
  }
  std::size_t most = 0;
  for (std::size_t i = 1; i < stacks.size(); ++i)
    if (stacks[i].weight > stacks[most].weight) most = i;
  return stacks[most].name;
}

// Layers beyond those of the configuration are for speculation, where they are few.
void count_layers(const std::vector<Group>& groups, GuessedSizes& out) {
  std::uint32_t last = 0;
  for (const auto& group : groups)
    if (out.in_stack(group)) last = std::max(last, static_cast<std::uint32_t>(group.counts.back() >> 32) + 1);
  if (out.layers == 0 || last > out.layers + kMostDrafts) out.layers = std::max(1u, last);
  if (last > out.layers) out.draft_layers = last - out.layers;
}

const Group* first_of(const std::vector<Group>& groups, const GuessedSizes& sizes, std::string_view words, std::uint32_t rank) {
  for (const auto& group : groups)
    if (sizes.in_stack(group) && group.rank == rank && group.place.copy == Place::kNone && group.named(words)) return &group;
  return nullptr;
}

std::uint32_t narrow(std::uint64_t width) { return width <= kMostWidth ? static_cast<std::uint32_t>(width) : 0; }

// Outputs of a matrix that is stored as it is.
std::uint32_t outputs(const Group* group) { return group && is_float(group->dtype) ? narrow(group->shape[0]) : 0; }

// From the embedding; without one, from what the layers' norms, else their matrices are wide.
void guess_ends(const std::vector<Group>& groups, GuessedSizes& out) {
  for (const auto& group : groups) {
    if (!is_embedding(group)) continue;
    if (!out.vocab && group.shape[0] <= kMostVocab) out.vocab = static_cast<std::uint32_t>(group.shape[0]);
    if (!out.hidden && is_float(group.dtype)) out.hidden = narrow(group.shape[1]);
  }
  if (const auto* norm = first_of(groups, out, "norm", 1); norm && !out.hidden) out.hidden = narrow(norm->shape[0]);
  if (const auto* any = first_of(groups, out, ".", 2); any && !out.hidden && is_float(any->dtype))
    out.hidden = narrow(any->shape[1]);
}

std::uint32_t guess_head(const std::vector<Group>& groups, const GuessedSizes& sizes) {
  const auto query = outputs(first_of(groups, sizes, kQuery, 2)), key = outputs(first_of(groups, sizes, kKey, 2));
  if (sizes.heads) return std::max(1u, (query ? query : sizes.hidden) / sizes.heads);
  const auto* norm = first_of(groups, sizes, "q_norm|k_norm", 1);
  const auto width = norm ? narrow(norm->shape[0]) : 0;
  if (width && key % width == 0) return width;
  for (const auto usual : {kUsualHead, kUsualHead / 2})
    if (key % usual == 0) return usual;
  return key;
}

// K of the layers: as wide as its projection, else as the configuration says, in the layers that attend.
void guess_caches(const std::vector<Group>& groups, GuessedSizes& out) {
  const auto both = outputs(first_of(groups, out, kBoth, 2)), width = out.heads * out.head_dim;
  if (!out.kv_heads && both > width) out.kv_heads = std::max(1u, (both - width) / 2 / out.head_dim);
  const auto usual = (out.kv_heads ? out.kv_heads : out.heads) * out.head_dim;
  out.cached.assign(out.layers + out.draft_layers, 0);
  std::uint32_t widest = 0;
  for (const bool exactly : {false, true})
    for (const auto& group : groups) {
      if (!out.in_stack(group) || group.rank != 2 || group.place.copy != Place::kNone || group.named(kStates)) continue;
      const bool key = group.named(kKey);
      if (exactly ? !key || !outputs(&group) : !key && !group.named(kAttention)) continue;
      widest = exactly ? std::max(widest, outputs(&group)) : usual;
      for (const auto count : group.counts) out.cached[count >> 32] = exactly ? outputs(&group) : usual;
    }
  if (!widest) out.cached.assign(out.cached.size(), widest = usual);
  if (!out.kv_heads) out.kv_heads = std::max(1u, widest / out.head_dim);
}

void guess_latent(const std::vector<Group>& groups, GuessedSizes& out) {
  const auto* down = first_of(groups, out, kLatent, 2);
  if (!down) out.latent = 0;
  if (!down || out.latent) return;
  if (!out.rope) out.rope = kUsualRope;
  if (outputs(down) > out.rope) out.latent = outputs(down) - out.rope;
}

// The widest matrix beside attention, where the configuration does not say.
void guess_width(const std::vector<Group>& groups, GuessedSizes& out) {
  for (const auto& group : groups) {
    if (!out.in_stack(group) || group.rank < 2 || !is_float(group.dtype) || group.named(kAttention)) continue;
    const auto rows = narrow(group.shape[group.rank - 2]), cols = narrow(group.shape[group.rank - 1]);
    if (cols == out.hidden || rows == out.hidden) out.intermediate = std::max(out.intermediate, cols == out.hidden ? rows : cols);
  }
}

// Numbers of the weights, and whether any are packed.
vramauto_status guess_numbers(const Description& model, const std::vector<Group>& groups, GuessedSizes& out) {
  constexpr vramauto_dtype kKinds[] = {VRAMAUTO_BF16, VRAMAUTO_F16, VRAMAUTO_F32};
  double most = -1;
  for (const auto kind : kKinds) {
    double sum = 0;
    for (const auto& group : groups) sum += group.dtype == kind ? weight_of(group) : 0;
    if (sum > most) most = sum, out.dtype = kind;
  }
  for (const auto& group : groups) {
    out.packed = out.packed || (group.rank >= 2 && !is_float(group.dtype) && out.in_stack(group));
    out.recurrent = out.recurrent || (out.in_stack(group) && group.named(kStates));
  }
  const auto at = model.first("dtype|torch_dtype", out.below);
  if (at.empty()) return VRAMAUTO_OK;
  if (const auto stated = dtype_from_torch(VRAMAUTO_READ(model.text(at.c_str())))) out.dtype = stated;
  return VRAMAUTO_OK;
}

}  // namespace

bool is_float(vramauto_dtype dtype) { return dtype == VRAMAUTO_F32 || dtype == VRAMAUTO_F16 || dtype == VRAMAUTO_BF16; }

bool is_embedding(const Group& group) {
  return !group.numbered() && group.rank == 2 && group.named("embed_tokens|wte|word_embeddings|tok_embeddings|token_embd|embed_in");
}

bool is_head(const Group& group) {
  return !group.numbered() && group.rank == 2 && (group.named("lm_head|embed_out|output_layer") || group.name() == "output.weight");
}

bool is_draft(const Group& group) {
  return group.place.before.starts_with("mtp.") || group.place.before.find(".mtp.") != std::string_view::npos;
}

bool is_stacked_experts(const Group& group, const GuessedSizes& sizes) {
  return group.rank == 3 && (group.named("expert") || (sizes.experts > 1 && group.shape[0] == sizes.experts));
}

vramauto_status guess_sizes(const Description& model, const std::vector<Group>& groups, GuessedSizes& out) {
  out.stack = largest_stack(groups);
  VRAMAUTO_DO(read_keys(model, out));
  count_layers(groups, out);
  guess_ends(groups, out);
  if (out.hidden == 0)
    return model.fail(VRAMAUTO_E_UNSUPPORTED,
                      "neither the configuration nor the tensors say how wide the layers are: --method rule estimates by size");
  if (!out.head_dim) out.head_dim = std::max(1u, guess_head(groups, out));
  const auto query = outputs(first_of(groups, out, kQuery, 2));
  if (!out.heads) out.heads = std::max(1u, (query ? query : out.hidden) / out.head_dim);
  if (std::uint64_t{std::max(out.heads, out.kv_heads)} * out.head_dim > kMostWidth)
    return model.fail(VRAMAUTO_E_FORMAT, "heads times their width is more than any layer is wide");
  out.experts_per_token = std::min(out.experts_per_token, out.experts);
  guess_caches(groups, out);
  guess_latent(groups, out);
  if (!out.intermediate) guess_width(groups, out);
  if (!out.max_model_len) out.max_model_len = kUnstatedLength;
  return guess_numbers(model, groups, out);
}

}  // namespace vramauto::estimator::files
