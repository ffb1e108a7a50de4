// GPUs that are written down: as text and as JSON.
#include <doctest/doctest.h>

#include "machine.hpp"

using namespace vramauto;
using namespace vramauto::detect;

namespace {

std::string message(std::string_view text) {
  const auto devices = parse(text);
  return devices ? "no error" : devices.error().message;
}

vramauto_status status(std::string_view text) {
  const auto devices = parse(text);
  return devices ? VRAMAUTO_OK : devices.error().status;
}

Bytes total(std::string_view text) {
  const auto devices = parse(text);
  return devices && !devices->empty() ? devices->front().total_bytes : 0;
}

std::string json(const std::string& members) { return R"({"devices": [{)" + members + "}]}"; }

void check_equal(const Device& a, const Device& b) {
  CHECK(a.index == b.index);
  CHECK(a.name == b.name);
  CHECK(a.uuid == b.uuid);
  CHECK(a.pci_bus_id == b.pci_bus_id);
  CHECK(a.source == b.source);
  CHECK(a.total_bytes == b.total_bytes);
  CHECK(a.free_bytes == b.free_bytes);
  CHECK(a.driver_total_bytes == b.driver_total_bytes);
  CHECK(a.compute_major == b.compute_major);
  CHECK(a.compute_minor == b.compute_minor);
  CHECK(a.multiprocessors == b.multiprocessors);
  CHECK(a.unified_memory == b.unified_memory);
  CHECK(a.mig == b.mig);
  CHECK(a.total_from_catalogue == b.total_from_catalogue);
  CHECK(a.total_estimated == b.total_estimated);
  CHECK(a.order_uncertain == b.order_uncertain);
  CHECK(a.node == b.node);
  CHECK(a.nvlink == b.nvlink);
}

void check_round_trip(const std::vector<Device>& devices) {
  const auto again = parse(to_json(devices));
  REQUIRE_MESSAGE(again, to_json(devices));
  REQUIRE(again->size() == devices.size());
  for (std::size_t i = 0; i < devices.size(); ++i) check_equal(devices[i], (*again)[i]);
}

}  // namespace

TEST_CASE("text: a card by name takes everything from the catalogue, and is empty") {
  const auto devices = parse("H100 80GB");
  REQUIRE(devices);
  REQUIRE(devices->size() == 1);
  const Device& d = devices->front();
  CHECK(d.name == "NVIDIA H100 80GB HBM3");
  CHECK(d.source == "catalogue");
  CHECK(d.total_bytes == 81081 * kMiB);
  CHECK(d.free_bytes == VRAMAUTO_UNKNOWN);
  CHECK(d.driver_total_bytes == 81559 * kMiB);
  CHECK(d.compute_major == 9);
  CHECK(d.multiprocessors == 132);
  CHECK(d.total_from_catalogue);
}

TEST_CASE("text: a count") {
  for (const char* text :
       {"2x RTX 4090", "2 x RTX 4090", "2xRTX 4090", "2X rtx4090", "2* 4090", "2\u00d7 4090", "RTX 4090, RTX 4090"}) {
    const auto devices = parse(text);
    REQUIRE_MESSAGE(devices, text);
    REQUIRE_MESSAGE(devices->size() == 2, text);
    CHECK(devices->at(1).name == "NVIDIA GeForce RTX 4090");
    CHECK(devices->at(1).index == 1);
  }
}

TEST_CASE("text: different cards in the order written") {
  const auto devices = parse("RTX 4090, 2x L40S");
  REQUIRE(devices);
  REQUIRE(devices->size() == 3);
  CHECK(devices->at(0).name == "NVIDIA GeForce RTX 4090");
  CHECK(devices->at(2).name == "NVIDIA L40S");
}

TEST_CASE("text: sizes; GiB is 2^30 and GB is 10^9") {
  CHECK(total("24GiB") == 24 * kGiB);
  CHECK(total("24 gib") == 24 * kGiB);
  CHECK(total("24GB") == 24000000000);
  CHECK(total("2x 24GiB") == 24 * kGiB);
  CHECK(total("2 x 24 GB") == 24000000000);
  CHECK(total("24576MiB") == 24 * kGiB);
  CHECK(total("79.5GiB") == 79 * kGiB + 512 * kMiB);
  CHECK(total("25769803776B") == 24 * kGiB);
}

TEST_CASE("text: a card known by size only has no name") {
  const auto devices = parse("24GiB");
  REQUIRE(devices);
  CHECK(devices->front().name == "");
  CHECK(devices->front().source == "given");
}

TEST_CASE("text: an unknown name without a size is a GPU of unknown size") {
  const auto devices = parse("2x Voodoo 3");
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK(devices->front().name == "Voodoo 3");
  CHECK(devices->front().total_bytes == VRAMAUTO_UNKNOWN);
}

TEST_CASE("text: an unknown name with a size has that size") {
  CHECK(total("Voodoo 3 16GiB") == 16 * kGiB);
  CHECK(total("Voodoo 3 16 GiB") == 16 * kGiB);
}

TEST_CASE("text: a known card of another size has the size that is written and the card's capability") {
  const auto devices = parse("RTX 4090 48GiB");
  REQUIRE(devices);
  CHECK(devices->front().name == "NVIDIA GeForce RTX 4090");
  CHECK(devices->front().total_bytes == 48 * kGiB);
  CHECK(devices->front().driver_total_bytes == VRAMAUTO_UNKNOWN);
  CHECK(devices->front().compute_minor == 9);
}

TEST_CASE("text: a number without a unit is refused, unless it is a card's") {
  CHECK(message("24") == "24 has no unit, expected a size such as 24GiB or a GPU's name");
  CHECK(status("24") == VRAMAUTO_E_ARGUMENT);
  CHECK(total("4090") == 24080 * kMiB);
}

TEST_CASE("text: what is neither size nor name is refused") {
  for (const char* text : {"24G", "24 GB card", "NVIDIA GPU", "(RTX 4090)", "?"})
    CHECK_MESSAGE(
        message(text) == std::string(text) + " is neither a size nor a GPU's name, expected for instance 24GiB or RTX 4090", text);
}

TEST_CASE("text: a comma inside a remark is part of the name") {
  const auto devices = parse("GB10 (DGX Spark, unified memory), L4");
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  CHECK(devices->at(0).name == "NVIDIA GB10");
  CHECK(devices->at(1).name == "NVIDIA L4");
}

TEST_CASE("text: no, negative and impossible sizes are refused") {
  CHECK(message("0GiB") == "0GiB is no memory, expected a size such as 24GiB");
  CHECK(message("-24GiB") == "-24GiB is negative, expected a size such as 24GiB");
  CHECK(message("5000000GiB") == "5000000GiB is beyond any GPU, expected at most 1048576 GiB");
  CHECK(message("99999999999999999999999999TiB").find("is beyond any GPU") != std::string::npos);
}

TEST_CASE("text: no and too many GPUs are refused") {
  CHECK(message("0x L4") == "0 GPUs, expected at least 1");
  CHECK(message("1025x L4") == "1025 GPUs, expected at most 1024");
  CHECK(message("1000x L4, 25x L4") == "1025 GPUs, expected at most 1024");
  CHECK(status("99999999999999999999999999x L4") == VRAMAUTO_E_LIMIT);
  CHECK(parse("1024x L4")->size() == 1024);
}

TEST_CASE("text: empty descriptions are refused") {
  for (const char* text : {"", " ", ",", "L4,", ",L4", "2x", "2x ,"}) CHECK_MESSAGE(status(text) != VRAMAUTO_OK, text);
}

TEST_CASE("text: oversized and unreadable text is refused") {
  CHECK(status(std::string(70000, 'a')) == VRAMAUTO_E_LIMIT);
  CHECK(status(std::string(300, 'a')) == VRAMAUTO_E_LIMIT);
  CHECK(status("\xff\xfe") == VRAMAUTO_E_ARGUMENT);
}

TEST_CASE("json: a name takes from the catalogue what is missing") {
  const auto devices = parse(json(R"("name": "RTX 4090", "free_bytes": 1000)"));
  REQUIRE(devices);
  CHECK(devices->front().total_bytes == 24080 * kMiB);
  CHECK(devices->front().free_bytes == 1000);
  CHECK(devices->front().source == "catalogue");
  CHECK(devices->front().compute_major == 8);
}

TEST_CASE("json: what is given stands") {
  const auto devices =
      parse(json(R"("name": "NVIDIA H100 80GB", "total_bytes": 85017755648, "compute_capability": "9.0", "index": 3)"));
  REQUIRE(devices);
  CHECK(devices->front().total_bytes == 85017755648);
  CHECK(devices->front().driver_total_bytes == 81559 * kMiB);
  CHECK(devices->front().source == "given");
  CHECK(devices->front().index == 3);
  CHECK_FALSE(devices->front().total_from_catalogue);
}

TEST_CASE("json: null is not known, and members nobody knows are ignored") {
  const auto devices = parse(json(R"("name": null, "total_bytes": 1073741824, "free_bytes": null, "colour": "green")"));
  REQUIRE(devices);
  CHECK(devices->front().free_bytes == VRAMAUTO_UNKNOWN);
}

TEST_CASE("json: an unknown name without a size is a GPU of unknown size") {
  const auto devices = parse(json(R"("name": "Voodoo 3")"));
  REQUIRE(devices);
  CHECK(devices->front().total_bytes == VRAMAUTO_UNKNOWN);
}

TEST_CASE("json: wrong members are refused with their place") {
  CHECK(message(json(R"("total_bytes": 0)")) == "/devices/0/total_bytes is 0, expected 1 to 1125899906842624");
  CHECK(message(json(R"("total_bytes": -5)")) == "/devices/0/total_bytes is -5, expected 1 to 1125899906842624");
  CHECK(message(json(R"("total_bytes": 9223372036854775807)")).find("/devices/0/total_bytes is 9223372036854775807") == 0);
  CHECK(message(json(R"("total_bytes": "24GiB")")) == "/devices/0/total_bytes is a string, expected an integer");
  CHECK(message(json(R"("total_bytes": 10, "free_bytes": -1)")).find("/devices/0/free_bytes is -1") == 0);
  CHECK(message(json(R"("total_bytes": 10, "free_bytes": 11)")) == "/devices/0/free_bytes is 11, expected at most total_bytes, 10");
  CHECK(message(json(R"("name": 5)")) == "/devices/0/name is an integer, expected a string");
  CHECK(message(json(R"("name": "L4", "compute_capability": "nine")")) ==
        "/devices/0/compute_capability is no version such as \"9.0\"");
  CHECK(message(json(R"("name": "L4", "mig": 1)")) == "/devices/0/mig is an integer, expected true or false");
  CHECK(message(json("")) == "/devices/0 has neither name nor total_bytes, expected one of them");
  CHECK(status(json(R"("total_bytes": -5)")) == VRAMAUTO_E_FORMAT);
}

TEST_CASE("json: wrong shapes are refused") {
  CHECK(message("{}") == "no \"devices\", expected {\"devices\": [...]}");
  CHECK(message("[]") == "no \"devices\", expected {\"devices\": [...]}");
  CHECK(message(R"({"devices": {}})") == "/devices is an object, expected an array");
  CHECK(message(R"({"devices": []})") == "/devices is empty, expected at least one device");
  CHECK(message(R"({"devices": [7]})") == "/devices/0 is an integer, expected an object");
  CHECK(message(R"({"devices": [{"name": "L4", "index": 1}, {"name": "L4"}]})") ==
        "/devices/1/index is 1, which another device has");
  CHECK(status(R"({"devices": [)") == VRAMAUTO_E_FORMAT);
}

TEST_CASE("json: more than 1024 devices are refused") {
  std::string text = R"({"devices": [{"name": "L4"})";
  for (int i = 0; i < 1024; ++i) text += R"(, {"name": "L4"})";
  CHECK(message(text + "]}") == "/devices has 1025 entries, expected at most 1024");
}

TEST_CASE("json: what was described as text is read back the same") {
  for (const char* text :
       {"2x RTX 4090, 24GiB", "H100 PCIe", "GB10", "MI300X", "Voodoo 3", "RTX 4090 48GiB", "L40", "H100 80GB HBM3 MIG 1g.10gb"}) {
    const auto devices = parse(text);
    REQUIRE(devices);
    check_round_trip(*devices);
  }
}

TEST_CASE("json: what was detected is read back the same") {
  const auto devices = Machine(R"(
card
  name NVIDIA A100-SXM4-80GB
  uuid GPU-11111111-2222-3333-4444-555555555555
  pci 0000:18:00
  capability 8.0
  mig_slots 7
slice 2
  name NVIDIA A100-SXM4-80GB MIG 2g.20gb
  uuid MIG-aaaaaaaa-2222-3333-4444-555555555555
  total 19968
card
  name NVIDIA GeForce RTX 4060 Ti
  uuid GPU-22222222-2222-3333-4444-555555555555
  pci 0000:19:00
  capability 8.9
  total 16380
)")
                           .detect();
  REQUIRE(devices);
  REQUIRE(devices->size() == 2);
  check_round_trip(*devices);
}

TEST_CASE("json: names are escaped") {
  Device device;
  device.name = "a \"b\" \\ c\n\x01 é";
  device.source = "given";
  device.total_bytes = 5;
  check_round_trip({device});
}

TEST_CASE("json: a name that is not UTF-8 is written readable") {
  Device device;
  device.name = "card \xff";
  CHECK(to_json({device}).find("\"card ?\"") != std::string::npos);
}

TEST_CASE("json: one device a line") {
  CHECK(to_json(*parse("24GiB")) ==
        "{\"devices\": [\n"
        "{\"index\": 0, \"name\": \"\", \"uuid\": \"\", \"pci_bus_id\": \"\", \"source\": \"given\", \"total_bytes\": 25769803776, "
        "\"free_bytes\": null, \"driver_total_bytes\": null, \"compute_capability\": null, \"multiprocessors\": null, "
        "\"unified_memory\": false, \"mig\": false, \"total_from_catalogue\": false, \"total_estimated\": false, "
        "\"order_uncertain\": false}\n]}\n");
}

TEST_CASE("text: GPUs of several nodes are numbered on each") {
  const auto devices = parse("L4, 2 nodes of 2x H100 80GB, A10");
  REQUIRE(devices);
  std::string places;
  for (const auto& device : *devices) places += std::to_string(device.node) + ":" + std::to_string(device.index) + " ";
  CHECK(places == "0:0 1:0 1:1 2:0 2:1 2:2 ");
  check_round_trip(*devices);
  CHECK(parse("1 node of L4")->front().node == 0);
  CHECK(status("0 nodes of L4") == VRAMAUTO_E_ARGUMENT);
  CHECK(status("1000 nodes of 8x L4") == VRAMAUTO_E_LIMIT);
  CHECK(status("99999999999999999999 nodes of L4") == VRAMAUTO_E_LIMIT);
  CHECK(status("2 nodes of ") == VRAMAUTO_E_ARGUMENT);
}

TEST_CASE("json: nodes and links") {
  const auto devices = parse(R"({"devices": [{"name": "L4"}, {"name": "L4", "index": 0, "node": 3, "nvlink": false}]})");
  REQUIRE(devices);
  CHECK((*devices)[0].nvlink == Link::unknown);
  CHECK((*devices)[1].nvlink == Link::none);
  CHECK((*devices)[1].node == 3);
  check_round_trip(*devices);
  CHECK(message(json(R"("name": "L4", "node": -1)")) == "/devices/0/node is -1, expected 0 to 1023");
  CHECK(message(json(R"("name": "L4", "nvlink": 1)")) == "/devices/0/nvlink is an integer, expected true or false");
}
