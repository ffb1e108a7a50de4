#include "detect/catalogue.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace vramauto;
using namespace vramauto::detect;

namespace {

// The driver's name of the card that is found, or "nothing".
std::string found(std::string_view name, Bytes driver_total = 0) {
  const Gpu* gpu = find_gpu(name, driver_total);
  return gpu == nullptr ? "nothing" : std::string(gpu->name);
}

}  // namespace

TEST_CASE("catalogue: the names drivers report find themselves") {
  for (const Gpu& gpu : gpus()) CHECK(found(gpu.name) == gpu.name);
}

TEST_CASE("catalogue: no alias leads to two cards") {
  for (const Gpu& gpu : gpus()) {
    std::string rest(gpu.aliases);
    while (!rest.empty()) {
      const std::string alias = rest.substr(0, rest.find('|'));
      rest.erase(0, std::min(alias.size() + 1, rest.size()));
      CHECK_MESSAGE(found(alias) == gpu.name, alias);
    }
  }
}

TEST_CASE("catalogue: names from logs of NVIDIA's data-centre cards") {
  for (const char* name :
       {"NVIDIA H100 80GB HBM3", "NVIDIA H100 PCIe", "NVIDIA H100 NVL", "NVIDIA A100-SXM4-80GB", "NVIDIA A100-SXM4-40GB",
        "NVIDIA A100-PCIE-40GB", "NVIDIA A100 80GB PCIe", "NVIDIA L4", "NVIDIA L40S", "NVIDIA H200", "NVIDIA B200", "NVIDIA GB200",
        "NVIDIA RTX PRO 6000 Blackwell Server Edition", "Tesla T4", "NVIDIA A10G", "NVIDIA GB10"})
    CHECK(found(name) == name);
}

TEST_CASE("catalogue: names people write") {
  CHECK(found("RTX 4090") == "NVIDIA GeForce RTX 4090");
  CHECK(found("rtx4090") == "NVIDIA GeForce RTX 4090");
  CHECK(found("RTX-4090") == "NVIDIA GeForce RTX 4090");
  CHECK(found("4090") == "NVIDIA GeForce RTX 4090");
  CHECK(found("3090 Ti") == "NVIDIA GeForce RTX 3090 Ti");
  CHECK(found("4080 super") == "NVIDIA GeForce RTX 4080 SUPER");
  CHECK(found("1080") == "NVIDIA GeForce GTX 1080");
  CHECK(found("GeForce RTX 4060 Ti") == "NVIDIA GeForce RTX 4060 Ti 8GB");
  CHECK(found("NVIDIA RTX 6000 Ada") == "NVIDIA RTX 6000 Ada Generation");
  CHECK(found("H100") == "NVIDIA H100 80GB HBM3");
  CHECK(found("H100 80GB") == "NVIDIA H100 80GB HBM3");
  CHECK(found("H100-80GB") == "NVIDIA H100 80GB HBM3");
  CHECK(found("nvidia h100 80 gb") == "NVIDIA H100 80GB HBM3");
  CHECK(found("H100 PCIe") == "NVIDIA H100 PCIe");
  CHECK(found("A100") == "NVIDIA A100-SXM4-80GB");
  CHECK(found("A100 80GB") == "NVIDIA A100-SXM4-80GB");
  CHECK(found("A100 40GB") == "NVIDIA A100-SXM4-40GB");
  CHECK(found("A100-40G") == "NVIDIA A100-SXM4-40GB");
  CHECK(found("H200 141GB") == "NVIDIA H200");
  CHECK(found("B200") == "NVIDIA B200");
  CHECK(found("B200 180GB") == "NVIDIA B200");
  CHECK(found("GB200") == "NVIDIA GB200");
  CHECK(found("L40S") == "NVIDIA L40S");
  CHECK(found("MI300X") == "AMD Instinct MI300X");
  CHECK(found("DGX Spark") == "NVIDIA GB10");
  CHECK(found("RTX PRO 6000") == "NVIDIA RTX PRO 6000 Blackwell Server Edition");
  CHECK(found("Jetson Orin Nano 8GB") == "Jetson Orin NX 8GB");
  CHECK(found("Intel(R) Arc(TM) A770 Graphics") == "Intel Arc A770");
}

TEST_CASE("catalogue: remarks in parentheses do not hide a card") {
  CHECK(found("Tesla T4 (15360 MiB)") == "Tesla T4");
  CHECK(found("NVIDIA GeForce RTX 4090 (WSL2)") == "NVIDIA GeForce RTX 4090");
  CHECK(found("RTX PRO 6000 Blackwell (96 GB)") == "NVIDIA RTX PRO 6000 Blackwell Server Edition");
  CHECK(found("B200-class (178.36 GiB)") == "NVIDIA B200");
  CHECK(found("Orin (nvgpu)") == "Jetson AGX Orin 64GB");
}

TEST_CASE("catalogue: a size in a remark is the card's") {
  CHECK(found("Orin (Jetson Orin Nano/NX 8GB)") == "Jetson Orin NX 8GB");
  CHECK(found("Orin (Jetson AGX Orin 64GB)") == "Jetson AGX Orin 64GB");
  CHECK(found("Orin (32GB)") == "nothing");
  CHECK(found("RTX 4090 (48 GB)") == "nothing");
  CHECK(found("A100 (40GB)") == "NVIDIA A100-SXM4-40GB");
  CHECK(found("GH200 (480GB)") == "NVIDIA GH200 480GB");
}

TEST_CASE("catalogue: a size that no card of that name has finds nothing") {
  CHECK(found("RTX 4090 48GB") == "nothing");
  CHECK(found("A100 20GB") == "nothing");
  CHECK(found("H100 80GB HBM3 MIG 1g.10gb") == "nothing");
}

TEST_CASE("catalogue: what is no name finds nothing") {
  for (const char* name :
       {"", " ", "NVIDIA", "80GB", "24", "GeForce", "Voodoo 3", "RTX", "((((", ")(", "H100H100", "....", "9999999999999999999gb"})
    CHECK_MESSAGE(found(name) == "nothing", name);
  CHECK(found(std::string(100000, '(')) == "nothing");
}

TEST_CASE("catalogue: the driver's total tells cards of one name apart") {
  CHECK(found("NVIDIA GeForce RTX 4060 Ti", 16380 * kMiB) == "NVIDIA GeForce RTX 4060 Ti 16GB");
  CHECK(found("NVIDIA GeForce RTX 4060 Ti", 8188 * kMiB) == "NVIDIA GeForce RTX 4060 Ti 8GB");
  CHECK(found("NVIDIA GeForce RTX 4060 Ti", 32000 * kMiB) == "nothing");
}

TEST_CASE("catalogue: H100 80GB has the total that engines see") {
  const Capacity h100 = capacity(*find_gpu("H100 80GB"));
  CHECK(h100.bytes >= 81081 * kMiB);
  CHECK(h100.bytes <= 81090 * kMiB);
  CHECK_FALSE(h100.estimated);
}

TEST_CASE("catalogue: every card but none has a total") {
  for (const Gpu& gpu : gpus()) CHECK_MESSAGE(capacity(gpu).bytes > 2 * kGiB, gpu.name);
}

TEST_CASE("catalogue: without a CUDA total it is the driver's less a bound of what drivers keep, and said to be estimated") {
  const Capacity h100 = capacity(*find_gpu("H100 PCIe"));
  CHECK(h100.bytes == (81559 - 890) * kMiB);
  CHECK(h100.estimated);
}

TEST_CASE("catalogue: the bound of what drivers keep covers every pair of totals") {
  for (const Gpu& gpu : gpus())
    if (gpu.cuda_total_mib != 0 && gpu.driver_total_mib != 0)
      CHECK_MESSAGE(gpu.cuda_total_mib * kMiB >= gpu.driver_total_mib * kMiB - driver_reserve(gpu.driver_total_mib * kMiB),
                    gpu.name);
}

TEST_CASE("catalogue: no CUDA total exceeds the driver's") {
  for (const Gpu& gpu : gpus())
    if (gpu.driver_total_mib != 0) CHECK_MESSAGE(gpu.cuda_total_mib <= gpu.driver_total_mib, gpu.name);
}

TEST_CASE("catalogue: every NVIDIA card has a compute capability and multiprocessors") {
  for (const Gpu& gpu : gpus()) {
    const bool other = gpu.name.substr(0, 3) == "AMD" || gpu.name.substr(0, 5) == "Intel";
    CHECK_MESSAGE((gpu.compute_capability >= 37) == !other, gpu.name);
    CHECK_MESSAGE((gpu.multiprocessors > 0) == !other, gpu.name);
  }
}
