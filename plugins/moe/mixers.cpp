// Attention that has more than projections, heads and an output.
#include "writer.hpp"

#include "layers.hpp"

namespace vramauto::moe {

using estimator::flag;
using estimator::kQkv;
using estimator::LayerShape;
using estimator::Tensors;

namespace {

constexpr std::uint64_t kMostWidth = 1u << 22, kMostCount = 1u << 16;

}  // namespace

// vLLM 0.33, models/step3_text.py, Step3TextAttention: what queries, keys and values are made of is whole on every rank.
vramauto_status Writer::shared_query(const LayerShape& shape, const vramauto_layers& range) {
  const auto dim = key_dim(shape);
  const auto shared = VRAMAUTO_READ(number("share_q_dim", kMostWidth, dim));
  const auto& names = *family_.names;
  const std::uint64_t width = std::uint64_t{shape.heads} * dim;
  VRAMAUTO_DO(model_.add(Tensors(named(names.q).c_str(), VRAMAUTO_ROLE_LINEAR, range, shared, sizes_.hidden).part_of(kQkv)));
  for (const auto part : {names.k, names.v})
    VRAMAUTO_DO(model_.add(Tensors(named(part).c_str(), VRAMAUTO_ROLE_LINEAR, range, dim, sizes_.hidden).part_of(kQkv)));
  VRAMAUTO_DO(
      model_.add(Tensors(named(names.o).c_str(), VRAMAUTO_ROLE_LINEAR, range, sizes_.hidden, width).by(VRAMAUTO_SPLIT_COLS)));
  VRAMAUTO_DO(add_norm(named("self_attn.inter_norm"), range, shared));
  VRAMAUTO_DO(model_.add(Tensors(named("self_attn.wq").c_str(), VRAMAUTO_ROLE_LINEAR, range, width, shared)
                             .heads(shape.heads, VRAMAUTO_UNEVEN_REFUSE)));
  return tables(shape, range);
}

// vLLM 0.33, models/openpangu.py, OpenPanguSinkAttention. Values that are not weights are kept as zeros.
vramauto_status Writer::sink_tokens(const LayerShape& shape, const vramauto_layers& range) {
  if (!model_.has("/param_sink_number")) return VRAMAUTO_OK;
  VRAMAUTO_DO(add_norm(named("self_attn.k_layernorm"), range, key_dim(shape)));
  const auto tokens = VRAMAUTO_READ(number("param_sink_number", kMostCount));
  const bool values = VRAMAUTO_READ(estimator::holds(model_, "param_sink_with_value"));
  const auto add = [&](std::string_view name, std::uint64_t dim, bool stored) {
    return model_.add(Tensors(named(name).c_str(), VRAMAUTO_ROLE_OTHER, range, tokens * shape.kv_heads * dim, 1)
                          .heads(shape.kv_heads, VRAMAUTO_UNEVEN_REPEAT)
                          .with(flag(!stored, VRAMAUTO_NOT_STORED)));
  };
  VRAMAUTO_DO(add("self_attn.param_sink_key", key_dim(shape), true));
  return add("self_attn.param_sink_value", value_dim(shape), values);
}

// vLLM 0.33, vllm/models/minimax_m3/nvidia/model.py, MiniMaxM3SparseAttention: queries of the indexer are divided as KV heads
// are, its one key is not.
vramauto_status Writer::indexer(const vramauto_layers& range) {
  const auto heads = VRAMAUTO_READ(number("sparse_attention_config/sparse_num_index_heads", kMostCount));
  const auto dim = VRAMAUTO_READ(number("sparse_attention_config/sparse_index_dim", kMostCount));
  VRAMAUTO_DO(model_.add(
      Tensors(named("self_attn.index_q_proj").c_str(), VRAMAUTO_ROLE_LINEAR, range, std::uint64_t{heads} * dim, sizes_.hidden)
          .heads(heads, VRAMAUTO_UNEVEN_REPEAT)));
  VRAMAUTO_DO(model_.add(Tensors(named("self_attn.index_k_proj").c_str(), VRAMAUTO_ROLE_LINEAR, range, dim, sizes_.hidden)));
  VRAMAUTO_DO(add_norm(named("self_attn.index_q_norm"), range, dim));
  return add_norm(named("self_attn.index_k_norm"), range, dim);
}

// vLLM 0.33, models/k2_horizon.py, K2HorizonMoVAAttention: a router chooses among projections of values.
vramauto_status Writer::value_experts(const LayerShape& shape, const vramauto_layers& range) {
  const auto at = model_.first("mova_num_experts");
  const auto stated = at.empty() ? 0 : VRAMAUTO_READ(model_.integer(at.c_str()));
  if (shape.feed != kExperts || stated <= 0) return attention(shape, range);
  const auto experts = VRAMAUTO_READ(number("mova_num_experts", kMostCount));
  const auto dim = key_dim(shape);
  const auto bias = flag(biases_.qkv, VRAMAUTO_BIAS);
  const auto add = [&](std::string_view name, std::uint32_t heads, vramauto_uneven uneven, std::uint32_t copies) {
    const auto full = named(name);
    Tensors one(full.c_str(), VRAMAUTO_ROLE_LINEAR, range, std::uint64_t{heads} * dim, sizes_.hidden);
    one.heads(heads, uneven).part_of(copies ? 0 : std::uint32_t{kQkv}).with(copies ? 0 : bias);
    one.copies = std::max(1u, copies);
    return model_.add(one);
  };
  VRAMAUTO_DO(add("self_attn.q_proj", shape.heads, VRAMAUTO_UNEVEN_REFUSE, 0));
  VRAMAUTO_DO(add("self_attn.k_proj", shape.kv_heads, VRAMAUTO_UNEVEN_REPEAT, 0));
  const bool router_bias = VRAMAUTO_READ(estimator::holds(model_, mixture_.router_bias));
  VRAMAUTO_DO(model_.add(Tensors(named("self_attn.v_router").c_str(), VRAMAUTO_ROLE_ROUTER, range, experts, sizes_.hidden)
                             .with(flag(router_bias, VRAMAUTO_BIAS))));
  VRAMAUTO_DO(add("self_attn.v_experts.*", shape.kv_heads, VRAMAUTO_UNEVEN_REPEAT, experts));
  VRAMAUTO_DO(model_.add(
      Tensors(named(family_.names->o).c_str(), VRAMAUTO_ROLE_LINEAR, range, sizes_.hidden, std::uint64_t{shape.heads} * dim)
          .by(VRAMAUTO_SPLIT_COLS)
          .with(flag(biases_.o, VRAMAUTO_BIAS))));
  if (qk_norm_) VRAMAUTO_DO(qk_norms(shape, range));
  return tables(shape, range);
}

}  // namespace vramauto::moe
