#include <doctest/doctest.h>

#include "fake.hpp"
#include "plan/policy.hpp"

using namespace vramauto;
using plan::Fits;

TEST_CASE("u_min is what one sequence needs, rounded up to four decimals") {
  // 10 GiB + 1 GiB + 1,001 MiB of 100 GiB are 0.119775...
  const auto plan = solved(fake(10 * kGiB, 1001));
  CHECK(plan.utilization_min == 0.1198);
}

TEST_CASE("u_max leaves what comes on top of the budget, rounded down to four decimals") {
  auto estimate = fake(10 * kGiB, 1000);
  estimate->ranks[0].outside = engine::Amount::exact(kGiB + 3 * kMiB);
  const auto plan = solved(std::move(estimate));
  CHECK(plan.utilization_max == 0.9799);
}

TEST_CASE("the reserve lowers u_max") {
  auto estimate = fake(10 * kGiB, 1000);
  estimate->workload.reserve = 8 * kGiB;
  estimate->workload.reserve_set = true;
  CHECK(solved(std::move(estimate)).utilization_max == 0.90);
}

TEST_CASE("a tenth of memory shared with the host is kept unless a reserve is set") {
  auto devices = gpus(1);
  devices[0].unified_memory = true;
  CHECK(plan::solve(fake(10 * kGiB, 1000), devices).utilization_max == 0.88);
  auto unreserved = fake(10 * kGiB, 1000);
  unreserved->workload.reserve_set = true;
  CHECK(plan::solve(std::move(unreserved), devices).utilization_max == 0.98);
}

TEST_CASE("balanced: below 0.70 the need and 0.20 more, between 0.50 and 0.75") {
  CHECK(solved(fake(5 * kGiB, 1024)).utilization == 0.50);
  CHECK(solved(fake(39 * kGiB, 10240)).utilization == 0.70);
  CHECK(solved(fake(57 * kGiB, 10240)).utilization == 0.75);
  CHECK(solved(fake(5 * kGiB, 1024)).strategy == VRAMAUTO_STRATEGY_CONSERVATIVE);
}

TEST_CASE("balanced: from 0.70 to 1.00 it is 0.88") {
  const auto plan = solved(fake(69 * kGiB, 10240));
  CHECK(plan.utilization == 0.88);
  CHECK(plan.strategy == VRAMAUTO_STRATEGY_STANDARD);
}

TEST_CASE("balanced: sequences that need more than the GPU make it 0.95") {
  auto estimate = fake(10 * kGiB, 10240);
  estimate->workload.sequences = 9;
  const auto plan = solved(std::move(estimate));
  CHECK(plan.utilization == 0.95);
  CHECK(plan.strategy == VRAMAUTO_STRATEGY_AGGRESSIVE);
}

TEST_CASE("balanced: what starts decides over the strategy, and the reason says so") {
  const auto plan = solved(fake(80 * kGiB, 10240));  // needs 91 GiB
  CHECK(plan.utilization == 0.91);
  CHECK(plan.fits == Fits::yes);
  CHECK(reason(plan).find("standard raised from 0.88 to 0.91") != std::string::npos);
}

TEST_CASE("balanced keeps from the ends what is not exact") {
  auto estimate = fake(80 * kGiB, 10240);
  estimate->ranks[0].activation = {kGiB, kGiB, 3 * kGiB};
  const auto plan = solved(std::move(estimate));
  CHECK(plan.utilization == 0.93);
  CHECK(plan.margin == VRAMAUTO_MARGIN_COMFORTABLE);
}

TEST_CASE("where both ends cannot be kept from, it fits with a thin margin") {
  auto estimate = fake(85 * kGiB, 10240);  // 96 to 98, or by the bounds 99 to 96
  estimate->ranks[0].activation = {kGiB, kGiB, 4 * kGiB};
  estimate->ranks[0].outside = {kGiB, kGiB, 3 * kGiB};
  const auto plan = solved(std::move(estimate));
  CHECK(plan.fits == Fits::yes);
  CHECK(plan.margin == VRAMAUTO_MARGIN_THIN);
  CHECK(plan.utilization > 0.96);
  CHECK(plan.utilization < 0.98);
}

TEST_CASE("minimal takes u_min, maximal u_max but at most 0.95") {
  auto least = fake(10 * kGiB, 10240);
  least->workload.policy = "minimal";
  CHECK(solved(std::move(least)).utilization == 0.21);
  auto most = fake(10 * kGiB, 10240);
  most->workload.policy = "maximal";
  CHECK(solved(std::move(most)).utilization == 0.95);
}

TEST_CASE("maximal goes beyond 0.95 where less does not start") {
  auto estimate = fake(86 * kGiB, 10240);
  estimate->workload.policy = "maximal";
  CHECK(solved(std::move(estimate)).utilization == 0.97);
}

TEST_CASE("u_min above u_max does not fit, and the reason names rank, GPU and component") {
  auto estimate = fake(10 * kGiB, 10240, 2);
  estimate->ranks[1].weights = engine::Amount::exact(95 * kGiB);
  const auto plan = solved(std::move(estimate));
  CHECK(plan.fits == Fits::no);
  CHECK(plan.margin == VRAMAUTO_MARGIN_NONE);
  CHECK(reason(plan) ==
        "rank 1 on Test GPU needs 106.00 GiB for one sequence of 10,240 tokens and can give 98.00 GiB; most of it are 95.00 GiB of "
        "weights");
}

TEST_CASE("a given utilization is kept and judged: the cache too small") {
  auto estimate = fake(50 * kGiB, 10240);
  estimate->workload.gpu_memory_utilization = 0.55;
  const auto plan = solved(std::move(estimate));
  CHECK(plan.utilization == 0.55);
  CHECK(plan.strategy == VRAMAUTO_STRATEGY_GIVEN);
  CHECK(plan.fits == Fits::no);
  CHECK(reason(plan).find("at least 0.61") != std::string::npos);
}

TEST_CASE("a given utilization is kept and judged: more than is free at the start") {
  auto estimate = fake(50 * kGiB, 10240);
  estimate->workload.gpu_memory_utilization = 0.995;
  const auto plan = solved(std::move(estimate));
  CHECK(plan.fits == Fits::no);
  CHECK(reason(plan).find("at most 0.98") != std::string::npos);
}

TEST_CASE("a GPU of unknown size: sizes are told, whether they fit is not") {
  auto estimate = fake(50 * kGiB, 10240);
  estimate->ranks[0].total_bytes = estimate->ranks[0].free_at_start = VRAMAUTO_UNKNOWN;
  const auto plan = solved(std::move(estimate));
  CHECK(plan.fits == Fits::unknown);
  CHECK(plan.required_bytes == 10 * kGiB);
  CHECK(plan.cache_bytes.empty());
}

TEST_CASE("given cache bytes: the cache's numbers are for exactly these bytes") {
  auto estimate = fake(50 * kGiB, 1024);
  estimate->workload.kv_cache_memory_bytes = 20 * kGiB;
  const auto plan = solved(std::move(estimate));
  CHECK(plan.cache.tokens == 20 * 1024);
  CHECK(plan.kv_cache_memory_bytes == 20 * kGiB);
  CHECK(plan.utilization == 0.71);
  CHECK(plan.fits == Fits::yes);
}

TEST_CASE("given cache bytes that hold no sequence of the length do not fit, whatever the GPU") {
  auto estimate = fake(50 * kGiB, 10240);
  estimate->workload.kv_cache_memory_bytes = 5 * kGiB;
  estimate->ranks[0].total_bytes = VRAMAUTO_UNKNOWN;
  const auto plan = solved(std::move(estimate));
  CHECK(plan.fits == Fits::no);
  CHECK(reason(plan) == "one sequence of 10,240 tokens needs 10.00 GiB of KV cache, 5.00 GiB are given");
}

TEST_CASE("the fullest rank decides the number of bytes for the whole engine") {
  auto estimate = fake(10 * kGiB, 1024, 2);
  estimate->ranks[1].weights = engine::Amount::exact(30 * kGiB);
  const auto plan = solved(std::move(estimate));
  CHECK(plan.utilization == 0.52);
  CHECK(plan.kv_cache_memory_bytes == 21 * kGiB);
  CHECK(plan.cache_bytes[0] == 41 * kGiB);
}

TEST_CASE("headroom is what the fullest rank keeps free") { CHECK(solved(fake(69 * kGiB, 10240)).headroom_bytes == 10 * kGiB); }

TEST_CASE("the longest that fits keeps from both ends, and stops at 0.95") {
  const auto plan = solved(fake(90 * kGiB, 1'000'000));
  CHECK(plan.fits == Fits::no);
  CHECK(plan::longest(plan) == 4 * 1024);
}

TEST_CASE("maximal shows what all of the memory would give") {
  const auto plan = solved(fake(10 * kGiB, 10240));
  const auto most = plan::maximal(plan);
  CHECK(most.fits == Fits::yes);
  CHECK(most.utilization == 0.95);
  CHECK(most.tokens == 84 * 1024);
}

TEST_CASE("sums beyond 64 bits do not fit, and do not wrap") {
  auto estimate = fake(UINT64_MAX, UINT64_MAX);
  const auto plan = solved(std::move(estimate));
  CHECK(plan.fits == Fits::no);
  CHECK(plan.utilization_min > 1);
}
