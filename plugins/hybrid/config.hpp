// Reading the configuration of models whose layers are of several kinds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/decoder/writer.hpp"

namespace vramauto::estimator::hybrid {

inline constexpr std::uint64_t kMostWidth = 1u << 22, kMostLayers = 4096, kMostHeads = 1u << 16, kMostExperts = 1u << 16;

// A positive number under the first of `keys` that is there, else `otherwise`; 0 otherwise: it must be there.
Answer<std::uint32_t> size(const Description& model, std::string_view keys, std::uint64_t most, std::uint64_t otherwise = 0,
                           std::string_view below = {});
// The same, where 0 and null mean that there is none.
Answer<std::uint32_t> size_or_none(const Description& model, std::string_view keys, std::uint64_t most, std::uint64_t otherwise = 0,
                                   std::string_view below = {});
// a x b, refused where it is more than `most`; `what` names it.
Answer<std::uint32_t> product(const Description& model, std::string_view what, std::uint64_t a, std::uint64_t b,
                              std::uint64_t most = kMostWidth);

// The rank of Mamba-1's time step: "auto" is a 16th of the width, rounded up.
Answer<std::uint32_t> read_rank(const Description& model, const char* key, std::uint32_t hidden);

// The words of a list, at most one a layer; empty where the file has no such list.
Answer<std::vector<std::string>> words(const Description& model, std::string_view keys);
// The numbers of a list.
Answer<std::vector<std::uint32_t>> numbers(const Description& model, std::string_view keys, std::uint64_t most);

// Hidden size, layers, vocabulary, positions and, where there is attention, its heads. `layers`: 0 reads their number.
Answer<Sizes> read_hybrid_sizes(const Description& model, const Family& family, std::uint32_t layers = 0, bool attention = true);

}  // namespace vramauto::estimator::hybrid
