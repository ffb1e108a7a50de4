// Arithmetic on bytes that says when it leaves 64 bits.
#pragma once

#include <cstdint>
#include <optional>

namespace vramauto {

using Bytes = std::uint64_t;

inline constexpr Bytes kMiB = Bytes{1} << 20;
inline constexpr Bytes kGiB = Bytes{1} << 30;

constexpr std::optional<Bytes> checked_add(Bytes a, Bytes b) {
  Bytes out = 0;
  if (__builtin_add_overflow(a, b, &out)) return std::nullopt;
  return out;
}

constexpr std::optional<Bytes> checked_mul(Bytes a, Bytes b) {
  Bytes out = 0;
  if (__builtin_mul_overflow(a, b, &out)) return std::nullopt;
  return out;
}

// Product of all factors, or nothing when it leaves 64 bits.
template <class... Rest>
constexpr std::optional<Bytes> checked_product(Bytes first, Rest... rest) {
  std::optional<Bytes> out = first;
  ((out = out ? checked_mul(*out, static_cast<Bytes>(rest)) : out), ...);
  return out;
}

// Saturating forms for sums of amounts that were each checked when they entered: a total that leaves 64 bits stays "too much".
constexpr Bytes saturating_add(Bytes a, Bytes b) {
  Bytes out = 0;
  return __builtin_add_overflow(a, b, &out) ? UINT64_MAX : out;
}
constexpr Bytes saturating_mul(Bytes a, Bytes b) {
  Bytes out = 0;
  return __builtin_mul_overflow(a, b, &out) ? UINT64_MAX : out;
}

constexpr Bytes ceil_div(Bytes a, Bytes b) { return b == 0 ? 0 : a / b + (a % b != 0); }
constexpr Bytes round_up(Bytes a, Bytes unit) { return ceil_div(a, unit) * unit; }

}  // namespace vramauto
