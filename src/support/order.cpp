#include "support/order.hpp"

#include <algorithm>
#include <numeric>

namespace vramauto {

std::vector<std::uint32_t> stable_order(std::uint32_t count, const void* list,
                                        bool (*before)(const void* list, std::uint32_t a, std::uint32_t b)) {
  std::vector<std::uint32_t> out(count);
  std::iota(out.begin(), out.end(), 0u);
  std::sort(out.begin(), out.end(),
            [&](std::uint32_t a, std::uint32_t b) { return before(list, a, b) || (a < b && !before(list, b, a)); });
  return out;
}

}  // namespace vramauto
