// Source: transformers 5.24, models/deepseek_v4/configuration_deepseek_v4.py; vLLM 0.33, models/deepseek_v4.
#include "ratios.hpp"

#include <algorithm>
#include <string>

namespace vramauto::mla {

using estimator::Answer;
using estimator::Description;

namespace {

constexpr std::uint32_t kDefaultFine = 4, kDefaultCoarse = 128;
constexpr std::int64_t kDefaultHashed = 3, kMostRatio = 1 << 20;

struct Rates {
  std::uint32_t fine = kDefaultFine, coarse = kDefaultCoarse;
};

Answer<std::uint32_t> rate(const Description& model, std::string_view key, std::uint32_t otherwise) {
  const auto value = VRAMAUTO_TAKE(model.positive(key, kMostRatio, otherwise));
  return {static_cast<std::uint32_t>(value), VRAMAUTO_OK};
}

Answer<Rates> read_rates(const Description& model) {
  Rates out;
  out.fine = VRAMAUTO_TAKE(rate(model, "compress_rate_csa|compress_rates/compressed_sparse_attention", out.fine));
  out.coarse = VRAMAUTO_TAKE(rate(model, "compress_rate_hca|compress_rates/heavily_compressed_attention", out.coarse));
  return {out, VRAMAUTO_OK};
}

vramauto_status check_count(const Description& model, const char* list, std::uint32_t layers) {
  const auto count = VRAMAUTO_READ(model.length(list));
  if (count >= layers) return VRAMAUTO_OK;
  return model.fail(VRAMAUTO_E_FORMAT, std::string(list) + " has " + std::to_string(count) + " entries, expected one for each of " +
                                           std::to_string(layers) + " layers");
}

Answer<std::vector<std::uint32_t>> stated(const Description& model, std::uint32_t layers) {
  if (const auto status = check_count(model, "/compress_ratios", layers); status != VRAMAUTO_OK) return {{}, status};
  std::vector<std::uint32_t> out(layers);
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const auto at = "/compress_ratios/" + std::to_string(layer);
    const auto ratio = VRAMAUTO_TAKE(model.integer(at.c_str()));
    if (ratio < 0 || ratio > kMostRatio)
      return {{}, model.fail(VRAMAUTO_E_FORMAT, at + " is " + std::to_string(ratio) + ", expected 0 to 1048576")};
    out[layer] = static_cast<std::uint32_t>(std::max<std::int64_t>(1, ratio));
  }
  return {std::move(out), VRAMAUTO_OK};
}

Answer<std::vector<std::uint32_t>> typed(const Description& model, std::uint32_t layers, const Rates& rates) {
  if (const auto status = check_count(model, "/layer_types", layers); status != VRAMAUTO_OK) return {{}, status};
  std::vector<std::uint32_t> out(layers, 1);
  for (std::uint32_t layer = 0; layer < layers; ++layer) {
    const auto kind = VRAMAUTO_TAKE(model.text(("/layer_types/" + std::to_string(layer)).c_str()));
    if (kind == "compressed_sparse_attention") out[layer] = rates.fine;
    if (kind == "heavily_compressed_attention") out[layer] = rates.coarse;
  }
  return {std::move(out), VRAMAUTO_OK};
}

}  // namespace

Answer<std::vector<std::uint32_t>> read_ratios(const Description& model, std::uint32_t layers) {
  const auto rates = VRAMAUTO_TAKE(read_rates(model));
  if (model.type("/layer_types") == VRAMAUTO_JSON_ARRAY) return typed(model, layers, rates);
  if (model.type("/compress_ratios") == VRAMAUTO_JSON_ARRAY) return stated(model, layers);
  std::vector<std::uint32_t> out(layers, rates.coarse);
  for (std::uint32_t layer = 3; layer < layers; layer += 2) out[layer] = rates.fine;
  return {std::move(out), VRAMAUTO_OK};
}

Answer<std::vector<bool>> read_hashed(const Description& model, std::uint32_t layers) {
  std::vector<bool> out(layers, false);
  std::int64_t count = kDefaultHashed;
  if (model.type("/mlp_layer_types") == VRAMAUTO_JSON_ARRAY) {
    if (const auto status = check_count(model, "/mlp_layer_types", layers); status != VRAMAUTO_OK) return {{}, status};
    count = 0;  // the first as many as there are: vLLM 0.33, models/deepseek_v4/nvidia/model.py, num_hash_layers
    for (std::uint32_t layer = 0; layer < layers; ++layer)
      count += VRAMAUTO_TAKE(model.text(("/mlp_layer_types/" + std::to_string(layer)).c_str())) == "hash_moe";
  } else if (model.has("/num_hash_layers")) {
    count = VRAMAUTO_TAKE(model.integer("/num_hash_layers"));
  }
  for (std::uint32_t layer = 0; layer < layers && layer < count; ++layer) out[layer] = true;
  return {std::move(out), VRAMAUTO_OK};
}

}  // namespace vramauto::mla
