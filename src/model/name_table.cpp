#include "model/name_table.hpp"

#include <bit>
#include <cstring>

namespace vramauto::model {

namespace {

// Multiply and fold, eight bytes a step. The seed differs from run to run, so that no file can choose names that collide.
std::uint64_t hash(std::string_view name, std::uint64_t seed) {
  const auto fold = [](std::uint64_t a, std::uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  auto state = seed ^ name.size();
  while (name.size() >= 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, name.data(), 8);
    state = fold(state ^ eight, 0x9E3779B97F4A7C15ull);
    name.remove_prefix(8);
  }
  std::uint64_t last = 0;
  std::memcpy(&last, name.data(), name.size());
  return fold(state ^ last, seed | 1);
}

}  // namespace

NameTable::NameTable(std::span<const Tensor> tensors)
    : tensors_(tensors),
      slots_(std::bit_ceil(tensors.size() * 2 + 1)),
      seed_(reinterpret_cast<std::uintptr_t>(slots_.data()) * 0xD6E8FEB86659FD93ull) {}

NameTable::Place NameTable::place_of(std::string_view name) const {
  const auto mask = slots_.size() - 1;
  const auto hashed = hash(name, seed_);
  const auto tag = static_cast<std::uint32_t>(hashed >> 32);
  auto slot = static_cast<std::size_t>(hashed) & mask;
  const auto taken_by_other = [&](const Slot& at) {
    return at.position != 0 && (at.tag != tag || tensors_[at.position - 1].name != name);
  };
  while (taken_by_other(slots_[slot])) slot = (slot + 1) & mask;
  return {slot, tag};
}

std::uint32_t NameTable::add(std::uint32_t index) {
  const auto place = place_of(tensors_[index].name);
  auto& slot = slots_[place.slot];
  if (slot.position != 0) return slot.position - 1;
  slot = {place.tag, index + 1};
  return kNone;
}

std::uint32_t NameTable::find(std::string_view name) const {
  const auto& slot = slots_[place_of(name).slot];
  return slot.position == 0 ? kNone : slot.position - 1;
}

}  // namespace vramauto::model
