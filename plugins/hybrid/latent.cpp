#include "latent.hpp"

#include "config.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr std::uint32_t kDownPart = 40;  // what sees the hidden state: one tensor of the engine
constexpr vramauto_uneven kRefuse = VRAMAUTO_UNEVEN_REFUSE;

}  // namespace

Answer<Latent> read_latent(const Description& model, std::uint32_t heads) {
  Latent out;
  out.heads = heads;
  out.rank = VRAMAUTO_TAKE(size(model, "kv_lora_rank", kMostHeads));
  out.rope = VRAMAUTO_TAKE(size(model, "qk_rope_head_dim", kMostHeads));
  out.nope = VRAMAUTO_TAKE(size(model, "qk_nope_head_dim", kMostHeads));
  out.value = VRAMAUTO_TAKE(size(model, "v_head_dim", kMostHeads));
  out.query_rank = VRAMAUTO_TAKE(size_or_none(model, "q_lora_rank", kMostWidth));
  VRAMAUTO_TAKE(product(model, "num_attention_heads x (qk_nope_head_dim + qk_rope_head_dim + v_head_dim)", heads,
                        std::uint64_t{out.nope} + out.rope + out.value));
  return {out, VRAMAUTO_OK};
}

vramauto_status Latent::weights(const Place& at) const {
  const std::uint64_t query = std::uint64_t{heads} * (nope + rope), values = std::uint64_t{heads} * value;
  const bool joined = query_rank != 0;
  if (joined)
    VRAMAUTO_DO(at.linear("q_a_proj", query_rank, at.hidden, VRAMAUTO_SPLIT_NONE, false, kDownPart));
  else
    VRAMAUTO_DO(at.heads("q_proj", query, at.hidden, heads, kRefuse, 0));
  VRAMAUTO_DO(
      at.linear("kv_a_proj_with_mqa", std::uint64_t{rank} + rope, at.hidden, VRAMAUTO_SPLIT_NONE, false, joined ? kDownPart : 0));
  if (gate) VRAMAUTO_DO(at.heads("g_proj", values, at.hidden, heads, kRefuse, joined ? kDownPart : 0));
  if (joined) {
    VRAMAUTO_DO(at.norm("q_a_layernorm", query_rank));
    VRAMAUTO_DO(at.heads("q_b_proj", query, query_rank, heads, kRefuse, 0));
  }
  VRAMAUTO_DO(at.norm("kv_a_layernorm", rank));
  VRAMAUTO_DO(at.add(
      "kv_b_proj",
      Tensors(nullptr, VRAMAUTO_ROLE_LATENT_UP, at.range, std::uint64_t{heads} * (nope + value), rank).heads(heads, kRefuse)));
  return at.linear("o_proj", at.hidden, values, VRAMAUTO_SPLIT_COLS);
}

vramauto_cache Latent::cache() const {
  vramauto_cache out{};
  out.struct_size = sizeof out;
  out.kind = VRAMAUTO_CACHE_LATENT;
  out.heads = 1;
  out.k_dim = rank;
  out.v_dim = rope;
  return out;
}

vramauto_forward Latent::forward() const {
  vramauto_forward out{};
  out.struct_size = sizeof out;
  out.query = heads * (nope + rope);
  out.key_value = rank + rope;
  out.attention_out = heads * value;
  out.kv_heads = 1;
  out.latent_up = heads * (nope + value);
  return out;
}

}  // namespace vramauto::estimator::hybrid
