#include "engine/vllm/workspaces.hpp"

#include <algorithm>

#include "engine/vllm/profiles.hpp"
#include "engine/vllm/quantization/placed.hpp"

namespace vramauto::engine::vllm {
namespace {

using quantization::Scheme;

constexpr Version kWorkspaceStays{0, 13, 0}, kSmallerChunks{0, 12, 0}, kNoChunks{0, 18, 0}, kHalfDeepGemm{0, 31, 0};
constexpr Version kLatentProfiled{0, 11, 0};
constexpr std::uint64_t kMostLatentTokens = 65536;

// Elements of the two buffers for M tokens, k experts each, of width I over features K.
// vLLM 0.33, model_executor/layers/fused_moe/experts: workspace_shapes of each.
struct Pair {
  double first, second;
};
struct Sizes {
  double tokens, per_token, width, features, experts;
  double rows() const { return tokens * per_token; }
};

Pair triton(const Sizes& s) { return {s.rows() * std::max(s.width, s.features), s.rows() * std::max(2 * s.width, s.features)}; }
Pair cutlass(const Sizes& s) { return {s.rows() * std::max(2 * s.width, s.features), s.rows() * std::max(s.width, s.features)}; }
// Rows of each expert are padded to 128; from 0.31 on the first buffer holds fp8.
Pair deep_gemm(const Sizes& s, bool half) {
  const double rows = s.rows() + 127 * s.experts;
  return {rows * std::max(s.width, s.features) / (half ? 2 : 1), rows * std::max(2 * s.width, s.features)};
}
Pair nothing(const Sizes&) { return {0, 0}; }

double chunk(const Context& context) {
  const auto tokens = context.effective.max_num_batched_tokens;
  if (context.profile->from >= kNoChunks) return static_cast<double>(tokens);
  return static_cast<double>(std::min<std::uint64_t>(tokens, context.profile->from >= kSmallerChunks ? 16384 : 32768));
}

// The output shares the first buffer.
Bytes bytes_of(const Context& context, const Sizes& s, const Pair& pair) {
  const double elements = std::max(pair.first, s.tokens * s.features) + pair.second;
  return static_cast<Bytes>(std::min(9e18, elements * context.element_bytes()));
}

quantization::Format experts_format(const Context& context) {
  if (!context.formats) return {};
  for (const auto& piece : context.formats->pieces)
    if (context.blueprint->weights[piece.first].role == VRAMAUTO_ROLE_EXPERT) return context.formats->format(piece.format);
  return {};
}

// Which kernel runs is chosen at start: the likeliest is best, the others the bounds.
Amount by_kernel(const Context& context, const Sizes& s) {
  const auto format = experts_format(context);
  const bool half = context.profile->from >= kHalfDeepGemm, blackwell = context.capability() >= 100 && context.capability() < 120;
  const auto of = [&](const Pair& pair) { return bytes_of(context, s, pair); };
  const auto none = of(nothing(s)), usual = of(triton(s)), deep = of(deep_gemm(s, half)), fp8 = of(cutlass(s));
  switch (format.scheme) {
    case Scheme::none:
      return {usual, blackwell ? none : usual, usual};
    case Scheme::fp8:
      if (format.scales == quantization::Scales::block && context.capability() >= 90)
        return {deep, std::min({deep, usual, blackwell ? none : usual}), std::max(deep, usual)};
      return {usual, std::min(usual, fp8), std::max(usual, fp8)};
    case Scheme::mxfp4: {
      const auto rows = static_cast<Bytes>(s.rows() * s.width * context.element_bytes());
      return {rows, 0, std::max(rows, usual)};
    }
    case Scheme::nvfp4:
      return {blackwell ? none : usual, none,
              std::max(usual, of({s.rows() * std::max(4 * s.width, s.features), s.rows() * 2 * s.width}))};
    default:
      return {usual, usual, usual};
  }
}

}  // namespace

// Measured: Triton at 0.19, four starts of three models, residual at most 0.006 GiB.
ExpertWorkspace expert_workspace(const Context& context) {
  ExpertWorkspace out;
  out.stays = context.profile->from >= kWorkspaceStays;
  const auto& parallel = context.parallel;
  for (const auto& forward : context.blueprint->forwards) {
    if (forward.experts == 0 || forward.flags & VRAMAUTO_DRAFT) continue;
    Sizes s{};
    s.tokens = chunk(context) * parallel.dp;
    s.per_token = forward.experts_per_token;
    s.width = static_cast<double>(forward.expert_intermediate) /
              (parallel.expert_parallel ? 1 : static_cast<double>(parallel.expert_ranks()));
    s.features = context.blueprint->traits.hidden;
    s.experts = parallel.expert_parallel ? static_cast<double>(parallel.experts_on_rank(forward.experts)) : forward.experts;
    const auto amount = by_kernel(context, s);
    out.amount.best = std::max(out.amount.best, amount.best);
    out.amount.low = std::max(out.amount.low, amount.low);
    out.amount.high = std::max(out.amount.high, amount.high);
  }
  return out;
}

// vLLM 0.33, model_executor/layers/attention/mla_attention.py, determine_chunked_prefill_workspace_size.
Bytes latent_workspace(const Context& context) {
  if (context.profile->from < kLatentProfiled) return 0;
  std::uint64_t width = 0;
  for (const auto& forward : context.blueprint->forwards) width = std::max<std::uint64_t>(width, forward.latent_up);
  if (width == 0) return 0;
  const auto& effective = context.effective;
  const auto wanted =
      std::max(saturating_mul(8, effective.max_model_len), saturating_mul(4 * effective.max_num_seqs, effective.block_size));
  return saturating_mul(std::min(wanted, kMostLatentTokens), width / context.parallel.tp * context.element_bytes());
}

}  // namespace vramauto::engine::vllm
