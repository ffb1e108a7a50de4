// Memory that GPU and host share, and what the host's kernel says of it.
#include <doctest/doctest.h>

#include "detect/host.hpp"
#include "machine.hpp"

using namespace vramauto;
using namespace vramauto::detect;

namespace {

constexpr const char* kMeminfo = "MemTotal:       127600748 kB\nMemFree:          912345 kB\nMemAvailable:    98304000 kB\n";
constexpr Bytes kTotal = Bytes{127600748} * 1024, kAvailable = Bytes{98304000} * 1024;
constexpr const char* kGb10 = "card\n name NVIDIA GB10\n uuid GPU-1\n pci 000f:01:00\n capability 12.1\n memory 3\n";

Bytes available(const Machine& machine) { return host_memory(machine.root()).value_or(HostMemory{}).available; }

}  // namespace

TEST_CASE("unified: NVML knows no memory, so the host's counts, and what is available of it, not what is free") {
  Machine machine(kGb10);
  machine.file("proc/meminfo", kMeminfo);
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 1);
  const Device& d = devices->front();
  CHECK(d.unified_memory);
  CHECK(d.total_bytes == kTotal);
  CHECK(d.free_bytes == kAvailable);
  CHECK(d.driver_total_bytes == VRAMAUTO_UNKNOWN);
  CHECK(d.compute_major == 12);
  CHECK(d.compute_minor == 1);
}

TEST_CASE("unified: a total of 0 means the same") {
  Machine machine("card\n name NVIDIA New\n uuid GPU-1\n pci 0:1:0\n total 0\n");
  machine.file("proc/meminfo", kMeminfo);
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->front().unified_memory);
  CHECK(devices->front().total_bytes == kTotal);
}

TEST_CASE("unified: parts known by name do not take NVML's word") {
  for (const char* name : {"Orin (nvgpu)", "NVIDIA Thor", "NVIDIA GB10", "NVIDIA N1X"}) {
    Machine machine(std::string("card\n name ") + name + "\n uuid GPU-1\n pci 0:1:0\n total 8128\n");
    machine.file("proc/meminfo", kMeminfo);
    const auto devices = machine.detect();
    REQUIRE(devices);
    CHECK_MESSAGE(devices->front().unified_memory, name);
    CHECK_MESSAGE(devices->front().total_bytes == kTotal, name);
  }
}

TEST_CASE("unified: a name that only begins like theirs is an ordinary card") {
  const auto devices = Machine("card\n name NVIDIA GB102\n uuid GPU-1\n pci 0:1:0\n total 81559\n reserved 551\n").detect();
  REQUIRE(devices);
  CHECK_FALSE(devices->front().unified_memory);
}

TEST_CASE("unified: CUDA's total stands, its free memory is never asked for") {
  Machine machine(std::string(kGb10) + "  cuda_total 122429\n  integrated 1\n  multiprocessors 48\n");
  machine.file("proc/meminfo", kMeminfo);
  machine.sources.ask_cuda = true;
  machine.sources.nvml = "none";
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->front().unified_memory);
  CHECK(devices->front().total_bytes == 122429 * kMiB);
  CHECK(devices->front().free_bytes == kAvailable);
}

TEST_CASE("unified: without /proc/meminfo the catalogue knows a total, nobody what is free") {
  const auto devices = Machine(kGb10).detect();
  REQUIRE(devices);
  CHECK(devices->front().total_bytes == 122502 * kMiB);
  CHECK(devices->front().total_from_catalogue);
  CHECK(devices->front().free_bytes == VRAMAUTO_UNKNOWN);
}

TEST_CASE("unified: a control group's limit caps what is free") {
  Machine machine(kGb10);
  machine.file("proc/meminfo", kMeminfo)
      .file("proc/self/cgroup", "0::/job\n")
      .file("sys/fs/cgroup/job/memory.max", "34359738368\n")
      .file("sys/fs/cgroup/job/memory.current", "1073741824\n");
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->front().free_bytes == 31 * kGiB);
  CHECK(devices->front().total_bytes == kTotal);
}

TEST_CASE("host: file pages of a control group count as free") {
  Machine machine;
  machine.file("proc/meminfo", kMeminfo)
      .file("proc/self/cgroup", "0::/job\n")
      .file("sys/fs/cgroup/job/memory.max", "8589934592\n")
      .file("sys/fs/cgroup/job/memory.current", "7516192768\n")
      .file("sys/fs/cgroup/job/memory.stat", "anon 1073741824\ninactive_file 4294967296\nactive_file 2147483648\n");
  CHECK(available(machine) == 7 * kGiB);
}

TEST_CASE("host: the least of a control group and those above it counts") {
  Machine machine;
  machine.file("proc/meminfo", kMeminfo)
      .file("proc/self/cgroup", "0::/slice/job\n")
      .file("sys/fs/cgroup/slice/job/memory.max", "max\n")
      .file("sys/fs/cgroup/slice/job/memory.current", "0\n")
      .file("sys/fs/cgroup/slice/memory.max", "2147483648\n")
      .file("sys/fs/cgroup/slice/memory.current", "0\n");
  CHECK(available(machine) == 2 * kGiB);
}

TEST_CASE("host: version 1 of control groups, whose largest number is no limit") {
  Machine machine;
  machine.file("proc/meminfo", kMeminfo)
      .file("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:hugetlb,memory:/box\n")
      .file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
      .file("sys/fs/cgroup/memory/memory.usage_in_bytes", "50000\n")
      .file("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "4294967296\n")
      .file("sys/fs/cgroup/memory/box/memory.usage_in_bytes", "3221225472\n")
      .file("sys/fs/cgroup/memory/box/memory.stat", "total_inactive_file 1073741824\ntotal_active_file 0\n");
  CHECK(available(machine) == 2 * kGiB);
}

TEST_CASE("host: a control group outside what is visible does not lead out of the folder") {
  Machine machine;
  machine.file("proc/meminfo", kMeminfo)
      .file("proc/self/cgroup", "0::/../../../elsewhere\n")
      .file("elsewhere/memory.max", "1\n")
      .file("elsewhere/memory.current", "0\n");
  CHECK(available(machine) == kAvailable);
}

TEST_CASE("host: a kernel without MemAvailable") {
  Machine machine;
  machine.file("proc/meminfo",
               "MemTotal: 16000 kB\nMemFree: 1000 kB\nBuffers: 200 kB\nCached: 3000 kB\nShmem: 500 kB\nSReclaimable: 300 kB\n");
  CHECK(available(machine) == Bytes{4000} * 1024);
}

TEST_CASE("host: nonsense in the kernel's files is no memory") {
  for (const char* text :
       {"", "MemTotal:", "MemTotal: kB\n", "MemTotal: 99999999999999999999999 kB\n", "\n\n\n", "MemTotal: -5 kB"}) {
    Machine machine;
    machine.file("proc/meminfo", text);
    CHECK_MESSAGE(!host_memory(machine.root()), text);
  }
}
