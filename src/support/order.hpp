// Stable sorting whose code is there once: std::stable_sort and std::sort are 1 to 3 KB for every type and comparison.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace vramauto {

// Positions 0 … count - 1 in their order; of equal ones the smaller first.
std::vector<std::uint32_t> stable_order(std::uint32_t count, const void* list,
                                        bool (*before)(const void* list, std::uint32_t a, std::uint32_t b));

// For lists that are short or sorted once; not for a model's tensors.
template <class T, class Before>
void sort_stably(std::vector<T>& list, const Before& before) {
  struct Asked {
    const std::vector<T>& list;
    const Before& before;
  };
  const Asked asked{list, before};
  const auto order =
      stable_order(static_cast<std::uint32_t>(list.size()), &asked, [](const void* at, std::uint32_t a, std::uint32_t b) {
        const auto& in = *static_cast<const Asked*>(at);
        return static_cast<bool>(in.before(in.list[a], in.list[b]));
      });
  std::vector<T> sorted;
  sorted.reserve(list.size());
  for (const auto i : order) sorted.push_back(std::move(list[i]));
  list = std::move(sorted);
}

}  // namespace vramauto
