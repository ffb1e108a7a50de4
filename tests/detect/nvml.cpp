// NVML, without CUDA: what is read, what is left out, and what is an error.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.hpp"

using namespace vramauto;
using namespace vramauto::detect;

namespace {

constexpr const char* kH100 = R"(
card
  name NVIDIA H100 80GB HBM3
  uuid GPU-11111111-2222-3333-4444-555555555555
  pci 0000:18:00
  capability 9.0
  total 81559
  reserved 551
  used 8
)";

}  // namespace

TEST_CASE("nvml: a card with its names, sizes and compute capability") {
  const auto devices = Machine(kH100).detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 1);
  const Device& d = devices->front();
  CHECK(d.index == 0);
  CHECK(d.name == "NVIDIA H100 80GB HBM3");
  CHECK(d.uuid == "GPU-11111111-2222-3333-4444-555555555555");
  CHECK(d.pci_bus_id == "0000:18:00.0");
  CHECK(d.source == "nvml");
  CHECK(d.compute_major == 9);
  CHECK(d.compute_minor == 0);
  CHECK(d.multiprocessors == 132);
  CHECK(d.driver_total_bytes == 81559 * kMiB);
  CHECK_FALSE(d.unified_memory);
  CHECK_FALSE(d.mig);
}

TEST_CASE("nvml: the total is the driver's less what it reserves") {
  const auto devices = Machine(kH100).detect();
  REQUIRE(devices);
  CHECK(devices->front().total_bytes == 81008 * kMiB);
  CHECK_FALSE(devices->front().total_from_catalogue);
  CHECK_FALSE(devices->front().total_estimated);
}

TEST_CASE("nvml: free memory is the driver's") {
  const auto devices = Machine(kH100).detect();
  REQUIRE(devices);
  CHECK(devices->front().free_bytes == 81000 * kMiB);
}

TEST_CASE("nvml: where version 2 of the memory call is refused, version 1 answers and the catalogue corrects the total") {
  for (const char* status : {"25", "2", "13", "3"}) {
    const auto devices = Machine(std::string(kH100) + "  memory_v2 " + status).detect();
    REQUIRE(devices);
    CHECK(devices->front().free_bytes == 81000 * kMiB);
    CHECK(devices->front().total_bytes == 81081 * kMiB);
    CHECK(devices->front().driver_total_bytes == 81559 * kMiB);
    CHECK(devices->front().total_from_catalogue);
  }
}

TEST_CASE("nvml: an old driver without any of the newer functions is enough") {
  Machine machine(kH100);
  machine.sources.nvml = Machine::fake("nvml_old");
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 1);
  CHECK(devices->front().total_bytes == 81081 * kMiB);
  CHECK(devices->front().compute_major == 9);  // the catalogue's
}

TEST_CASE("nvml: a driver that reserves nothing says nothing, so the catalogue corrects the total") {
  const auto devices = Machine("card\n name NVIDIA L4\n uuid GPU-1\n pci 0:1:0\n total 23034\n reserved 0\n").detect();
  REQUIRE(devices);
  CHECK(devices->front().total_bytes == 22563 * kMiB);
}

TEST_CASE("nvml: a card that nobody knows has the driver's total less a bound, and is said to be estimated") {
  const auto devices = Machine("card\n name NVIDIA Z9\n uuid GPU-1\n pci 0:1:0\n total 102400\n").detect();
  REQUIRE(devices);
  CHECK(devices->front().total_bytes == (102400 - 890) * kMiB);
  CHECK(devices->front().total_estimated);
  CHECK_FALSE(devices->front().total_from_catalogue);
}

TEST_CASE("nvml: free memory never exceeds the total") {
  const auto devices = Machine("card\n name NVIDIA L4\n uuid GPU-1\n pci 0:1:0\n total 23034\n").detect();
  REQUIRE(devices);
  CHECK(devices->front().free_bytes == 22563 * kMiB);
}

TEST_CASE("nvml: no library is no GPU") {
  Machine machine(kH100);
  machine.sources.nvml = machine.sources.cuda = "none";
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->empty());
}

TEST_CASE("nvml: a library without driver, without device or without its own parts is no GPU") {
  for (const char* status : {"9", "12", "28"}) {
    const auto devices = Machine(std::string("nvml.init ") + status + "\n" + kH100).detect();
    REQUIRE(devices);
    CHECK(devices->empty());
  }
}

TEST_CASE("nvml: no card is no GPU") {
  const auto devices = Machine("").detect();
  REQUIRE(devices);
  CHECK(devices->empty());
}

TEST_CASE("nvml: a driver that does not start is an error with its words") {
  const auto devices = Machine(std::string("nvml.init 999\n") + kH100).detect();
  REQUIRE_FALSE(devices);
  CHECK(devices.error().status == VRAMAUTO_E_DRIVER);
  CHECK(devices.error().where == Machine::fake("nvml"));
  CHECK(devices.error().message == "nvmlInit_v2 answered 999 (Unknown Error)");
}

TEST_CASE("nvml: a driver updated while running is an error that says what mends it") {
  const auto devices = Machine(std::string("nvml.init 18\n") + kH100).detect();
  REQUIRE_FALSE(devices);
  CHECK(devices.error().status == VRAMAUTO_E_DRIVER);
  CHECK(devices.error().message.find("a restart of the machine mends it") != std::string::npos);
}

TEST_CASE("nvml: a driver that cannot count is an error") {
  const auto devices = Machine(std::string("nvml.count 999\n") + kH100).detect();
  REQUIRE_FALSE(devices);
  CHECK(devices.error().message == "nvmlDeviceGetCount_v2 answered 999 (Unknown Error)");
}

TEST_CASE("nvml: an absurd count is refused") {
  const auto devices = Machine(std::string("nvml.claimed 4000000000\n") + kH100).detect();
  REQUIRE_FALSE(devices);
  CHECK(devices.error().status == VRAMAUTO_E_LIMIT);
}

TEST_CASE("nvml: a library without a function that every driver has is an error that names it") {
  Machine machine(kH100);
  machine.sources.nvml = Machine::fake("nvml_broken");
  const auto devices = machine.detect();
  REQUIRE_FALSE(devices);
  CHECK(devices.error().status == VRAMAUTO_E_DRIVER);
  CHECK(devices.error().message == "the library has no function nvmlDeviceGetCount_v2");
}

TEST_CASE("nvml: a library named by path that does not load is an error with the loader's words") {
  Machine machine;
  machine.sources.nvml = machine.root() + "/libmissing.so";
  const auto devices = machine.detect();
  REQUIRE_FALSE(devices);
  CHECK(devices.error().status == VRAMAUTO_E_DRIVER);
  CHECK(devices.error().where == machine.root() + "/libmissing.so");
  CHECK(devices.error().message.find("cannot open shared object file") != std::string::npos);
}

TEST_CASE("nvml: cards that are lost or forbidden are left out, the others stay") {
  const std::string ill = std::string("card\n name A\n uuid GPU-a\n pci 0:1:0\n total 81559\n handle 15\n") +
                          "card\n name B\n uuid GPU-b\n pci 0:2:0\n total 81559\n handle 4\n";
  const auto devices = Machine(ill + kH100).detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 1);
  CHECK(devices->front().name == "NVIDIA H100 80GB HBM3");
  CHECK(devices->front().index == 0);
}

TEST_CASE("nvml: when every card is lost, that is the error") {
  const auto devices = Machine("card\n name A\n uuid GPU-a\n pci 0:1:0\n handle 15\n").detect();
  REQUIRE_FALSE(devices);
  CHECK(devices.error().status == VRAMAUTO_E_DRIVER);
  CHECK(devices.error().message == "nvmlDeviceGetHandleByIndex_v2 answered 15 (Words of the driver)");
}

TEST_CASE("nvml: a card whose memory cannot be read is an error when it is the only one") {
  const auto devices = Machine(std::string(kH100) + "  memory 17").detect();
  REQUIRE_FALSE(devices);
  CHECK(devices.error().message.find("nvmlDeviceGetMemoryInfo answered 17") == 0);
}

TEST_CASE("nvml: CUDA is not touched unless asked") {
  const Machine machine(kH100);
  const int before = Machine::ask("cuda", "fake_cuda_inits");
  REQUIRE(machine.detect());
  CHECK(Machine::ask("cuda", "fake_cuda_inits") == before);
}

TEST_CASE("nvml: it is shut down after each call, also after an error") {
  REQUIRE(Machine(kH100).detect());
  CHECK(Machine::ask("nvml", "fake_nvml_running") == 0);
  REQUIRE_FALSE(Machine(std::string("nvml.count 999\n") + kH100).detect());
  CHECK(Machine::ask("nvml", "fake_nvml_running") == 0);
}

TEST_CASE("nvml: it answers in a fork of a process that has asked before") {
  const Machine machine(kH100);
  REQUIRE(machine.detect());
  const pid_t child = fork();
  if (child == 0) {
    const auto devices = machine.detect();
    _exit(devices && devices->size() == 1 ? 0 : 1);
  }
  int ended = -1;
  REQUIRE(waitpid(child, &ended, 0) == child);
  CHECK(ended == 0);
}

TEST_CASE("nvml: the environment names library and root where the caller does not") {
  Machine machine(kH100);
  machine.set("VRAMAUTO_NVML_LIBRARY", Machine::fake("nvml")).set("VRAMAUTO_SYSROOT", machine.root());
  machine.sources = Sources{};
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 1);
  CHECK(devices->front().name == "NVIDIA H100 80GB HBM3");
}

TEST_CASE("nvml: the caller's library goes before the environment's") {
  Machine machine(kH100);
  machine.set("VRAMAUTO_NVML_LIBRARY", "/nowhere/libnvidia-ml.so.1");
  CHECK(machine.detect());
}

TEST_CASE("mig: slices are devices with memory, names and multiprocessors of their own") {
  const auto devices = Machine(R"(
card
  name NVIDIA H100 80GB HBM3
  uuid GPU-11111111-2222-3333-4444-555555555555
  pci 0000:18:00
  capability 9.0
  memory 4
  mig_slots 7
slice 0
  name NVIDIA H100 80GB HBM3 MIG 1g.10gb
  uuid MIG-aaaaaaaa-0000-0000-0000-000000000000
  total 9984
  used 13
  multiprocessors 16
slice 5
  name NVIDIA H100 80GB HBM3 MIG 1g.20gb
  uuid MIG-bbbbbbbb-0000-0000-0000-000000000000
  total 20096
  reserved 30
  multiprocessors 26
)")
                           .detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  const Device& first = devices->at(0);
  CHECK(first.mig);
  CHECK(first.uuid == "MIG-aaaaaaaa-0000-0000-0000-000000000000");
  CHECK(first.driver_total_bytes == 9984 * kMiB);
  CHECK(first.total_bytes < 9984 * kMiB);
  CHECK(first.total_bytes > 9000 * kMiB);
  CHECK(first.total_estimated);
  CHECK(first.multiprocessors == 16);
  CHECK(first.compute_major == 9);
  CHECK(first.pci_bus_id == "0000:18:00.0");
  CHECK(devices->at(1).index == 1);
  CHECK(devices->at(1).total_bytes == 20066 * kMiB);
}

TEST_CASE("mig: a card in MIG mode without slices is no device") {
  const auto devices = Machine(std::string(kH100) + "  mig_slots 7").detect();
  REQUIRE(devices);
  CHECK(devices->empty());
}
