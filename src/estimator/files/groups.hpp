// Tensors whose names differ in the numbers of their layer and of their copy only, together.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/description.hpp"

namespace vramauto::estimator::files {

// "model.layers." 3 ".mlp.experts." 17 ".up_proj.weight": the first number is the layer, the second the copy; kNone: no such
// number.
struct Place {
  static constexpr std::uint32_t kNone = UINT32_MAX;
  std::string_view before, between, after;
  std::uint32_t layer = kNone, copy = kNone;
};
Place place_of(std::string_view name);

struct Group {
  Place place;  // of the first of them
  vramauto_dtype dtype = 0;
  std::uint32_t rank = 0;
  std::array<std::uint64_t, VRAMAUTO_MAX_RANK> shape{};
  std::uint64_t elements = 0;         // of one
  std::vector<std::uint64_t> counts;  // layer << 32 | tensors in it, by layer once all are read

  bool numbered() const { return place.layer != Place::kNone; }
  std::uint64_t tensors() const;
  std::string pattern() const;    // "model.layers.*.mlp.experts.*.up_proj": without ".weight"
  std::string_view name() const;  // what distinguishes it within a layer: all after the first number, else the whole name
  bool named(std::string_view words) const;  // holds one of "k_proj|wk"
};

// Groups in the order in which their first tensors come. E_LIMIT beyond what an answer may have.
vramauto_status read_groups(const Description& model, std::vector<Group>& out);

}  // namespace vramauto::estimator::files
