// AMD and Intel from the kernel's files.
#include <doctest/doctest.h>

#include "machine.hpp"

using namespace vramauto;
using namespace vramauto::detect;

namespace {

struct Without : Machine {  // NVIDIA
  Without() { sources.nvml = sources.cuda = "none"; }
  Without& amd(const std::string& card, const std::string& pci, const std::string& total, const std::string& used) {
    const std::string device = "sys/devices/" + pci;
    file(device + "/vendor", "0x1002\n").file(device + "/device", "0x74a1\n");
    file(device + "/mem_info_vram_total", total + "\n").file(device + "/mem_info_vram_used", used + "\n");
    file("sys/class/drm/" + card + "/dev", "226:0\n");
    link("sys/class/drm/" + card + "/device", "../../../devices/" + pci);
    return *this;
  }
};

}  // namespace

TEST_CASE("amd: name, total and free memory") {
  Without machine;
  machine.amd("card1", "0000:75:00.0", "206141652992", "297795584")
      .file("sys/devices/0000:75:00.0/mem_info_vram_vendor", "samsung\n");
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 1);
  const Device& d = devices->front();
  CHECK(d.name == "AMD Instinct MI300X");
  CHECK(d.source == "sysfs");
  CHECK(d.pci_bus_id == "0000:75:00.0");
  CHECK(d.total_bytes == 206141652992);
  CHECK(d.driver_total_bytes == 206141652992);
  CHECK(d.free_bytes == 206141652992 - 297795584);
  CHECK(d.compute_major == 0);
  CHECK_FALSE(d.unified_memory);
}

TEST_CASE("amd: the driver's product name goes before ours") {
  Without machine;
  machine.amd("card0", "0000:03:00.0", "17163091968", "0").file("sys/devices/0000:03:00.0/product_name", "Radeon RX 7800 XT\n");
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->front().name == "AMD Radeon RX 7800 XT");
}

TEST_CASE("amd: cards stand by PCI address") {
  Without machine;
  machine.amd("card0", "0000:85:00.0", "100000000", "0").amd("card10", "0000:15:00.0", "200000000", "0");
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK(devices->at(0).pci_bus_id == "0000:15:00.0");
  CHECK(devices->at(0).index == 0);
  CHECK(devices->at(1).pci_bus_id == "0000:85:00.0");
}

TEST_CASE("amd: connectors and render nodes are no cards") {
  Without machine;
  machine.amd("card0", "0000:03:00.0", "17163091968", "0").amd("card0-HDMI-A-1", "0000:03:00.0", "17163091968", "0");
  machine.amd("renderD128", "0000:03:00.0", "17163091968", "0");
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->size() == 1);
}

TEST_CASE("amd: an APU takes its own memory and what the host lends") {
  Without machine;
  machine.amd("card0", "0000:c5:00.0", "536870912", "100").file("sys/devices/0000:c5:00.0/mem_info_gtt_total", "64424509440\n");
  machine.file("proc/meminfo", "MemTotal: 129000000 kB\nMemAvailable: 50000000 kB\n");
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->front().unified_memory);
  CHECK(devices->front().total_bytes == 536870912 + 64424509440);
  CHECK(devices->front().free_bytes == Bytes{50000000} * 1024);
}

TEST_CASE("amd: more used than there is leaves nothing free") {
  Without machine;
  machine.amd("card0", "0000:03:00.0", "1000", "2000");
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->front().free_bytes == 0);
}

TEST_CASE("amd: files that say nothing are no card") {
  for (const char* total : {"", "0", "-1", "many", "99999999999999999999999999"}) {
    Without machine;
    machine.amd("card0", "0000:03:00.0", total, "0");
    const auto devices = machine.detect();
    REQUIRE(devices);
    CHECK_MESSAGE(devices->empty(), total);
  }
}

TEST_CASE("intel: total from i915's file") {
  Without machine;
  machine.file("sys/devices/0000:03:00.0/vendor", "0x8086\n").file("sys/devices/0000:03:00.0/device", "0x56a0\n");
  machine.file("sys/class/drm/card0/lmem_total_bytes", "17179869184\n")
      .link("sys/class/drm/card0/device", "../../../devices/0000:03:00.0");
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 1);
  CHECK(devices->front().name == "Intel Arc A770");
  CHECK(devices->front().total_bytes == 16 * kGiB);
  CHECK(devices->front().free_bytes == VRAMAUTO_UNKNOWN);
}

TEST_CASE("intel: total from the control group's list with xe") {
  Without machine;
  machine.file("sys/devices/0000:03:00.0/vendor", "0x8086\n").file("sys/devices/0000:03:00.0/device", "0xe20b\n");
  machine.file("sys/class/drm/card0/dev", "226:0\n").link("sys/class/drm/card0/device", "../../../devices/0000:03:00.0");
  machine.file("sys/fs/cgroup/dmem.capacity", "drm/0000:03:00.0/stolen 67108864\ndrm/0000:03:00.0/vram0 12616466432\n");
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 1);
  CHECK(devices->front().total_bytes == 12616466432);
}

TEST_CASE("intel: graphics inside the processor are no device") {
  Without machine;
  machine.file("sys/class/drm/card0/device/vendor", "0x8086\n").file("sys/class/drm/card0/device/device", "0x9a49\n");
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->empty());
}

TEST_CASE("vendors: AMD's cards go before Intel's, and NVIDIA's before both") {
  Without machine;
  machine.amd("card1", "0000:75:00.0", "206141652992", "0");
  machine.file("sys/devices/0000:03:00.0/vendor", "0x8086\n").file("sys/class/drm/card0/lmem_total_bytes", "17179869184\n");
  machine.link("sys/class/drm/card0/device", "../../../devices/0000:03:00.0");
  const auto amd = machine.detect();
  REQUIRE(amd);
  REQUIRE(amd->size() == 1);
  CHECK(amd->front().name == "AMD Instinct MI300X");
  machine.file("scenario", "card\n name NVIDIA L4\n uuid GPU-1\n pci 0:1:0\n total 23034\n");
  machine.sources.nvml = Machine::fake("nvml");
  const auto nvidia = machine.detect();
  REQUIRE(nvidia);
  REQUIRE(nvidia->size() == 1);
  CHECK(nvidia->front().name == "NVIDIA L4");
}
