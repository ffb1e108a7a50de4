#include "estimator/decoder/sizes.hpp"

#include <cmath>
#include <string>

namespace vramauto::estimator {
namespace {

constexpr std::uint64_t kMostWidth = 1u << 22, kMostLayers = 4096, kMostHeads = 1u << 16, kMostPositions = 1ull << 34;

Answer<std::uint32_t> size(const Description& model, std::string_view keys, std::uint64_t most, std::uint64_t otherwise = 0,
                           std::string_view below = {}) {
  const auto value = VRAMAUTO_TAKE(model.positive(keys, most, otherwise, below));
  return {static_cast<std::uint32_t>(value), VRAMAUTO_OK};
}

constexpr std::string_view kKvKeys = "n_head_kv|num_kv_heads|num_key_value_heads|multi_query_group_num";

Answer<std::uint32_t> kv_heads(const Description& model, const Family& family, std::uint32_t hidden, std::uint32_t heads) {
  switch (family.kv) {
    case KvHeads::query:
      return {heads, VRAMAUTO_OK};
    case KvHeads::one_if_multi_query: {
      const bool one = VRAMAUTO_TAKE(holds(model, "+multi_query"));
      return {one ? 1 : heads, VRAMAUTO_OK};
    }
    case KvHeads::falcon:
    case KvHeads::refined_web: {
      const bool grouped = VRAMAUTO_TAKE(has_grouped_heads(model, family, hidden));
      if (grouped) return size(model, "num_kv_heads|n_head_kv", kMostHeads, heads);
      const bool one = VRAMAUTO_TAKE(holds(model, "+multi_query"));
      return {one ? 1 : heads, VRAMAUTO_OK};
    }
    case KvHeads::chatglm: {
      const bool grouped = VRAMAUTO_TAKE(holds(model, "multi_query_attention"));
      if (!grouped) return {heads, VRAMAUTO_OK};
      return size(model, "multi_query_group_num", kMostHeads);
    }
    case KvHeads::keys:
      break;
  }
  return size(model, kKvKeys, kMostHeads, heads);
}

constexpr std::string_view kWidthKeys = "intermediate_size|ffn_dim|ffn_hidden_size|n_inner|inner_dim|shared_intermediate_size";

Answer<std::uint32_t> intermediate(const Description& model, const Family& family, std::uint32_t hidden) {
  switch (family.width) {
    case Width::four:
      return {4 * hidden, VRAMAUTO_OK};
    case Width::keys_or_four:
      return size(model, kWidthKeys, kMostWidth, 4ull * hidden);
    case Width::half: {
      const auto both = VRAMAUTO_TAKE(size(model, "intermediate_size", kMostWidth));
      return {both / 2, VRAMAUTO_OK};
    }
    case Width::expansion: {
      const auto times = VRAMAUTO_TAKE(size(model, "expansion_ratio", 1024, 4));
      return {times * hidden, VRAMAUTO_OK};
    }
    case Width::none:
      return {0, VRAMAUTO_OK};
    case Width::keys:
      break;
  }
  // Granite 4 keeps the width of its dense layers under the name of the shared expert.
  if (family.no_experts == "num_local_experts") return size(model, "shared_intermediate_size|intermediate_size", kMostWidth);
  return size(model, kWidthKeys, kMostWidth);
}

Answer<bool> tied(const Description& model, const Family& family) {
  if (family.tie != Tie::key) return {family.tie == Tie::always, VRAMAUTO_OK};
  // A composite's own key decides for its text: vLLM 0.33, config/vllm.py, with_hf_config.
  constexpr auto whole = "config.json#/tie_word_embeddings";
  return model.has(whole) ? model.boolean(whole) : holds(model, "tie_word_embeddings");
}

// DeciLM: the width of an MLP from a multiple of hidden, as in vLLM 0.33, models/nemotron_nas.py, _ffn_mult_to_intermediate_size.
std::uint32_t width_of(double times, std::uint32_t hidden) {
  const auto raw = static_cast<std::uint64_t>(2.0 * times * hidden / 3.0);
  return static_cast<std::uint32_t>((raw + 255) / 256 * 256);
}

Answer<LayerShape> read_block(const Description& model, const std::string& at, const Sizes& sizes) {
  LayerShape shape;
  const bool no_attention = VRAMAUTO_TAKE(holds(model, at.substr(1) + "/attention/no_op"));
  if (!no_attention) {
    const auto group = VRAMAUTO_TAKE(size(model, "n_heads_in_group", sizes.heads, 0, at + "/attention"));
    shape.heads = sizes.heads;
    shape.kv_heads = sizes.heads / group;
  }
  const bool no_mlp = VRAMAUTO_TAKE(holds(model, at.substr(1) + "/ffn/no_op"));
  if (no_mlp) return {shape, VRAMAUTO_OK};
  if (!model.has((at + "/ffn/ffn_mult").c_str())) {
    shape.intermediate = VRAMAUTO_TAKE(size(model, "intermediate_size", kMostWidth, 0, at + "/ffn"));
    return {shape, VRAMAUTO_OK};
  }
  const auto times = VRAMAUTO_TAKE(model.real((at + "/ffn/ffn_mult").c_str()));
  if (!(times > 0 && times <= 1024))
    return {{},
            model.fail(VRAMAUTO_E_FORMAT,
                       at + "/ffn/ffn_mult is " + std::to_string(times) + ", expected a positive number up to 1024")};
  shape.intermediate = width_of(times, sizes.hidden);
  return {shape, VRAMAUTO_OK};
}

Answer<std::vector<LayerShape>> read_blocks(const Description& model, const Sizes& sizes) {
  const auto count = VRAMAUTO_TAKE(model.length("/block_configs"));
  if (count != sizes.layers)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, "/block_configs has " + std::to_string(count) + " entries, expected one for each of " +
                                              std::to_string(sizes.layers) + " layers")};
  std::vector<LayerShape> out;
  out.reserve(sizes.layers);
  for (std::uint32_t layer = 0; layer < sizes.layers; ++layer)
    out.push_back(VRAMAUTO_TAKE(read_block(model, "/block_configs/" + std::to_string(layer), sizes)));
  return {std::move(out), VRAMAUTO_OK};
}

vramauto_status refuse_experts(const Description& model, const Family& family) {
  if (const auto at = model.first(family.no_tower); !at.empty())
    return model.fail(VRAMAUTO_E_UNSUPPORTED, at + " is there: the model sees images and is no plain decoder");
  if (family.no_experts.empty()) return VRAMAUTO_OK;
  const auto at = std::string("/").append(family.no_experts);
  if (model.has(at.c_str()) && VRAMAUTO_READ(model.integer(at.c_str())) > 0)
    return model.fail(VRAMAUTO_E_UNSUPPORTED, at + " is not 0: the model has experts and is no plain decoder");
  if (model.type("/layer_types") != VRAMAUTO_JSON_ARRAY) return VRAMAUTO_OK;
  const auto count = VRAMAUTO_READ(model.length("/layer_types"));
  for (std::uint64_t i = 0; i < count && i < kMostLayers; ++i) {
    const auto one = "/layer_types/" + std::to_string(i);
    if (VRAMAUTO_READ(model.text(one.c_str())) == "mamba")
      return model.fail(VRAMAUTO_E_UNSUPPORTED, one + " is \"mamba\": the model has state layers and is no plain decoder");
  }
  return VRAMAUTO_OK;
}

Answer<bool> any_of(const Description& model, std::string_view keys, bool otherwise) {
  const auto at = model.first(keys);
  if (at.empty()) return {otherwise, VRAMAUTO_OK};
  bool any = false;
  while (!keys.empty()) {
    const auto end = keys.find('|');
    const auto one = std::string("/").append(keys.substr(0, end));
    if (model.has(one.c_str())) any = VRAMAUTO_TAKE(model.boolean(one.c_str())) || any;
    keys = end == std::string_view::npos ? std::string_view() : keys.substr(end + 1);
  }
  return {any, VRAMAUTO_OK};
}

}  // namespace

Answer<bool> holds(const Description& model, std::string_view rule) {
  if (rule.empty() || rule == "always") return {!rule.empty(), VRAMAUTO_OK};
  if (const auto split = rule.find('>'); split != std::string_view::npos) {
    if (!model.first(rule.substr(0, split)).empty()) return any_of(model, rule.substr(0, split), false);
    rule = rule.substr(split + 1);
  }
  if (rule[0] == '+') return any_of(model, rule.substr(1), true);
  if (rule[0] != '!') return any_of(model, rule, false);
  auto answer = any_of(model, rule.substr(1), false);
  answer.value = !answer.value;
  return answer;
}

Answer<bool> has_grouped_heads(const Description& model, const Family& family, std::uint32_t hidden) {
  if (family.kv == KvHeads::refined_web && hidden == 8192) return {true, VRAMAUTO_OK};
  return holds(model, "new_decoder_architecture");
}

Answer<Sizes> read_sizes(const Description& model, const Family& family) {
  if (const auto status = refuse_experts(model, family); status != VRAMAUTO_OK) return {{}, status};
  Sizes out;
  out.hidden = VRAMAUTO_TAKE(size(model, "hidden_size|n_embd|d_model|n_embed", kMostWidth));
  out.layers = VRAMAUTO_TAKE(size(model, "num_hidden_layers|n_layer|n_layers|num_layers", kMostLayers));
  out.heads = VRAMAUTO_TAKE(size(model, "num_attention_heads|n_head|n_heads|num_heads", kMostHeads));
  out.vocab = VRAMAUTO_TAKE(size(model, family.kv == KvHeads::chatglm ? "padded_vocab_size|vocab_size" : "vocab_size", 1u << 26));
  if (out.heads > out.hidden)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, "/num_attention_heads is " + std::to_string(out.heads) +
                                              ", expected at most the hidden size " + std::to_string(out.hidden))};
  out.head_dim = out.hidden / out.heads;
  if (family.head_dim_key) out.head_dim = VRAMAUTO_TAKE(size(model, "head_dim|attention_head_dim", 1u << 16, out.head_dim));
  out.positions = VRAMAUTO_TAKE(model.positive(family.positions, kMostPositions, family.position == Position::learned ? 0 : 8192));
  out.tied = VRAMAUTO_TAKE(tied(model, family));
  if (family.blocks && model.type("/block_configs") == VRAMAUTO_JSON_ARRAY) {
    out.blocks = VRAMAUTO_TAKE(read_blocks(model, out));
    return {std::move(out), VRAMAUTO_OK};
  }
  out.shape.heads = out.heads;
  out.shape.kv_heads = VRAMAUTO_TAKE(kv_heads(model, family, out.hidden, out.heads));
  out.shape.intermediate = VRAMAUTO_TAKE(intermediate(model, family, out.hidden));
  return {std::move(out), VRAMAUTO_OK};
}

}  // namespace vramauto::estimator
