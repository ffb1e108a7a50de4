// An engine made by hand: one rank a GPU, a cache of 1 MiB a token, budgets rounded up as vLLM does.
#pragma once

#include <cmath>

#include "plan/solve.hpp"

namespace vramauto {

struct FakeEstimate : engine::Estimate {
  static constexpr Bytes kToken = kMiB;

  Bytes budget(const engine::Rank& rank, double utilization) const override {
    return static_cast<Bytes>(std::ceil(static_cast<double>(rank.total_bytes) * utilization));
  }
  Bytes cache_bytes(const engine::Rank&, std::uint64_t length, std::uint64_t sequences, bool) const override {
    return saturating_mul(saturating_mul(length, sequences), kToken);
  }
  Bytes block_bytes(const engine::Rank&) const override { return kToken; }
  engine::CacheReport report(std::span<const Bytes> cache, std::uint64_t length) const override {
    const auto tokens = *std::min_element(cache.begin(), cache.end()) / kToken;
    return {tokens, tokens, static_cast<double>(tokens) / static_cast<double>(length), tokens >= length,
            std::min(tokens, model_max_len)};
  }
};

// A GPU of 100 GiB with 99 free at the start; weights as given, 1 GiB of activations, 1 GiB outside the budget.
inline std::unique_ptr<FakeEstimate> fake(Bytes weights, std::uint64_t length, std::uint32_t ranks = 1) {
  auto out = std::make_unique<FakeEstimate>();
  out->effective.max_model_len = out->model_max_len = length;
  for (std::uint32_t i = 0; i < ranks; ++i) {
    engine::Rank rank;
    rank.rank = rank.device = i;
    rank.total_bytes = 100 * kGiB;
    rank.free_at_start = 99 * kGiB;
    rank.weights = engine::Amount::exact(weights);
    rank.activation = rank.outside = engine::Amount::exact(kGiB);
    out->ranks.push_back(rank);
  }
  return out;
}

inline std::vector<detect::Device> gpus(std::size_t count) {
  detect::Device device;
  device.name = "Test GPU";
  device.total_bytes = 100 * kGiB;
  return std::vector<detect::Device>(count, device);
}

inline plan::Plan solved(std::unique_ptr<FakeEstimate> estimate) {
  static const auto devices = gpus(64);  // a plan does not keep them
  const auto ranks = estimate->ranks.size();
  return plan::solve(std::move(estimate), std::span(devices).first(ranks));
}

}  // namespace vramauto
