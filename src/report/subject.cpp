#include <algorithm>

#include "report/report.hpp"

namespace vramauto::report {
namespace {

std::uint64_t elements(const estimator::Weights& weights) {
  if (weights.flags & (VRAMAUTO_DRAFT | VRAMAUTO_TIED | VRAMAUTO_NOT_STORED)) return 0;
  std::uint64_t layers = 0;
  estimator::for_each_layer(weights.layers, [&](std::uint32_t) { ++layers; });
  const auto one = saturating_mul(weights.rows, std::max<std::uint64_t>(1, weights.cols));
  const auto bias = weights.flags & VRAMAUTO_BIAS ? weights.rows : 0;
  const auto copies = saturating_mul(layers, std::max(1u, weights.copies));
  return saturating_mul(saturating_add(one, bias), copies);
}

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_./:=@%+,").find(c) != std::string_view::npos;
}

std::string quoted(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return std::string(word);
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') out.append("'\\'");
    out.push_back(c);
  }
  out.push_back('\'');
  return out;
}

}  // namespace

std::uint64_t parameters(const Subject& subject) {
  if (subject.model.tensors.known()) return subject.model.tensors.elements();
  if (!subject.blueprint) return VRAMAUTO_UNKNOWN;
  std::uint64_t sum = 0;
  for (const auto& weights : subject.blueprint->weights) sum = saturating_add(sum, elements(weights));
  return sum;
}

std::string shell_line(std::span<const std::string> words) {
  std::string out;
  for (const auto& word : words) {
    if (!out.empty()) out.push_back(' ');
    out.append(quoted(word));
  }
  return out;
}

}  // namespace vramauto::report
