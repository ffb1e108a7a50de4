// Source: vLLM 0.33, vllm/models/deepseek_v4: attention.py, compressor.py, common/rope.py, nvidia/model.py, nvidia/mtp.py.
#include "compressed.hpp"

#include <algorithm>
#include <string>

#include "estimator/decoder/windows.hpp"
#include "ratios.hpp"
#include "streams.hpp"

namespace vramauto::mla {

using estimator::Description;
using estimator::LayerShape;
using estimator::Tensors;

namespace {

enum : std::uint32_t { kCompress = estimator::kOwnPart, kKeyGate };
constexpr std::uint32_t kIndexBlock = 128, kScaleBytes = 4;
constexpr std::uint32_t kOverlapped = 4;  // entries of so many tokens overlap: twice the width
constexpr std::uint64_t kMostWidth = 1u << 20;

constexpr estimator::Names kNames{"embed", "layers.*.", "", "", "", "", "", "", "", "attn_norm ffn_norm", "norm", "head"};
constexpr estimator::ExpertNames kExpertNames{.router = "ffn.gate",
                                              .gate = "ffn.experts.*.w1",
                                              .up = "ffn.experts.*.w3",
                                              .down = "ffn.experts.*.w2",
                                              .correction = "ffn.gate.bias",
                                              .shared_gate = "ffn.shared_experts.w1",
                                              .shared_up = "ffn.shared_experts.w3",
                                              .shared_down = "ffn.shared_experts.w2"};
// As compressed checkpoints have them, whose rules look at these names.
constexpr estimator::ExpertNames kProjNames{.router = "ffn.gate",
                                            .gate = "ffn.experts.*.gate_proj",
                                            .up = "ffn.experts.*.up_proj",
                                            .down = "ffn.experts.*.down_proj",
                                            .correction = "ffn.gate.bias",
                                            .shared_gate = "ffn.shared_experts.gate_proj",
                                            .shared_up = "ffn.shared_experts.up_proj",
                                            .shared_down = "ffn.shared_experts.down_proj"};
constexpr estimator::Family kFamily{
    .architectures = "DeepseekV4ForCausalLM", .names = &kNames, .width = estimator::Width::none, .tie = estimator::Tie::never};

}  // namespace

bool is_compressed(std::string_view architecture) { return architecture == kFamily.architectures; }
const estimator::Family& compressed_family() { return kFamily; }

vramauto_status CompressedWriter::read_widths() {
  const auto size = [&](const char* key, std::uint64_t otherwise) -> estimator::Answer<std::uint32_t> {
    const auto value = VRAMAUTO_TAKE(model_.positive(key, kMostWidth, otherwise));
    return {static_cast<std::uint32_t>(value), VRAMAUTO_OK};
  };
  widths_.head = VRAMAUTO_READ(size("head_dim", 0));
  widths_.rope = VRAMAUTO_READ(size("qk_rope_head_dim", std::max(1u, widths_.head / 8)));
  widths_.q_lora = VRAMAUTO_READ(size("q_lora_rank", 0));
  widths_.o_groups = VRAMAUTO_READ(size("o_groups", 0));
  widths_.o_lora = VRAMAUTO_READ(size("o_lora_rank", 0));
  widths_.streams = VRAMAUTO_READ(size("hc_mult", 0));
  widths_.window = VRAMAUTO_READ(size("sliding_window", 0));
  index_ = VRAMAUTO_READ(read_index(model_));
  VRAMAUTO_DO(check_width(model_, "heads of head_dim", sizes_.heads, widths_.head));
  if (widths_.rope >= widths_.head || widths_.streams > 64)
    return model_.fail(VRAMAUTO_E_FORMAT, "/qk_rope_head_dim is " + std::to_string(widths_.rope) + " and /hc_mult " +
                                              std::to_string(widths_.streams) + ", expected less than /head_dim, and at most 64");
  return VRAMAUTO_OK;
}

vramauto_status CompressedWriter::shapes() {
  VRAMAUTO_DO(read_widths());
  windows_.assign(sizes_.layers, 0);
  experts_ = VRAMAUTO_READ(estimator::read_experts(model_, {.count = "n_routed_experts", .shared_count = "n_shared_experts"}));
  const auto ratios = VRAMAUTO_READ(read_ratios(model_, sizes_.layers));
  const auto hashed = VRAMAUTO_READ(read_hashed(model_, sizes_.layers));
  ratios_ = ratios;
  std::sort(ratios_.begin(), ratios_.end());
  ratios_.erase(std::unique(ratios_.begin(), ratios_.end()), ratios_.end());
  if (ratios_.size() > 200) return model_.fail(VRAMAUTO_E_LIMIT, "/compress_ratios has more than 200 different numbers");
  sizes_.shape.heads = sizes_.heads;
  sizes_.shape.kv_heads = 1;
  sizes_.shape.intermediate = experts_.shared_width;
  sizes_.blocks.reserve(sizes_.layers);
  for (std::uint32_t layer = 0; layer < sizes_.layers; ++layer) {
    auto shape = sizes_.shape;
    const auto at = std::lower_bound(ratios_.begin(), ratios_.end(), ratios[layer]);
    shape.mixer = static_cast<std::uint8_t>(at - ratios_.begin());
    shape.feed = hashed[layer] ? kHashed : kExperts;
    sizes_.blocks.push_back(shape);
  }
  return VRAMAUTO_OK;
}

vramauto_status CompressedWriter::mixer(const LayerShape& shape, const vramauto_layers& range) {
  const auto ratio = ratios_[shape.mixer];
  VRAMAUTO_DO(attention(shape, range));
  if (ratio == kOverlapped) VRAMAUTO_DO(indexer(ratio, range));
  if (ratio > 1) VRAMAUTO_DO(compressor("attn.compressor.", ratio, widths_.head, range));
  return table(ratio, range);
}

// DeepseekV4Attention: one head of keys and values, and a projection out in two steps, the first of them by groups of heads.
vramauto_status CompressedWriter::attention(const LayerShape& shape, const vramauto_layers& range) {
  const auto add = [&](const char* name, std::uint64_t rows, std::uint64_t cols) {
    return Tensors(name, VRAMAUTO_ROLE_LINEAR, range, rows, cols);
  };
  const std::uint64_t wide = std::uint64_t{shape.heads} * widths_.head, grouped = std::uint64_t{widths_.o_groups} * widths_.o_lora;
  VRAMAUTO_DO(model_.add(Tensors(named("attn.attn_sink").c_str(), VRAMAUTO_ROLE_OTHER, range, shape.heads, 1)
                             .heads(shape.heads, VRAMAUTO_UNEVEN_REFUSE)
                             .of(VRAMAUTO_F32)));
  VRAMAUTO_DO(model_.add(add(named("attn.wq_a").c_str(), widths_.q_lora, sizes_.hidden).part_of(kCompress)));
  VRAMAUTO_DO(model_.add(add(named("attn.wkv").c_str(), widths_.head, sizes_.hidden).part_of(kCompress)));
  VRAMAUTO_DO(add_norm(named("attn.q_norm"), range, widths_.q_lora));
  VRAMAUTO_DO(model_.add(add(named("attn.wq_b").c_str(), wide, widths_.q_lora).heads(shape.heads, VRAMAUTO_UNEVEN_REFUSE)));
  VRAMAUTO_DO(add_norm(named("attn.kv_norm"), range, widths_.head));
  VRAMAUTO_DO(model_.add(add(named("attn.wo_a").c_str(), grouped, wide / widths_.o_groups).by(VRAMAUTO_SPLIT_ROWS)));
  return model_.add(add(named("attn.wo_b").c_str(), sizes_.hidden, grouped).by(VRAMAUTO_SPLIT_COLS));
}

// DeepseekCompressor: keys and their gates, never quantised, and a place for each token of an entry.
vramauto_status CompressedWriter::compressor(std::string_view at, std::uint32_t ratio, std::uint32_t width,
                                             const vramauto_layers& range) {
  const auto name = [&](std::string_view part) { return named(std::string(at).append(part)); };
  const auto rows = ratio == kOverlapped ? 2 * width : width;
  VRAMAUTO_DO(model_.add(Tensors(name("ape").c_str(), VRAMAUTO_ROLE_OTHER, range, ratio, rows).of(VRAMAUTO_F32)));
  for (const auto* part : {"wkv", "wgate"})
    VRAMAUTO_DO(model_.add(Tensors(name(part).c_str(), VRAMAUTO_ROLE_OTHER, range, rows, sizes_.hidden).part_of(kKeyGate)));
  return add_norm(name("norm"), range, width);
}

vramauto_status CompressedWriter::indexer(std::uint32_t ratio, const vramauto_layers& range) {
  VRAMAUTO_DO(model_.add(Tensors(named("attn.indexer.wq_b").c_str(), VRAMAUTO_ROLE_LINEAR, range,
                                 std::uint64_t{index_.heads} * index_.dim, widths_.q_lora)));
  VRAMAUTO_DO(
      model_.add(Tensors(named("attn.indexer.weights_proj").c_str(), VRAMAUTO_ROLE_OTHER, range, index_.heads, sizes_.hidden)));
  return compressor("attn.indexer.compressor.", ratio, index_.dim, range);
}

// build_deepseek_v4_rope: YaRN for layers that compress, if it is stated; float32.
vramauto_status CompressedWriter::table(std::uint32_t ratio, const vramauto_layers& range) {
  const bool compresses = ratio > 1;
  estimator::Rope rope;
  if (compresses) rope = VRAMAUTO_READ(estimator::read_rope(model_, family_, "compress", widths_.head));
  if (rope.scaling != estimator::Scaling::none) rope.scaling = estimator::Scaling::yarn;
  rope.part = 1.0;
  const auto rows = estimator::table_of(rope, sizes_.positions, widths_.rope);
  return model_.add(Tensors(compresses ? "compress_rotary_emb" : "rotary_emb", VRAMAUTO_ROLE_ROPE, range, rows.rows, widths_.rope)
                        .of(VRAMAUTO_F32)
                        .with(VRAMAUTO_NOT_STORED));
}

// Routed by scores, or in the first layers by a table from token to experts.
vramauto_status CompressedWriter::feed(const LayerShape& shape, const vramauto_layers& range) {
  auto experts = experts_;
  if (shape.feed == kHashed) {
    VRAMAUTO_DO(model_.add(
        Tensors(named("ffn.gate.tid2eid").c_str(), VRAMAUTO_ROLE_OTHER, range, sizes_.vocab, experts.per_token).of(VRAMAUTO_I32)));
  } else if (model_.has("/topk_method")) {
    experts.correction = VRAMAUTO_READ(model_.text("/topk_method")) == "noaux_tc";
  }
  constexpr auto method = "/quantization_config/quant_method";
  const bool compressed = model_.type(method) == VRAMAUTO_JSON_STRING && VRAMAUTO_READ(model_.text(method)) == "compressed-tensors";
  return estimator::add_experts(model_, compressed ? kProjNames : kExpertNames, experts, family_.names->layer, range,
                                sizes_.hidden);
}

vramauto_status CompressedWriter::norms(const LayerShape& shape, const vramauto_layers& range) {
  VRAMAUTO_DO(estimator::Writer::norms(shape, range));
  for (const auto* part : {"hc_attn", "hc_ffn"})
    VRAMAUTO_DO(add_streams(model_, named(part), mixes_of(widths_.streams), streams_width(), 3, range));
  return VRAMAUTO_OK;
}

vramauto_status CompressedWriter::forward(const LayerShape& shape, const vramauto_layers& range) {
  vramauto_forward out{};
  out.struct_size = sizeof out;
  out.layers = range;
  out.query = out.attention_out = shape.heads * widths_.head;
  out.key_value = widths_.head;
  out.kv_heads = 1;
  out.index_top_k = index_.top_k;
  out.intermediate = experts_.shared_width;
  out.experts = experts_.count;
  out.experts_per_token = experts_.per_token;
  out.expert_intermediate = experts_.width;
  return model_.add(out);
}

// The window first, then what the layer compresses; rings keep the tokens of an entry that is not full, in float32.
vramauto_status CompressedWriter::cache(const LayerShape& shape, std::uint32_t, const Ranges& ranges) {
  const auto ratio = ratios_[shape.mixer];
  for (const auto& range : ranges) {
    VRAMAUTO_DO(latents(range, widths_.window, 1));
    if (ratio <= 1) continue;
    const auto width = ratio == kOverlapped ? 2u : 1u;
    VRAMAUTO_DO(ring(range, ratio, 2 * width * widths_.head));
    if (ratio == kOverlapped) {
      vramauto_cache keys{};
      keys.struct_size = sizeof keys;
      keys.kind = VRAMAUTO_CACHE_INDEXER;
      keys.layers = range;
      keys.heads = 1;
      keys.k_dim = index_.dim;
      keys.compress = ratio;
      keys.entry_bytes = index_.dim + index_.dim / kIndexBlock * kScaleBytes;
      VRAMAUTO_DO(model_.add(keys));
      VRAMAUTO_DO(ring(range, ratio, 2 * width * index_.dim));
    }
    VRAMAUTO_DO(latents(range, 0, ratio));
  }
  return VRAMAUTO_OK;
}

vramauto_status CompressedWriter::latents(const vramauto_layers& range, std::uint32_t window, std::uint32_t ratio) {
  vramauto_cache out{};
  out.struct_size = sizeof out;
  out.kind = VRAMAUTO_CACHE_LATENT;
  out.flags = VRAMAUTO_SPARSE;
  out.layers = range;
  out.heads = 1;
  out.k_dim = widths_.head - widths_.rope;
  out.v_dim = widths_.rope;
  out.window = window;
  out.compress = ratio;
  return model_.add(out);
}

vramauto_status CompressedWriter::ring(const vramauto_layers& range, std::uint32_t ratio, std::uint32_t width) {
  vramauto_cache out{};
  out.struct_size = sizeof out;
  out.kind = VRAMAUTO_CACHE_RING;
  out.layers = range;
  out.heads = 1;
  out.k_dim = width;
  out.window = ratio == kOverlapped ? 2 * ratio : ratio;
  out.compress = ratio;
  out.state_dtype = VRAMAUTO_F32;
  return model_.add(out);
}

// DeepSeekV4MultiTokenPredictorLayer: a layer without a compressed cache.
vramauto_status CompressedWriter::drafts() {
  const auto count = VRAMAUTO_READ(read_drafts(model_));
  if (count == 0) return VRAMAUTO_OK;
  const Description marked(model_, VRAMAUTO_DRAFT);
  CompressedWriter draft(marked, sizes_);
  draft.widths_ = widths_;
  draft.index_ = index_;
  draft.experts_ = experts_;
  draft.norms_ = norms_;
  draft.ratios_ = {1};
  draft.sizes_.shape.feed = kExperts;
  return draft.draft_layers({static_cast<std::int32_t>(sizes_.layers), count, count, count});
}

vramauto_status CompressedWriter::draft_layers(const vramauto_layers& range) {
  const auto& shape = sizes_.shape;
  for (const auto* norm : {"enorm", "hnorm", "norm"}) VRAMAUTO_DO(add_norm(named(norm), range, sizes_.hidden));
  for (const auto* part : {"e_proj", "h_proj"})
    VRAMAUTO_DO(model_.add(Tensors(named(part).c_str(), VRAMAUTO_ROLE_LINEAR, range, sizes_.hidden, sizes_.hidden)));
  VRAMAUTO_DO(add_streams(model_, named("hc_head"), widths_.streams, streams_width(), 1, range));
  VRAMAUTO_DO(mixer(shape, range));
  VRAMAUTO_DO(feed(shape, range));
  VRAMAUTO_DO(norms(shape, range));
  VRAMAUTO_DO(forward(shape, range));
  return cache(shape, 0, {range});
}

vramauto_status CompressedWriter::output() {
  VRAMAUTO_DO(add_streams(model_, "hc_head", widths_.streams, streams_width(), 1, estimator::kOutput));
  return estimator::Writer::output();
}

}  // namespace vramauto::mla
