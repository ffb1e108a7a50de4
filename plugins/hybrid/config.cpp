#include "config.hpp"

#include <algorithm>

namespace vramauto::estimator::hybrid {
namespace {

constexpr std::uint64_t kMostPositions = 1ull << 34;

Answer<std::string> list_at(const Description& model, std::string_view keys) {
  const auto at = model.first(keys);
  if (at.empty() || model.type(at.c_str()) == VRAMAUTO_JSON_ARRAY) return {at, VRAMAUTO_OK};
  return {{}, model.fail(VRAMAUTO_E_FORMAT, at + " is no list, expected one entry for each layer")};
}

Answer<std::uint64_t> length_of(const Description& model, const std::string& at) {
  const auto count = VRAMAUTO_TAKE(model.length(at.c_str()));
  if (count <= kMostLayers) return {count, VRAMAUTO_OK};
  return {0, model.fail(VRAMAUTO_E_LIMIT,
                        at + " has " + std::to_string(count) + " entries, expected at most " + std::to_string(kMostLayers))};
}

}  // namespace

Answer<std::uint32_t> size(const Description& model, std::string_view keys, std::uint64_t most, std::uint64_t otherwise,
                           std::string_view below) {
  const auto value = VRAMAUTO_TAKE(model.positive(keys, most, otherwise, below));
  return {static_cast<std::uint32_t>(value), VRAMAUTO_OK};
}

Answer<std::uint32_t> size_or_none(const Description& model, std::string_view keys, std::uint64_t most, std::uint64_t otherwise,
                                   std::string_view below) {
  const auto at = model.first(keys, below);
  if (at.empty()) return {static_cast<std::uint32_t>(otherwise), VRAMAUTO_OK};
  if (VRAMAUTO_TAKE(model.integer(at.c_str())) == 0) return {0, VRAMAUTO_OK};
  return size(model, keys, most, 0, below);
}

Answer<std::uint32_t> product(const Description& model, std::string_view what, std::uint64_t a, std::uint64_t b,
                              std::uint64_t most) {
  if (a == 0 || b <= most / a) return {static_cast<std::uint32_t>(a * b), VRAMAUTO_OK};
  return {0, model.fail(VRAMAUTO_E_LIMIT, std::string(what) + " is " + std::to_string(a) + " x " + std::to_string(b) +
                                              ", expected at most " + std::to_string(most))};
}

Answer<std::uint32_t> read_rank(const Description& model, const char* key, std::uint32_t hidden) {
  const auto at = std::string("/") + key;
  if (model.type(at.c_str()) == VRAMAUTO_JSON_INT) return size(model, key, kMostWidth);
  return {(hidden + 15) / 16, VRAMAUTO_OK};
}

Answer<std::vector<std::string>> words(const Description& model, std::string_view keys) {
  const auto at = VRAMAUTO_TAKE(list_at(model, keys));
  std::vector<std::string> out;
  if (at.empty()) return {out, VRAMAUTO_OK};
  const auto count = VRAMAUTO_TAKE(length_of(model, at));
  out.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) out.emplace_back(VRAMAUTO_TAKE(model.text((at + "/" + std::to_string(i)).c_str())));
  return {std::move(out), VRAMAUTO_OK};
}

Answer<std::vector<std::uint32_t>> numbers(const Description& model, std::string_view keys, std::uint64_t most) {
  const auto at = VRAMAUTO_TAKE(list_at(model, keys));
  std::vector<std::uint32_t> out;
  if (at.empty()) return {out, VRAMAUTO_OK};
  const auto count = VRAMAUTO_TAKE(length_of(model, at));
  out.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto one = at + "/" + std::to_string(i);
    const auto value = VRAMAUTO_TAKE(model.integer(one.c_str()));
    if (value < 0 || static_cast<std::uint64_t>(value) > most)
      return {{},
              model.fail(VRAMAUTO_E_FORMAT,
                         one + " is " + std::to_string(value) + ", expected a number of at most " + std::to_string(most))};
    out.push_back(static_cast<std::uint32_t>(value));
  }
  return {std::move(out), VRAMAUTO_OK};
}

Answer<Sizes> read_hybrid_sizes(const Description& model, const Family& family, std::uint32_t layers, bool attention) {
  Sizes out;
  out.hidden = VRAMAUTO_TAKE(size(model, "hidden_size|d_model|dim", kMostWidth));
  out.layers = layers ? layers : VRAMAUTO_TAKE(size(model, "num_hidden_layers|n_layer|n_layers|num_layers", kMostLayers));
  out.vocab = VRAMAUTO_TAKE(size(model, "vocab_size", 1u << 26));
  out.positions = VRAMAUTO_TAKE(model.positive(family.positions, kMostPositions, 8192));
  out.tied = family.tie == Tie::key ? VRAMAUTO_TAKE(holds(model, "tie_word_embeddings")) : family.tie == Tie::always;
  if (!attention) return {std::move(out), VRAMAUTO_OK};
  out.heads = VRAMAUTO_TAKE(size(model, "num_attention_heads|n_head|n_heads|num_heads", kMostHeads));
  out.head_dim = std::max(1u, out.hidden / out.heads);
  if (family.head_dim_key) out.head_dim = VRAMAUTO_TAKE(size(model, "head_dim|attention_head_dim", 1u << 16, out.head_dim));
  out.shape.heads = out.heads;
  out.shape.kv_heads = VRAMAUTO_TAKE(size(model, "num_key_value_heads|num_kv_heads", kMostHeads, out.heads));
  return {std::move(out), VRAMAUTO_OK};
}

}  // namespace vramauto::estimator::hybrid
