#include "plan/placement.hpp"

#include <doctest/doctest.h>

#include "fake.hpp"

using namespace vramauto;
using plan::Layout;
using plan::Placement;

namespace {

std::vector<detect::Device> sized(std::initializer_list<Bytes> gib) {
  std::vector<detect::Device> out;
  for (const auto size : gib) {
    auto& device = out.emplace_back();
    device.index = static_cast<std::uint32_t>(out.size() - 1);
    device.total_bytes = size * kGiB;
  }
  return out;
}

std::vector<std::uint32_t> tensors(const std::vector<Layout>& layouts) {
  std::vector<std::uint32_t> out;
  for (const auto& one : layouts) out.push_back(one.tensor);
  return out;
}

std::vector<Placement> sets_for(const plan::Layout& layout, const std::vector<detect::Device>& devices) {
  return plan::placements(layout, devices, plan::nodes_of(devices));
}

}  // namespace

TEST_CASE("layouts: fewest ranks first, tensor parallel before pipelines, or after them without NVLink") {
  engine::Workload open;
  open.tensor_parallel_auto = open.pipeline_parallel_auto = true;
  CHECK(tensors(plan::layouts(open, 4, true)) == std::vector<std::uint32_t>{1, 2, 1, 3, 1, 4, 2, 1});
  CHECK(tensors(plan::layouts(open, 4, false)) == std::vector<std::uint32_t>{1, 1, 2, 1, 3, 1, 2, 4});
}

TEST_CASE("layouts: what is stated stays") {
  engine::Workload open;
  open.tensor_parallel_auto = true;
  open.pipeline_parallel_size = 2;
  for (const auto& one : plan::layouts(open, 8, true)) CHECK(one.pipeline == 2);
  CHECK(plan::layouts(open, 8, true).size() == 4);
  CHECK(plan::layouts(open, 1, true).empty());
}

TEST_CASE("layouts: copies of the model before ranks that share it") {
  engine::Workload open;
  open.tensor_parallel_auto = open.data_parallel_auto = true;
  const auto all = plan::layouts(open, 2, true);
  REQUIRE(all.size() == 3);
  CHECK(all[1].data == 2);
  CHECK(all[2].tensor == 2);
}

TEST_CASE("placements: least memory first") {
  const auto devices = sized({40, 80, 40, 80});
  const auto sets = sets_for({2, 1, 1}, devices);
  CHECK(sets == std::vector<Placement>{{0, 2}, {1, 2}, {1, 3}});
}

TEST_CASE("placements: GPUs alike are one set") { CHECK(sets_for({4, 1, 1}, gpus(8)).size() == 1); }

TEST_CASE("placements: of one size the emptiest, and sets without the fullest") {
  auto devices = sized({24, 24, 24, 48});
  devices[0].free_bytes = 6 * kGiB;
  CHECK(sets_for({2, 1, 1}, devices).front() == Placement{1, 2});
  const auto three = sets_for({3, 1, 1}, devices);
  CHECK(std::find(three.begin(), three.end(), Placement{1, 2, 3}) != three.end());
}

TEST_CASE("placements: ranks that share layers are alike, stages in the order of the list") {
  CHECK(sets_for({2, 2, 1}, sized({80, 40, 80, 40})) == std::vector<Placement>{{0, 2, 1, 3}});
}

TEST_CASE("placements: tensor parallel inside a node, stages across") {
  auto devices = gpus(8);
  for (std::uint32_t i = 0; i < 8; ++i) devices[i].node = i / 4;
  CHECK(sets_for({8, 1, 1}, devices).empty());
  CHECK(sets_for({4, 2, 1}, devices) == std::vector<Placement>{{0, 1, 2, 3, 4, 5, 6, 7}});
  CHECK(sets_for({2, 3, 1}, devices).empty());
}

TEST_CASE("placements: a node like one before offers nothing new, one that differs does") {
  auto devices = gpus(12);
  for (std::uint32_t i = 0; i < 12; ++i) devices[i].node = i / 4;
  CHECK(sets_for({2, 1, 1}, devices) == std::vector<Placement>{{0, 1}});
  for (std::uint32_t i = 8; i < 12; ++i) devices[i].total_bytes *= 2;
  CHECK(sets_for({2, 1, 1}, devices) == std::vector<Placement>{{0, 1}, {8, 9}});
}

TEST_CASE("slices are not joined") {
  auto devices = gpus(2);
  devices[1].mig = true;
  CHECK_FALSE(plan::check_placement({2, 1, 1}, devices));
  CHECK_FALSE(plan::check_placement({1, 2, 1}, devices));
  CHECK(plan::check_placement({1, 1, 2}, devices));
}

TEST_CASE("what nothing uses: memory beyond the blocks that the fullest rank has") {
  auto estimate = fake(10 * kGiB, 1024, 2);
  estimate->ranks[1].weights = engine::Amount::exact(30 * kGiB);
  const auto plan = solved(std::move(estimate));
  const auto idle = plan::idle_bytes(plan);
  REQUIRE(idle.size() == 2);
  CHECK(idle[0] == idle[1] + 20 * kGiB);
  CHECK(plan::is_uneven(plan));
  CHECK(plan::binding_rank(plan) == 1);
}

TEST_CASE("the engine's environment names GPUs only where they are not the first") {
  auto first = solved(fake(10 * kGiB, 1024, 2));
  CHECK(plan::environment(first).empty());
  auto estimate = fake(10 * kGiB, 1024, 1);
  estimate->ranks[0].device = 1;
  auto devices = gpus(2);
  devices[1].index = 1;
  CHECK(plan::environment(plan::solve(std::move(estimate), devices)) == std::vector<std::string>{"CUDA_VISIBLE_DEVICES=1"});
}

TEST_CASE("sequences that were asked for raise the utilization as far as the GPU goes") {
  auto estimate = fake(10 * kGiB, 10240);
  estimate->workload.sequences = 8;  // 91 GiB of 98
  CHECK(solved(std::move(estimate)).utilization == 0.91);
}

TEST_CASE("usual sequences are counted by their usual length, of all copies") {
  auto estimate = fake(10 * kGiB, 10240);
  estimate->workload.sequences = 60;
  estimate->workload.data_parallel_size = 2;
  estimate->workload.input_len = 1024;
  estimate->workload.output_len = 1024;
  const auto plan = solved(std::move(estimate));
  CHECK(plan.utilization == 0.88);  // 11 GiB and 30 x 2 GiB are 71
  CHECK(plan.typical_concurrency == doctest::Approx(38.5));
  CHECK(plan::meets(plan));
}
