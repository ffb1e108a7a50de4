// Which GPUs a CUDA process will see, and in which order, told without CUDA.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "detect/cards.hpp"

namespace vramauto::detect {

// CUDA's order. `by_pci` (CUDA_DEVICE_ORDER=PCI_BUS_ID): by PCI address. Otherwise CUDA puts the fastest first by a measure that it
// does not tell: equal cards stand by PCI address; unequal ones by compute capability and number of multiprocessors, which is a
// guess, and each is marked order_uncertain.
void sort_as_cuda(std::vector<Card>& cards, bool by_pci);

// What CUDA_VISIBLE_DEVICES leaves of the cards, in the order it names them. Not set: everything, each slice a device. Set:
// - the first entry decides whether all are indices or UUIDs; the first invalid entry ends the list, what stands before it stays
// - indices are read as strtol reads them: leading blanks, a sign, trailing text ignored
// - UUIDs are "GPU-…" (or the start of exactly one), "MIG-…", or the older "MIG-GPU-…/gpu instance/compute instance"
// - naming a device twice leaves none
// - a card in MIG mode stands for its first slice; as soon as one slice is visible, the first slice is all a process sees
// (CUDA C++ programming guide, CUDA environment variables; NVIDIA MIG user guide, device enumeration)
std::vector<Part> visible(const std::vector<Card>& cards, std::optional<std::string_view> environment);

}  // namespace vramauto::detect
