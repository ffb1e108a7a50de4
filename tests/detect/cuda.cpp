// The CUDA driver, asked on request, with and without NVML.
#include <doctest/doctest.h>

#include "machine.hpp"

using namespace vramauto;
using namespace vramauto::detect;

namespace {

constexpr const char* kTwo = R"(
card
  name NVIDIA L4
  uuid GPU-11111111-2222-3333-4444-555555555555
  pci 0000:18:00
  capability 8.9
  total 23034
  reserved 400
  used 100
  cuda_total 22600
  multiprocessors 58
card
  name NVIDIA H100 80GB HBM3
  uuid GPU-66666666-2222-3333-4444-555555555555
  pci 0000:3b:00
  capability 9.0
  total 81559
  reserved 551
  used 1000
  cuda_total 81010
  multiprocessors 132
)";

struct Asked : Machine {
  explicit Asked(const std::string& scenario) : Machine(scenario) { sources.ask_cuda = true; }
};

}  // namespace

TEST_CASE("cuda: the total is CUDA's, free memory and the driver's total are NVML's") {
  const auto devices = Asked(kTwo).detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  const Device& l4 = devices->front();
  CHECK(l4.source == "cuda");
  CHECK(l4.total_bytes == 22600 * kMiB);
  CHECK(l4.free_bytes == 22534 * kMiB);
  CHECK(l4.driver_total_bytes == 23034 * kMiB);
  CHECK(l4.uuid == "GPU-11111111-2222-3333-4444-555555555555");
  CHECK(l4.pci_bus_id == "0000:18:00.0");
  CHECK(l4.multiprocessors == 58);
  CHECK_FALSE(l4.order_uncertain);
}

TEST_CASE("cuda: with NVML beside it no context is made") {
  REQUIRE(Asked(std::string(kTwo)).detect());
  CHECK(Machine::ask("cuda", "fake_cuda_retained") == 0);
}

TEST_CASE("cuda: its order and its choice stand") {
  const auto devices = Asked(std::string("cuda.devices 1 0\n") + kTwo).detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK(devices->at(0).name == "NVIDIA H100 80GB HBM3");
  CHECK(devices->at(0).index == 0);
  CHECK(devices->at(0).free_bytes == 80008 * kMiB);
  CHECK(devices->at(1).name == "NVIDIA L4");
}

TEST_CASE("cuda: who ignores the environment gets also the cards that CUDA hides") {
  Asked machine(std::string("cuda.devices 1\n") + kTwo);
  machine.sources.use_environment = false;
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK(devices->at(0).source == "nvml");
  CHECK(devices->at(1).source == "cuda");
  CHECK(devices->at(1).total_bytes == 81010 * kMiB);
}

TEST_CASE("cuda: without NVML free memory comes from a context that is given back") {
  Asked machine(kTwo);
  machine.sources.nvml = "none";
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK(devices->front().free_bytes == (22600 - 100 - 500) * kMiB);
  CHECK(devices->front().driver_total_bytes == 23034 * kMiB);  // the catalogue's
  CHECK(Machine::ask("cuda", "fake_cuda_retained") == 0);
}

TEST_CASE("cuda: an old driver without contexts and the newer UUID leaves free memory unknown") {
  Asked machine(kTwo);
  machine.sources.nvml = "none";
  machine.sources.cuda = Machine::fake("cuda_old");
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->front().free_bytes == VRAMAUTO_UNKNOWN);
  CHECK(devices->front().total_bytes == 22600 * kMiB);
  CHECK(devices->front().uuid == "GPU-11111111-2222-3333-4444-555555555555");
}

TEST_CASE("cuda: without a CUDA library NVML answers alone") {
  Asked machine(kTwo);
  machine.sources.cuda = "none";
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK(devices->front().source == "nvml");
}

TEST_CASE("cuda: a stub is no driver, NVML answers alone") {
  const auto devices = Asked(std::string("cuda.init 34\n") + kTwo).detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK(devices->front().source == "nvml");
}

#ifdef VRAMAUTO_CUDA_STUB
TEST_CASE("cuda: the toolkit's own stub is no driver") {
  Asked machine(kTwo);
  machine.sources.cuda = VRAMAUTO_CUDA_STUB;
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK(devices->front().source == "nvml");
}
#endif

TEST_CASE("cuda: no visible device is no device, though NVML sees some") {
  const auto devices = Asked(std::string("cuda.init 100\n") + kTwo).detect();
  REQUIRE(devices);
  CHECK(devices->empty());
}

TEST_CASE("cuda: a driver that does not start is an error with its words") {
  const auto devices = Asked(std::string("cuda.init 802\n") + kTwo).detect();
  REQUIRE_FALSE(devices);
  CHECK(devices.error().status == VRAMAUTO_E_DRIVER);
  CHECK(devices.error().where == Machine::fake("cuda"));
  CHECK(devices.error().message == "cuInit answered 802 (system not yet initialized)");
}

TEST_CASE("cuda: when NVML fails and CUDA works, CUDA answers") {
  const auto devices = Asked(std::string("nvml.init 999\n") + kTwo).detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK(devices->front().source == "cuda");
}

TEST_CASE("cuda: neither library is no GPU") {
  Asked machine(kTwo);
  machine.sources.nvml = machine.sources.cuda = "none";
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->empty());
}

TEST_CASE("cuda: a library without a function that every driver has is an error") {
  Asked machine(kTwo);
  machine.sources.cuda = Machine::fake("cuda_broken");
  const auto devices = machine.detect();
  REQUIRE_FALSE(devices);
  CHECK(devices.error().status == VRAMAUTO_E_DRIVER);
  CHECK(devices.error().message.find("cuDeviceTotalMem_v2") != std::string::npos);
}

TEST_CASE("cuda: a slice is matched with NVML's by its UUID") {
  const auto devices = Asked(R"(
cuda.devices 0.2
card
  name NVIDIA A100-SXM4-80GB
  uuid GPU-11111111-2222-3333-4444-555555555555
  pci 0000:18:00
  capability 8.0
  mig_slots 7
slice 2
  name NVIDIA A100-SXM4-80GB MIG 2g.20gb
  uuid MIG-aaaaaaaa-2222-3333-4444-555555555555
  pci 0000:18:00
  total 19968
  reserved 20
  used 13
  multiprocessors 28
)")
                           .detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 1);
  CHECK(devices->front().mig);
  CHECK(devices->front().uuid == "MIG-aaaaaaaa-2222-3333-4444-555555555555");
  CHECK(devices->front().total_bytes == 19948 * kMiB);
  CHECK(devices->front().free_bytes == 19935 * kMiB);
  CHECK(devices->front().driver_total_bytes == 19968 * kMiB);
}
