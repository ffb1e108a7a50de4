// Positions of tensors by name: one open table, no allocation per name.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/model.hpp"

namespace vramauto::model {

class NameTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // Of tensors[0 .. size): the table is sized for all of them, add() enters them one by one.
  explicit NameTable(std::span<const Tensor> tensors);

  // Enters tensor `index`. The position of one that has its name already, or kNone.
  std::uint32_t add(std::uint32_t index);
  std::uint32_t find(std::string_view name) const;

 private:
  struct Slot {
    std::uint32_t tag = 0, position = 0;
  };  // part of the name's hash; position + 1, 0 is free
  struct Place {
    std::size_t slot;
    std::uint32_t tag;
  };
  Place place_of(std::string_view name) const;

  std::span<const Tensor> tensors_;
  std::vector<Slot> slots_;
  std::uint64_t seed_;
};

}  // namespace vramauto::model
