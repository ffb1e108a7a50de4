#include <doctest/doctest.h>

#include "fake.hpp"
#include "plan/certainty.hpp"

using namespace vramauto;

namespace {

void add(engine::Rank& rank, std::string_view name, engine::Amount amount, bool outside = false) {
  rank.components.push_back({name, VRAMAUTO_KIND_OTHER, amount, outside, "test"});
}

}  // namespace

TEST_CASE("certainty: exact where no component has bounds") {
  auto estimate = fake(10 * kGiB, 1000);
  add(estimate->ranks[0], "weights", engine::Amount::exact(10 * kGiB));
  const auto plan = solved(std::move(estimate));
  CHECK(plan.certainty == VRAMAUTO_CERTAINTY_EXACT);
  CHECK(plan.uncertainty_bytes == 0);
  CHECK(plan.least_certain.empty());
}

TEST_CASE("certainty: distances add as independent ones, each side for itself") {
  auto estimate = fake(10 * kGiB, 1000);
  auto& rank = estimate->ranks[0];
  add(rank, "three", {5 * kGiB, 5 * kGiB, 8 * kGiB});
  add(rank, "four", {5 * kGiB, 4 * kGiB, 9 * kGiB});
  const auto spread = plan::cache_spread(*estimate, rank);
  CHECK(spread.less == 5 * kGiB);  // 3 and 4 above
  CHECK(spread.more == kGiB);      // 0 and 1 below
  CHECK(spread.least_certain == "four");
  const auto plan = solved(std::move(estimate));
  CHECK(plan.certainty == VRAMAUTO_CERTAINTY_WITHIN);
  CHECK(plan.uncertainty_bytes == 5 * kGiB);
  CHECK(plan.least_certain == "four");
}

TEST_CASE("certainty: what is outside the budget does not touch the cache") {
  auto estimate = fake(10 * kGiB, 1000);
  add(estimate->ranks[0], "graphs", {kGiB, 0, 9 * kGiB}, true);
  CHECK(solved(std::move(estimate)).certainty == VRAMAUTO_CERTAINTY_EXACT);
}

TEST_CASE("certainty: the fullest rank decides") {
  auto estimate = fake(10 * kGiB, 1000, 2);
  add(estimate->ranks[0], "of the empty one", {5 * kGiB, 0, 9 * kGiB});
  add(estimate->ranks[1], "of the full one", {5 * kGiB, 5 * kGiB, 6 * kGiB});
  estimate->ranks[1].weights = engine::Amount::exact(20 * kGiB);
  const auto plan = solved(std::move(estimate));
  CHECK(plan.uncertainty_bytes == kGiB);
  CHECK(plan.least_certain == "of the full one");
}

TEST_CASE("certainty: without sizes, the rank that needs most") {
  auto estimate = fake(10 * kGiB, 1000, 2);
  for (auto& rank : estimate->ranks) rank.total_bytes = rank.free_at_start = VRAMAUTO_UNKNOWN;
  add(estimate->ranks[1], "of the full one", {5 * kGiB, 5 * kGiB, 6 * kGiB});
  estimate->ranks[1].weights = engine::Amount::exact(20 * kGiB);
  CHECK(solved(std::move(estimate)).least_certain == "of the full one");
}

TEST_CASE("certainty: a cache that is given is what it is") {
  auto estimate = fake(10 * kGiB, 1000);
  add(estimate->ranks[0], "four", {5 * kGiB, 4 * kGiB, 9 * kGiB});
  estimate->workload.kv_cache_memory_bytes = 20 * kGiB;
  CHECK(solved(std::move(estimate)).certainty == VRAMAUTO_CERTAINTY_EXACT);
}

TEST_CASE("certainty: a model that is guessed at, a release that is not known and the rule of thumb are guesses") {
  for (const bool model : {true, false}) {
    auto estimate = fake(10 * kGiB, 1000);
    add(estimate->ranks[0], "four", {5 * kGiB, 4 * kGiB, 9 * kGiB});
    (model ? estimate->guess : estimate->version_known) = model;
    CHECK(solved(std::move(estimate)).certainty == VRAMAUTO_CERTAINTY_GUESS);
  }
  CHECK(plan::Plan{}.certainty == VRAMAUTO_CERTAINTY_GUESS);
  CHECK(plan::certainty_name(VRAMAUTO_CERTAINTY_GUESS) == "guess");
  CHECK(plan::certainty_name(VRAMAUTO_CERTAINTY_WITHIN) == "within");
  CHECK(plan::certainty_name(VRAMAUTO_CERTAINTY_EXACT) == "exact");
}
