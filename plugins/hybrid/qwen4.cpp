// Qwen4-Exp: gated delta nets and attention that reads what an indexer selects, parallel streams of hidden states, tables of
// n-grams. Source: vLLM 0.33, models/qwen4_exp (nvidia/model.py, hyperconnection.py, ple_layer.py, ngram_embedding.py, qsa.py,
// indexer_qsa.py; common/qsa_cache.py); transformers 5.24, models/qwen4_exp/configuration_qwen4_exp.py.
#include <algorithm>

#include "writer.hpp"

namespace vramauto::estimator::hybrid {
namespace {

constexpr Names kNames{"model.embed_tokens",
                       "model.layers.*.",
                       "self_attn.q_proj",
                       "self_attn.k_proj",
                       "self_attn.v_proj",
                       "self_attn.o_proj",
                       "",
                       "",
                       "",
                       "",
                       "",
                       "lm_head"};
constexpr Family kQwen4{
    .architectures = "Qwen4ExpForCausalLM", .names = &kNames, .qk_norm = QkNorm::head_rms, .tie = Tie::never, .rotary_part = 0.25};

constexpr std::uint8_t kDeltaAndTable = kOwnKind;  // a gated delta net in a layer that adds embeddings of n-grams

bool is_prime(std::uint64_t value) {
  if (value < 4) return value > 1;
  if (value % 2 == 0) return false;
  for (std::uint64_t divisor = 3; divisor * divisor <= value; divisor += 2)
    if (value % divisor == 0) return false;
  return true;
}

class Qwen4Writer : public HybridWriter {
 public:
  using HybridWriter::HybridWriter;
  void complete(vramauto_traits&) const {}

 protected:
  vramauto_status shapes() override;
  vramauto_status mixer(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status norms(const LayerShape& shape, const vramauto_layers& range) override;
  vramauto_status cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) override;
  vramauto_status output() override;

 private:
  vramauto_status read_delta();
  vramauto_status read_experts();
  vramauto_status read_indexer();
  vramauto_status read_tables();
  vramauto_status streams(const Place& at, bool combines) const;
  vramauto_status table(const vramauto_layers& range);
  vramauto_status indexer_caches(const vramauto_layers& range) const;

  std::uint32_t streams_ = 4, rank_ = 320;
  std::uint32_t index_heads_ = 0, index_dim_ = 0, compress_ = 1;  // 0 heads: no indexer
  bool axes_ = false;                                             // positions of three axes are kept with the keys
  std::vector<std::uint32_t> tables_;                             // layers, counted from 1
  std::vector<std::uint64_t> table_rows_;
  std::uint32_t table_width_ = 0, ngram_ = 3, ngram_heads_ = 0, table_kernel_ = 4;
};

vramauto_status Qwen4Writer::read_delta() {
  GatedDelta delta;
  delta.key_heads = VRAMAUTO_READ(size(model_, "linear_num_key_heads", kMostHeads, 16));
  delta.value_heads = VRAMAUTO_READ(size(model_, "linear_num_value_heads", kMostHeads, 32));
  delta.key_dim = VRAMAUTO_READ(size(model_, "linear_key_head_dim", kMostHeads, 128));
  delta.value_dim = VRAMAUTO_READ(size(model_, "linear_value_head_dim", kMostHeads, 128));
  delta.kernel = VRAMAUTO_READ(size(model_, "linear_conv_kernel_dim", 1024, 4));
  VRAMAUTO_READ(product(model_, "linear_num_key_heads x linear_key_head_dim", delta.key_heads, delta.key_dim));
  VRAMAUTO_READ(product(model_, "linear_num_value_heads x linear_value_head_dim", delta.value_heads, delta.value_dim));
  delta.layout = DeltaLayout::separate;
  delta_ = delta;
  mixer_prefix_ = "linear_attn.";
  return VRAMAUTO_OK;
}

vramauto_status Qwen4Writer::read_experts() {
  experts_.count = VRAMAUTO_READ(size(model_, "num_experts", kMostExperts, 512));
  experts_.per_token = VRAMAUTO_READ(size(model_, "num_experts_per_tok", experts_.count, std::min(10u, experts_.count)));
  experts_.width = VRAMAUTO_READ(size(model_, "moe_intermediate_size", kMostWidth, 512));
  experts_.shared_width = VRAMAUTO_READ(size_or_none(model_, "shared_expert_intermediate_size", kMostWidth, 512));
  experts_.has_switch = true;
  expert_names_.shared_gate = "mlp.shared_expert.gate_proj";
  expert_names_.shared_up = "mlp.shared_expert.up_proj";
  expert_names_.shared_down = "mlp.shared_expert.down_proj";
  return VRAMAUTO_OK;
}

vramauto_status Qwen4Writer::read_indexer() {
  index_heads_ = VRAMAUTO_READ(size_or_none(model_, "indexer_n_heads", kMostHeads));
  if (index_heads_ == 0) return VRAMAUTO_OK;
  index_dim_ = VRAMAUTO_READ(size(model_, "indexer_head_dim", kMostHeads));
  compress_ = VRAMAUTO_READ(size(model_, "indexer_compress_ratio", 1024));
  VRAMAUTO_READ(product(model_, "indexer_n_heads x indexer_head_dim", index_heads_, index_dim_));
  axes_ = model_.has("/rope_parameters/mrope_section") || model_.has("/rope_scaling/mrope_section");
  return VRAMAUTO_OK;
}

// Each head of each table has a prime number of rows of its own: Qwen4ExpNGramEmbedding._make_vocab_layout.
vramauto_status Qwen4Writer::read_tables() {
  tables_ = VRAMAUTO_READ(numbers(model_, "ple_layer_ids", kMostLayers));
  std::sort(tables_.begin(), tables_.end());
  tables_.erase(std::unique(tables_.begin(), tables_.end()), tables_.end());
  if (tables_.empty()) return VRAMAUTO_OK;
  constexpr std::uint64_t kMostRows = 1ull << 30, kMostPrimes = 1024;
  table_width_ = VRAMAUTO_READ(size(model_, "ple_embed_dim", kMostWidth, sizes_.hidden));
  table_kernel_ = VRAMAUTO_READ(size(model_, "ple_conv_kernel_size", 1024, 4));
  ngram_ = VRAMAUTO_READ(size(model_, "ngram_size", 64, 3));
  const auto per_ngram = VRAMAUTO_READ(size(model_, "heads_per_ngram", kMostPrimes, 8));
  ngram_heads_ = VRAMAUTO_READ(product(model_, "heads_per_ngram x (ngram_size - 1)", per_ngram, ngram_ - 1, kMostPrimes));
  VRAMAUTO_READ(product(model_, "n-gram heads of all layers", ngram_heads_, tables_.size(), kMostPrimes));
  const auto base = VRAMAUTO_READ(size(model_, "ngram_vocab_size_base", kMostRows, 20'000'000));
  const auto divisor = VRAMAUTO_READ(size(model_, "make_ngram_vocab_size_divisible_by", 1u << 20, 128));
  if (ngram_heads_ == 0 || table_width_ % ngram_heads_ != 0)
    return model_.fail(VRAMAUTO_E_FORMAT, "ple_embed_dim is " + std::to_string(table_width_) + ", expected a multiple of the " +
                                              std::to_string(ngram_heads_) + " heads of n-grams");
  std::uint64_t prime = base - 1;
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    std::uint64_t rows = 0;
    for (std::uint32_t head = 0; head < ngram_heads_; ++head) {
      while (!is_prime(++prime)) continue;
      rows += prime;
    }
    VRAMAUTO_DO(model_.host()->should_stop(model_.call()));
    table_rows_.push_back((rows + divisor - 1) / divisor * divisor);
  }
  return VRAMAUTO_OK;
}

vramauto_status Qwen4Writer::shapes() {
  gated_query_ = true;
  final_norm_ = false;
  streams_ = VRAMAUTO_READ(size(model_, "hc_count", 1024, 4));
  rank_ = VRAMAUTO_READ(size(model_, "hc_lowrank", kMostWidth, 320));
  VRAMAUTO_READ(product(model_, "hc_count x hidden_size", streams_, sizes_.hidden));
  VRAMAUTO_DO(read_delta());
  VRAMAUTO_DO(read_experts());
  VRAMAUTO_DO(read_indexer());
  VRAMAUTO_DO(read_tables());
  state_dtype_ = VRAMAUTO_READ(read_state_dtype(model_, "mamba_ssm_dtype"));
  const auto types = VRAMAUTO_READ(words(model_, "layer_types"));
  const auto interval = VRAMAUTO_READ(size(model_, "full_attention_interval", kMostLayers, 4));
  if (!types.empty() && types.size() < sizes_.layers)
    return model_.fail(VRAMAUTO_E_FORMAT, "/layer_types has " + std::to_string(types.size()) +
                                              " entries, expected one for each of " + std::to_string(sizes_.layers) + " layers");
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    const bool linear = types.empty() ? (layer + 1) % interval != 0 : types[layer] == "linear_attention";
    const auto at = std::find(tables_.begin(), tables_.end(), layer + 1);
    auto shape = !linear ? attention_shape() : of(at == tables_.end() ? std::uint8_t{kDelta} : kDeltaAndTable);
    if (linear && at != tables_.end()) shape.own = static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(at - tables_.begin(), 255));
    shape.feed = kExperts;
    sizes_.blocks.push_back(shape);
  }
  return VRAMAUTO_OK;
}

// Embeddings of n-grams: a table divided by rows, and what mixes its rows in, whole on every rank.
vramauto_status Qwen4Writer::table(const vramauto_layers& range) {
  const auto layer = static_cast<std::uint32_t>(range.first) + 1;
  const auto number = static_cast<std::size_t>(std::find(tables_.begin(), tables_.end(), layer) - tables_.begin());
  const auto at = place("ple.", range);
  const std::uint64_t wide = std::uint64_t{streams_} * sizes_.hidden;
  VRAMAUTO_DO(at.add(
      "ple_embedding.ngram_embedding",
      Tensors(nullptr, VRAMAUTO_ROLE_OTHER, range, table_rows_[number], table_width_ / ngram_heads_).by(VRAMAUTO_SPLIT_ROWS)));
  VRAMAUTO_DO(at.linear("kv_proj", wide + sizes_.hidden, table_width_, VRAMAUTO_SPLIT_NONE));
  for (const auto* part : {"norm_key", "norm_query", "norm_conv"}) VRAMAUTO_DO(at.norm(part, wide));
  return at.add("conv1d", Tensors(nullptr, VRAMAUTO_ROLE_CONV, range, wide, table_kernel_));
}

vramauto_status Qwen4Writer::mixer(const LayerShape& shape, const vramauto_layers& range) {
  if (shape.mixer == kDeltaAndTable) {
    for (std::uint32_t i = 0; i < std::max(1u, range.count); ++i)  // each has its own number of rows
      VRAMAUTO_DO(
          table({range.first + static_cast<std::int32_t>(i / std::max(1u, range.run) * range.stride + i % std::max(1u, range.run)),
                 1, 1, 1}));
    return delta_->weights(place(mixer_prefix_, range));
  }
  VRAMAUTO_DO(HybridWriter::mixer(shape, range));
  if (shape.mixer != kAttention || index_heads_ == 0) return VRAMAUTO_OK;
  const auto at = place("self_attn.indexer.", range);
  VRAMAUTO_DO(at.linear("index_qk_proj", (std::uint64_t{index_heads_} + 1) * index_dim_, sizes_.hidden, VRAMAUTO_SPLIT_NONE));
  VRAMAUTO_DO(at.norm("q_layernorm", index_dim_));
  return at.norm("k_layernorm", index_dim_);
}

// GatedResidual: a norm of all streams, a projection down that brings a number for each stream, and one up. Always of 16 bit.
vramauto_status Qwen4Writer::streams(const Place& at, bool combines) const {
  const std::uint64_t wide = std::uint64_t{streams_} * sizes_.hidden;
  const auto add = [&](std::string_view part, std::uint64_t rows, std::uint64_t cols) {
    return at.add(part, Tensors(nullptr, VRAMAUTO_ROLE_OTHER, at.range, rows, cols).of(VRAMAUTO_BF16));
  };
  const std::uint64_t down = combines ? (std::uint64_t{rank_} + streams_ + 15) / 16 * 16 : rank_;
  VRAMAUTO_DO(add("hc_norm", wide, 1));
  VRAMAUTO_DO(add("input_mix_weight_down", down, wide));
  return add("input_mix_weight_up", wide, rank_);
}

vramauto_status Qwen4Writer::norms(const LayerShape&, const vramauto_layers& range) {
  VRAMAUTO_DO(streams(place("attn_hyper_connection.", range), true));
  return streams(place("mlp_hyper_connection.", range), true);
}

// A ring of raw keys, from which each `compress_` tokens become one, and those keys.
vramauto_status Qwen4Writer::indexer_caches(const vramauto_layers& range) const {
  vramauto_cache out{};
  out.struct_size = sizeof out;
  out.layers = range;
  out.heads = 1;
  out.kind = VRAMAUTO_CACHE_RING;
  out.k_dim = axes_ ? (index_dim_ + 3) / 4 * 4 + 3 * 4 : index_dim_;
  out.compress = compress_;
  out.state_dtype = VRAMAUTO_BF16;
  VRAMAUTO_DO(model_.add(out));
  out.kind = VRAMAUTO_CACHE_INDEXER;
  out.k_dim = index_dim_;
  out.state_dtype = 0;
  return model_.add(out);
}

vramauto_status Qwen4Writer::cache(const LayerShape& shape, std::uint32_t window, const Ranges& ranges) {
  if (shape.mixer == kDeltaAndTable) {
    ShortConv conv;
    conv.width = streams_ * sizes_.hidden;
    conv.length = (table_kernel_ - 1) * ngram_ + 1;
    VRAMAUTO_DO(add_state(conv.cache(), ranges));
    return add_state(delta_->cache(), ranges);
  }
  if (shape.mixer == kAttention && index_heads_)
    for (const auto& range : ranges) VRAMAUTO_DO(indexer_caches(range));
  return HybridWriter::cache(shape, window, ranges);
}

vramauto_status Qwen4Writer::output() {
  VRAMAUTO_DO(streams({model_, "model.hyper_connection_mixer.", kOutput, sizes_.hidden}, false));
  return HybridWriter::output();
}

}  // namespace

vramauto_status describe_qwen4(const Description& model, std::string_view) {
  auto sizes = VRAMAUTO_READ(read_hybrid_sizes(model, kQwen4));
  return write<Qwen4Writer>(model, kQwen4, std::move(sizes));
}

}  // namespace vramauto::estimator::hybrid
