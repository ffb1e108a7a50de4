// CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER, through NVML alone.
#include "detect/visibility.hpp"

#include <doctest/doctest.h>

#include "machine.hpp"

using namespace vramauto;
using namespace vramauto::detect;

namespace {

Card card(const char* uuid, const char* name = "NVIDIA L4", const char* pci = "0000:01:00.0") {
  Card out;
  out.whole.device.uuid = uuid;
  out.whole.device.name = name;
  out.whole.device.pci_bus_id = pci;
  return out;
}

Part slice(const char* uuid, std::uint32_t gpu_instance, std::uint32_t compute_instance) {
  Part out;
  out.device.uuid = uuid;
  out.device.mig = true;
  out.gpu_instance = gpu_instance;
  out.compute_instance = compute_instance;
  return out;
}

// UUIDs of what is left, joined by blanks.
std::string left(const std::vector<Card>& cards, std::optional<std::string_view> environment) {
  std::string out;
  for (const Part& part : visible(cards, environment)) out += (out.empty() ? "" : " ") + part.device.uuid;
  return out;
}

std::vector<Card> four() { return {card("GPU-a0"), card("GPU-a1"), card("GPU-b2"), card("GPU-b3")}; }

// Two cards, the second cut in two.
std::vector<Card> cut() {
  std::vector<Card> cards = {card("GPU-a0"), card("GPU-b1")};
  cards[1].slices = {slice("MIG-c0", 3, 0), slice("MIG-c1", 5, 0)};
  return cards;
}

}  // namespace

TEST_CASE("visible: not set shows all") { CHECK(left(four(), std::nullopt) == "GPU-a0 GPU-a1 GPU-b2 GPU-b3"); }
TEST_CASE("visible: empty shows none") {
  CHECK(left(four(), "") == "");
  CHECK(left(four(), " ") == "");
}
TEST_CASE("visible: -1 and words show none") {
  for (const char* list : {"-1", "none", "NoDevFiles", "all", ",", "x0"}) CHECK_MESSAGE(left(four(), list) == "", list);
}
TEST_CASE("visible: indices choose and order") { CHECK(left(four(), "2,0") == "GPU-b2 GPU-a0"); }
TEST_CASE("visible: blanks around indices do not matter") { CHECK(left(four(), " 2 , 0 ") == "GPU-b2 GPU-a0"); }
TEST_CASE("visible: an invalid entry ends the list, what stands before it stays") {
  CHECK(left(four(), "0,2,-1,1") == "GPU-a0 GPU-b2");
  CHECK(left(four(), "0,4,1") == "GPU-a0");
  CHECK(left(four(), "0,,1") == "GPU-a0");
  CHECK(left(four(), "0,x,1") == "GPU-a0");
  CHECK(left(four(), "0,99999999999999999999,1") == "GPU-a0");
  CHECK(left(four(), "1,") == "GPU-a1");
}
TEST_CASE("visible: text after a number is ignored") { CHECK(left(four(), "1gpu2,+2ampere") == "GPU-a1 GPU-b2"); }
TEST_CASE("visible: a device named twice leaves none") {
  CHECK(left(four(), "0,1,0") == "");
  CHECK(left(four(), "GPU-a0,GPU-a0") == "");
}
TEST_CASE("visible: UUIDs choose and order") { CHECK(left(four(), "GPU-b3,GPU-a0") == "GPU-b3 GPU-a0"); }
TEST_CASE("visible: the start of a UUID is enough when it is one card's") {
  CHECK(left({card("GPU-abc"), card("GPU-xyz")}, "GPU-x") == "GPU-xyz");
}
TEST_CASE("visible: the start of two cards' UUIDs is invalid") {
  CHECK(left(four(), "GPU-a0,GPU-b,GPU-a1") == "GPU-a0");
  CHECK(left(four(), "GPU-") == "");
}
TEST_CASE("visible: an unknown UUID is invalid") { CHECK(left(four(), "GPU-a0,GPU-zz,GPU-a1") == "GPU-a0"); }
TEST_CASE("visible: the first entry decides the kind") {
  CHECK(left(four(), "GPU-a0,1") == "GPU-a0");
  CHECK(left(four(), "1,GPU-a0") == "GPU-a1");
}
TEST_CASE("visible: without the variable every slice is a device") { CHECK(left(cut(), std::nullopt) == "GPU-a0 MIG-c0 MIG-c1"); }
TEST_CASE("visible: a slice by its UUID") { CHECK(left(cut(), "MIG-c1") == "MIG-c1"); }
TEST_CASE("visible: a slice by card and instances") { CHECK(left(cut(), "MIG-GPU-b1/5/0") == "MIG-c1"); }
TEST_CASE("visible: instances that do not exist are invalid") {
  for (const char* list : {"MIG-GPU-b1/4/0", "MIG-GPU-b1/5/1", "MIG-GPU-zz/5/0", "MIG-GPU-b1/5", "MIG-GPU-b1", "MIG-GPU-b1//",
                           "MIG-GPU-b1/5/0x", "MIG-GPU-b1/4294967295/4294967295"})
    CHECK_MESSAGE(left(cut(), list) == "", list);
}
TEST_CASE("visible: a card that is cut stands for its first slice") {
  CHECK(left(cut(), "1") == "MIG-c0");
  CHECK(left(cut(), "GPU-b1") == "MIG-c0");
}
TEST_CASE("visible: a process sees one slice and nothing beside it") {
  CHECK(left(cut(), "MIG-c0,MIG-c1") == "MIG-c0");
  CHECK(left(cut(), "0,1") == "MIG-c0");
}
TEST_CASE("visible: nothing is chosen from nothing") { CHECK(left({}, "0,1") == ""); }
TEST_CASE("visible: a huge list ends") { CHECK(left(four(), "0," + std::string(1000000, ',')) == "GPU-a0"); }

TEST_CASE("order: equal cards stand by PCI address, for certain") {
  std::vector<Card> cards = {card("GPU-2", "NVIDIA L4", "0000:81:00.0"), card("GPU-1", "NVIDIA L4", "0000:18:00.0")};
  sort_as_cuda(cards, false);
  CHECK(cards[0].whole.device.uuid == "GPU-1");
  CHECK_FALSE(cards[0].whole.device.order_uncertain);
}

TEST_CASE("order: unequal cards stand by compute capability and multiprocessors, which is said to be uncertain") {
  std::vector<Card> cards = {card("GPU-t4", "Tesla T4", "0000:01:00.0"), card("GPU-3060", "RTX 3060", "0000:02:00.0"),
                             card("GPU-3090", "RTX 3090", "0000:03:00.0")};
  cards[0].whole.device.compute_major = 7;
  cards[1].whole.device.compute_major = cards[2].whole.device.compute_major = 8;
  cards[1].whole.device.multiprocessors = 28;
  cards[2].whole.device.multiprocessors = 82;
  sort_as_cuda(cards, false);
  CHECK(left(cards, std::nullopt) == "GPU-3090 GPU-3060 GPU-t4");
  CHECK(cards[2].whole.device.order_uncertain);
}

TEST_CASE("order: PCI_BUS_ID makes it certain for unequal cards") {
  Machine machine(R"(
card
  name Tesla T4
  uuid GPU-t4
  pci 0000:01:00
  capability 7.5
  total 15360
card
  name NVIDIA L4
  uuid GPU-l4
  pci 0000:02:00
  capability 8.9
  total 23034
)");
  const auto guessed = machine.detect();
  REQUIRE(guessed);
  CHECK(guessed->at(0).name == "NVIDIA L4");
  CHECK(guessed->at(0).order_uncertain);
  machine.set("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
  const auto certain = machine.detect();
  REQUIRE(certain);
  CHECK(certain->at(0).name == "Tesla T4");
  CHECK_FALSE(certain->at(0).order_uncertain);
}

TEST_CASE("visible: devices are numbered as the process will see them") {
  Machine machine(
      "card\n name NVIDIA L4\n uuid GPU-1\n pci 0:1:0\n total 23034\ncard\n name NVIDIA L4\n uuid GPU-2\n pci 0:2:0\n total "
      "23034\n");
  machine.set("CUDA_VISIBLE_DEVICES", "1");
  const auto devices = machine.detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 1);
  CHECK(devices->front().uuid == "GPU-2");
  CHECK(devices->front().index == 0);
}

TEST_CASE("visible: hidden cards are no reason to look for other vendors'") {
  Machine machine("card\n name NVIDIA L4\n uuid GPU-1\n pci 0:1:0\n total 23034\n");
  machine.file("sys/class/drm/card0/device/vendor", "0x1002\n")
      .file("sys/class/drm/card0/device/mem_info_vram_total", "17163091968\n");
  machine.set("CUDA_VISIBLE_DEVICES", "");
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->empty());
}

TEST_CASE("visible: the environment is ignored on request") {
  Machine machine("card\n name NVIDIA L4\n uuid GPU-1\n pci 0:1:0\n total 23034\n");
  machine.set("CUDA_VISIBLE_DEVICES", "");
  machine.sources.use_environment = false;
  const auto devices = machine.detect();
  REQUIRE(devices);
  CHECK(devices->size() == 1);
}
