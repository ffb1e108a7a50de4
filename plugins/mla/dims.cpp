#include "dims.hpp"

#include <algorithm>
#include <string>

#include "estimator/decoder/sizes.hpp"

namespace vramauto::mla {

using estimator::Answer;
using estimator::Description;

namespace {

constexpr std::uint64_t kMostWidth = 1u << 20, kMostHeads = 1u << 16, kMostTopK = 1u << 24;

Answer<std::uint32_t> size(const Description& model, std::string_view keys, std::uint64_t most, std::uint64_t otherwise = 0) {
  const auto value = VRAMAUTO_TAKE(model.positive(keys, most, otherwise));
  return {static_cast<std::uint32_t>(value), VRAMAUTO_OK};
}

}  // namespace

Answer<std::int64_t> integer_or(const Description& model, const char* at, std::int64_t otherwise) {
  if (!model.has(at)) return {otherwise, VRAMAUTO_OK};
  return model.integer(at);
}

vramauto_status check_width(const Description& model, const char* what, std::uint64_t heads, std::uint64_t each) {
  constexpr std::uint64_t kMost = 1u << 29;
  if (heads == 0 || each <= kMost / heads) return VRAMAUTO_OK;
  return model.fail(VRAMAUTO_E_LIMIT, std::string(what) + ": " + std::to_string(heads) + " x " + std::to_string(each) +
                                          " numbers, expected at most " + std::to_string(kMost));
}

Answer<Dims> read_dims(const Description& model, std::uint32_t value) {
  Dims out;
  if (model.has("/q_lora_rank")) out.q_lora = VRAMAUTO_TAKE(size(model, "q_lora_rank", kMostWidth));
  out.kv_lora = VRAMAUTO_TAKE(size(model, "kv_lora_rank", kMostWidth));
  out.nope = VRAMAUTO_TAKE(size(model, "qk_nope_head_dim", kMostHeads));
  const auto rope = VRAMAUTO_TAKE(integer_or(model, "/qk_rope_head_dim", -1));  // 0: attention knows no positions
  if (rope != 0) out.rope = VRAMAUTO_TAKE(size(model, "qk_rope_head_dim", kMostHeads));
  out.v = VRAMAUTO_TAKE(size(model, "v_head_dim", kMostHeads, value));
  return {out, VRAMAUTO_OK};
}

// vLLM 0.33, models/deepseek_v2.py, Indexer.
Answer<Index> read_index(const Description& model, bool pools) {
  Index out;
  if (!model.has("/index_topk")) return {out, VRAMAUTO_OK};
  out.top_k = VRAMAUTO_TAKE(size(model, "index_topk", kMostTopK));
  out.heads = VRAMAUTO_TAKE(size(model, "index_n_heads", kMostHeads));
  out.dim = VRAMAUTO_TAKE(size(model, "index_head_dim", kMostHeads));
  if (pools) out.pool = VRAMAUTO_TAKE(size(model, "index_kpool", kMostHeads, 16));
  if (model.has("/indexer_rope_interleave")) out.interleaved = VRAMAUTO_TAKE(model.boolean("/indexer_rope_interleave"));
  return {out, VRAMAUTO_OK};
}

// vLLM 0.33, models/deepseek_v2.py, DeepseekV2MLAAttention: "S" in a pattern, or all but every n-th layer, shares.
Answer<std::vector<bool>> read_owners(const Description& model, std::uint32_t layers) {
  std::vector<bool> out(layers, true);
  if (model.has("/index_topk_pattern")) {
    const bool text = model.type("/index_topk_pattern") == VRAMAUTO_JSON_STRING;
    const auto word = text ? VRAMAUTO_TAKE(model.text("/index_topk_pattern")) : std::string_view();
    const auto count = text ? word.size() : VRAMAUTO_TAKE(model.length("/index_topk_pattern"));
    for (std::uint32_t layer = 0; layer < layers && layer < count; ++layer)
      out[layer] =
          text ? word[layer] != 'S' : VRAMAUTO_TAKE(model.text(("/index_topk_pattern/" + std::to_string(layer)).c_str())) != "S";
    return {std::move(out), VRAMAUTO_OK};
  }
  const auto frequency = VRAMAUTO_TAKE(size(model, "index_topk_freq", kMostHeads, 1));
  const auto offset = VRAMAUTO_TAKE(integer_or(model, "/index_skip_topk_offset", 2));
  for (std::uint32_t layer = 0; layer < layers; ++layer)
    out[layer] = std::max<std::int64_t>(std::int64_t{layer} - offset + 1, 0) % frequency == 0;
  return {std::move(out), VRAMAUTO_OK};
}

namespace {

// vLLM 0.33, models/AXK1.py, _get_mlp_layer_types.
Answer<std::vector<bool>> read_list(const Description& model, std::uint32_t layers) {
  std::vector<bool> out(layers, false);
  const auto count = VRAMAUTO_TAKE(model.length("/mlp_layer_types"));
  if (count < layers)
    return {{},
            model.fail(VRAMAUTO_E_FORMAT, "/mlp_layer_types has " + std::to_string(count) + " entries, expected one for each of " +
                                              std::to_string(layers) + " layers")};
  for (std::uint32_t layer = 0; layer < layers; ++layer)
    out[layer] = VRAMAUTO_TAKE(model.text(("/mlp_layer_types/" + std::to_string(layer)).c_str())) == "sparse";
  return {std::move(out), VRAMAUTO_OK};
}

}  // namespace

// vLLM 0.33, models/deepseek_v2.py, DeepseekV2DecoderLayer; models/sarvam.py, SarvamMLABlock; models/openpangu.py,
// OpenPanguDecoderLayer.
Answer<std::vector<bool>> read_sparse(const Description& model, const Latent& family, std::uint32_t layers) {
  std::vector<bool> out(layers, false);
  if (!family.names || model.first(family.keys.count).empty()) return {std::move(out), VRAMAUTO_OK};
  if (family.sparse == Sparse::all) return {std::vector<bool>(layers, true), VRAMAUTO_OK};
  if (family.sparse == Sparse::listed && model.type("/mlp_layer_types") == VRAMAUTO_JSON_ARRAY) return read_list(model, layers);
  const auto first = VRAMAUTO_TAKE(integer_or(model, "/first_k_dense_replace", family.first_default));
  const auto step = family.sparse == Sparse::first_only ? 1u : VRAMAUTO_TAKE(size(model, "moe_layer_freq", kMostHeads, 1));
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const auto counted = family.sparse == Sparse::from_first ? std::int64_t{layer} - first : std::int64_t{layer};
    out[layer] = layer >= first && counted % step == 0;
  }
  return {std::move(out), VRAMAUTO_OK};
}

Answer<bool> read_correction(const Description& model, const Latent& family) {
  switch (family.correction) {
    case Correction::never:
    case Correction::always:
      return {family.correction == Correction::always, VRAMAUTO_OK};
    case Correction::key:
      return estimator::holds(model, family.correction_key);
    default:
      break;
  }
  if (!model.has("/topk_method")) return {family.correction == Correction::noaux_if_missing, VRAMAUTO_OK};
  const auto method = VRAMAUTO_TAKE(model.text("/topk_method"));
  return {method == "noaux_tc", VRAMAUTO_OK};
}

Answer<std::uint32_t> read_drafts(const Description& model) {
  constexpr std::int64_t kMostDrafts = 64;
  constexpr auto at = "/num_nextn_predict_layers";
  const auto count = VRAMAUTO_TAKE(integer_or(model, at, 0));
  if (count < 0 || count > kMostDrafts)
    return {0, model.fail(VRAMAUTO_E_LIMIT, std::string(at) + " is " + std::to_string(count) + ", expected 0 to 64")};
  return {static_cast<std::uint32_t>(count), VRAMAUTO_OK};
}

}  // namespace vramauto::mla
