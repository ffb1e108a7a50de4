#include "writer.hpp"

#include <algorithm>

#include "streams.hpp"

namespace vramauto::mla {

using estimator::Description;
using estimator::flag;
using estimator::LayerShape;
using estimator::Tensors;

namespace {

// Tensors of one layer that the engine makes one of.
enum : std::uint32_t { kCompress = estimator::kOwnPart, kIndexKey };

constexpr std::uint32_t kIndexBlock = 128, kScaleBytes = 4;  // an index key: float8, and one float32 for each block

}  // namespace

vramauto_status Writer::read_experts() {
  experts_ = VRAMAUTO_READ(estimator::read_experts(model_, latent_.keys, latent_.experts));
  experts_.correction = VRAMAUTO_READ(read_correction(model_, latent_));
  if (latent_.shared_each.empty() || experts_.shared_width == 0 || model_.first(latent_.shared_each).empty()) return VRAMAUTO_OK;
  const auto each = VRAMAUTO_READ(model_.positive(latent_.shared_each, 1u << 22));
  experts_.shared_width = static_cast<std::uint32_t>(experts_.shared_width / experts_.width * each);
  return VRAMAUTO_OK;
}

// vLLM 0.33, models/bailing_moe_v3.py, gated_attention_proj_granularity_type.
vramauto_status Writer::read_gate() {
  if (latent_.gate_key.empty() || model_.first(latent_.gate_key).empty()) return VRAMAUTO_OK;
  const auto kind = VRAMAUTO_READ(model_.text(model_.first(latent_.gate_key).c_str()));
  gate_ = kind == "head_wise" ? 1 : kind == "element_wise" ? dims_.v : 0;
  return VRAMAUTO_OK;
}

vramauto_status Writer::shapes() {
  dims_ = VRAMAUTO_READ(read_dims(model_, latent_.expands ? sizes_.hidden / sizes_.heads : 0));
  VRAMAUTO_DO(
      check_width(model_, "heads of qk_nope_head_dim, qk_rope_head_dim and v_head_dim", sizes_.heads, dims_.query() + dims_.v));
  index_ = VRAMAUTO_READ(read_index(model_, latent_.pools));
  linear_ = VRAMAUTO_READ(read_linear(model_, latent_.linear, sizes_.hidden, sizes_.heads));
  VRAMAUTO_DO(read_gate());
  if (latent_.streams && VRAMAUTO_READ(estimator::holds(model_, "+mhc")))
    streams_ = static_cast<std::uint32_t>(VRAMAUTO_READ(model_.positive("hc_mult", 64, 4)));
  windows_.assign(sizes_.layers, 0);  // these classes look at no window
  const auto sparse = VRAMAUTO_READ(read_sparse(model_, latent_, sizes_.layers));
  const auto owners = VRAMAUTO_READ(read_owners(model_, sizes_.layers));
  const auto linear = VRAMAUTO_READ(read_linear_layers(model_, latent_.linear, sizes_.layers));
  if (std::find(sparse.begin(), sparse.end(), true) != sparse.end()) VRAMAUTO_DO(read_experts());
  sizes_.blocks.reserve(sizes_.layers);
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    auto shape = sizes_.shape;
    if (linear[layer]) shape.mixer = kLinear;
    if (sparse[layer]) {
      shape.feed = kExperts;
      shape.intermediate = experts_.shared_width;
    }
    if (index_.top_k) shape.own = owners[layer] ? kOwns : kShares;
    sizes_.blocks.push_back(shape);
  }
  return VRAMAUTO_OK;
}

// vLLM 0.33, models/deepseek_v2.py, DeepseekV2MLAAttention. What compresses is a whole copy on every rank.
vramauto_status Writer::mixer(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.mixer == kLinear) {
    VRAMAUTO_DO(linear_.weights(model_, named(mixer_), range));
    if (linear_.kind != Linear::lightning) return VRAMAUTO_OK;
    const auto rope = VRAMAUTO_READ(estimator::read_rope(model_, family_, {}, linear_.head_dim));
    return add_table(rope, range, "linear_rotary_emb", linear_.head_dim);
  }
  VRAMAUTO_DO(queries(shape.heads, range));
  VRAMAUTO_DO(keys_and_values(shape.heads, range));
  if (shape.own == kOwns) VRAMAUTO_DO(indexer(range));
  return position_tables(range, shape.own == kOwns);
}

vramauto_status Writer::queries(std::uint32_t heads, const vramauto_layers& range) {
  const auto rows = std::uint64_t{heads} * dims_.query();
  const auto part = dims_.q_lora && latent_.fused ? std::uint32_t{kCompress} : 0;
  if (dims_.q_lora)
    VRAMAUTO_DO(model_.add(Tensors(in_mixer("q_a_proj").c_str(), linear(), range, dims_.q_lora, sizes_.hidden).part_of(part)));
  VRAMAUTO_DO(model_.add(
      Tensors(in_mixer("kv_a_proj_with_mqa").c_str(), linear(), range, dims_.kv_lora + dims_.rope, sizes_.hidden).part_of(part)));
  if (dims_.q_lora) VRAMAUTO_DO(add_norm(in_mixer("q_a_layernorm"), range, dims_.q_lora));
  const auto name = in_mixer(dims_.q_lora ? "q_b_proj" : "q_proj");
  return model_.add(Tensors(name.c_str(), linear(), range, rows, dims_.q_lora ? dims_.q_lora : sizes_.hidden)
                        .heads(heads, VRAMAUTO_UNEVEN_REFUSE));
}

vramauto_status Writer::keys_and_values(std::uint32_t heads, const vramauto_layers& range) {
  VRAMAUTO_DO(add_norm(in_mixer("kv_a_layernorm"), range, dims_.kv_lora));
  const auto role = latent_.expands || latent_.unquantised ? linear() : vramauto_role{VRAMAUTO_ROLE_LATENT_UP};
  const auto rows = std::uint64_t{heads} * (dims_.nope + dims_.v);
  VRAMAUTO_DO(
      model_.add(Tensors(in_mixer("kv_b_proj").c_str(), role, range, rows, dims_.kv_lora).heads(heads, VRAMAUTO_UNEVEN_REFUSE)));
  if (gate_)
    VRAMAUTO_DO(model_.add(Tensors(in_mixer("g_proj").c_str(), linear(), range, std::uint64_t{heads} * gate_, sizes_.hidden)
                               .heads(heads, VRAMAUTO_UNEVEN_REFUSE)));
  return model_.add(Tensors(in_mixer(latent_.output).c_str(), linear(), range, sizes_.hidden, std::uint64_t{heads} * dims_.v)
                        .by(VRAMAUTO_SPLIT_COLS));
}

// vLLM 0.33, models/deepseek_v2.py, Indexer: a whole copy on every rank; keys and weights are never quantised.
vramauto_status Writer::indexer(const vramauto_layers& range) {
  if (dims_.q_lora == 0)
    return model_.fail(VRAMAUTO_E_FORMAT,
                       "/q_lora_rank is missing or null, expected a number: the indexer reads the compressed query");
  VRAMAUTO_DO(model_.add(
      Tensors(named("self_attn.indexer.wq_b").c_str(), linear(), range, std::uint64_t{index_.heads} * index_.dim, dims_.q_lora)));
  for (const auto& [name, rows] :
       {std::pair("self_attn.indexer.wk", index_.dim), std::pair("self_attn.indexer.weights_proj", index_.heads)})
    VRAMAUTO_DO(model_.add(Tensors(named(name).c_str(), VRAMAUTO_ROLE_OTHER, range, rows, sizes_.hidden).part_of(kIndexKey)));
  if (index_.pool > 1) {
    VRAMAUTO_DO(model_.add(
        Tensors(named("self_attn.indexer.index_kpool_compress_ape").c_str(), VRAMAUTO_ROLE_OTHER, range, index_.pool, index_.dim)
            .of(VRAMAUTO_F32)));
    VRAMAUTO_DO(model_.add(Tensors(named("self_attn.indexer.index_kpool_compress_gate").c_str(), VRAMAUTO_ROLE_OTHER, range,
                                   index_.dim, sizes_.hidden)));
  }
  return model_.add(Tensors(named("self_attn.indexer.k_norm").c_str(), VRAMAUTO_ROLE_NORM, range, index_.dim, 1)
                        .of(VRAMAUTO_F32)
                        .with(VRAMAUTO_BIAS));
}

// DeepSeek's own YaRN keeps a table apart by name: engines hold it in float32 where its kernel runs.
vramauto_status Writer::position_tables(const vramauto_layers& range, bool indexer) {
  if (dims_.rope == 0) return VRAMAUTO_OK;
  auto rope = VRAMAUTO_READ(estimator::read_rope(model_, family_, {}, dims_.rope));
  if (latent_.table == Table::plain) rope = {};
  if (latent_.table == Table::whole) rope.part = 1.0;
  const bool yarn = latent_.table == Table::deepseek && rope.scaling != estimator::Scaling::none;
  if (yarn) rope.scaling = estimator::Scaling::yarn;
  VRAMAUTO_DO(add_table(rope, range, yarn ? "deepseek_yarn" : "rotary_emb", dims_.rope));
  if (!indexer || index_.interleaved) return VRAMAUTO_OK;
  return add_table(rope, range, yarn ? "deepseek_yarn_neox" : "rotary_emb_neox", dims_.rope);
}

vramauto_status Writer::feed(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.feed != kExperts) return mlp(shape, range);
  return estimator::add_experts(model_, *latent_.names, experts_, family_.names->layer, range, sizes_.hidden);
}

vramauto_status Writer::norms(const LayerShape& shape, const vramauto_layers& range) {
  VRAMAUTO_DO(estimator::Writer::norms(shape, range));
  if (streams_ == 0) return VRAMAUTO_OK;
  for (const auto* part : {"hc_attn", "hc_ffn"})
    VRAMAUTO_DO(add_streams(model_, named(part), mixes_of(streams_), std::uint64_t{streams_} * sizes_.hidden, 3, range));
  return VRAMAUTO_OK;
}

vramauto_status Writer::forward(const LayerShape& shape, const vramauto_layers& range) {
  vramauto_forward out{};
  out.struct_size = sizeof out;
  out.layers = range;
  if (shape.mixer == kLinear) {
    out.query = out.attention_out = static_cast<std::uint32_t>(linear_.width());
    out.key_value = 2 * out.query;
    out.kv_heads = linear_.heads;
    return feed_forward(shape, out);
  }
  out.query = shape.heads * dims_.query();
  out.attention_out = shape.heads * dims_.v;
  out.key_value = latent_.expands ? 2 * shape.heads * dims_.query() : dims_.kv_lora + dims_.rope;
  out.kv_heads = latent_.expands ? shape.heads : 1;
  out.latent_up = latent_.expands ? 0 : shape.heads * (dims_.nope + dims_.v);
  out.index_top_k = index_.top_k;
  return feed_forward(shape, out);
}

vramauto_status Writer::feed_forward(const LayerShape& shape, vramauto_forward out) {
  out.intermediate = shape.intermediate;
  if (shape.feed == kExperts) {
    out.experts = experts_.count;
    out.experts_per_token = experts_.per_token;
    out.expert_intermediate = experts_.width;
  }
  return model_.add(out);
}

vramauto_status Writer::cache(const LayerShape& shape, std::uint32_t, const Ranges& ranges) {
  for (const auto& range : ranges)
    VRAMAUTO_DO(shape.mixer == kLinear ? model_.add(linear_.cache(range)) : latent_cache(shape, range));
  return VRAMAUTO_OK;
}

vramauto_status Writer::latent_cache(const LayerShape& shape, const vramauto_layers& range) {
  vramauto_cache out{};
  out.struct_size = sizeof out;
  out.layers = range;
  out.heads = 1;
  if (shape.own == kOwns) VRAMAUTO_DO(index_cache(range));
  out.kind = latent_.expands ? VRAMAUTO_CACHE_FULL : VRAMAUTO_CACHE_LATENT;
  out.flags = flag(shape.own != 0, VRAMAUTO_SPARSE);
  out.k_dim = dims_.kv_lora;
  out.v_dim = dims_.rope;
  if (latent_.expands) {  // values are padded to the width of keys: vLLM 0.33, models/minicpm3.py, MiniCPM3Attention
    out.heads = shape.heads;
    out.k_dim = out.v_dim = dims_.query();
  }
  return model_.add(out);
}

// A key for each token, or for each pool of them beside a ring of those whose pool is not full.
vramauto_status Writer::index_cache(const vramauto_layers& range) {
  vramauto_cache out{};
  out.struct_size = sizeof out;
  out.kind = VRAMAUTO_CACHE_INDEXER;
  out.layers = range;
  out.heads = 1;
  out.k_dim = index_.dim;
  out.compress = index_.pool;
  out.entry_bytes = index_.dim + index_.dim / kIndexBlock * kScaleBytes;
  VRAMAUTO_DO(model_.add(out));
  if (index_.pool == 1) return VRAMAUTO_OK;
  out.kind = VRAMAUTO_CACHE_RING;  // vLLM 0.33, models/glm5next/common/attention.py, Glm5NextTailCache: keys and their gates
  out.v_dim = index_.dim;
  out.entry_bytes = 0;
  out.state_dtype = VRAMAUTO_BF16;
  return model_.add(out);
}

// vLLM 0.33, models/deepseek_mtp.py: each is one more layer, with an indexer of its own where attention is sparse. Embedding and
// head are those of the model.
vramauto_status Writer::drafts() {
  const auto count = VRAMAUTO_READ(read_drafts(model_));
  if (count == 0) return VRAMAUTO_OK;
  const Description marked(model_, VRAMAUTO_DRAFT);
  Writer draft(marked, latent_, sizes_);
  draft.dims_ = dims_;
  draft.index_ = index_;
  draft.experts_ = experts_;
  draft.norms_ = norms_;
  draft.gate_ = gate_;
  draft.sizes_.shape = sizes_.blocks.back();
  draft.sizes_.shape.mixer = 0;
  if (index_.top_k) draft.sizes_.shape.own = kOwns;
  return draft.draft_layers({static_cast<std::int32_t>(sizes_.layers), count, count, count});
}

vramauto_status Writer::draft_layers(const vramauto_layers& range) {
  const auto& shape = sizes_.shape;
  for (const auto* norm : {"enorm", "hnorm"}) VRAMAUTO_DO(add_norm(named(norm), range, sizes_.hidden));
  VRAMAUTO_DO(model_.add(Tensors(named("eh_proj").c_str(), VRAMAUTO_ROLE_OTHER, range, sizes_.hidden, 2ull * sizes_.hidden)));
  VRAMAUTO_DO(add_norm(named("shared_head.norm"), range, sizes_.hidden));
  VRAMAUTO_DO(mixer(shape, range));
  VRAMAUTO_DO(feed(shape, range));
  VRAMAUTO_DO(norms(shape, range));
  VRAMAUTO_DO(forward(shape, range));
  return cache(shape, 0, {range});
}

}  // namespace vramauto::mla
