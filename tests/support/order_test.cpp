#include "support/order.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace vramauto;

TEST_CASE("equal ones stay in their order, whatever their type") {
  std::vector<std::pair<int, std::string>> list;
  for (int i = 0; i < 100; ++i) list.emplace_back(i * 7 % 5, std::to_string(i));
  sort_stably(list, [](const auto& a, const auto& b) { return a.first < b.first; });
  REQUIRE(list.size() == 100);
  for (std::size_t i = 1; i < list.size(); ++i) {
    const auto &before = list[i - 1], &after = list[i];
    CHECK((before.first < after.first || (before.first == after.first && std::stoi(before.second) < std::stoi(after.second))));
  }
}

TEST_CASE("what can only be moved is sorted too, and nothing is") {
  std::vector<std::unique_ptr<int>> list;
  for (const int value : {3, 1, 2}) list.push_back(std::make_unique<int>(value));
  sort_stably(list, [](const auto& a, const auto& b) { return *a < *b; });
  CHECK(*list[0] == 1);
  CHECK(*list[2] == 3);
  list.clear();
  sort_stably(list, [](const auto& a, const auto& b) { return *a < *b; });
  CHECK(list.empty());
}
