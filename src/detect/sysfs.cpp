// AMD and Intel: what the kernel's files tell, no more.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>

#include "detect/cards.hpp"
#include "detect/host.hpp"
#include "support/order.hpp"
#include "support/text.hpp"

namespace vramauto::detect {
namespace {

struct PciName {
  std::uint32_t vendor, device;
  std::string_view name;
};
// For cards whose driver tells no product name (pci.ids of the PCI ID project).
constexpr PciName kNames[] = {
    {0x1002, 0x738c, "AMD Instinct MI100"},  {0x1002, 0x7408, "AMD Instinct MI250X"}, {0x1002, 0x740c, "AMD Instinct MI250X"},
    {0x1002, 0x740f, "AMD Instinct MI210"},  {0x1002, 0x74a1, "AMD Instinct MI300X"}, {0x1002, 0x74b5, "AMD Instinct MI300X VF"},
    {0x1002, 0x74a5, "AMD Instinct MI325X"}, {0x1002, 0x75a3, "AMD Instinct MI355X"}, {0x8086, 0x56a0, "Intel Arc A770"},
    {0x8086, 0xe20b, "Intel Arc B580"},
};

// What a file without the line, "0x74a1\n", means is 0.
std::uint32_t hexadecimal(const std::string& path) {
  const std::string text = kernel_file(path);
  std::string_view digits = text::trim(text);
  if (digits.substr(0, 2) == "0x") digits.remove_prefix(2);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return error == std::errc{} ? value : 0;
}

std::string link_name(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  if (size <= 0) return {};
  const std::string text(target.data(), static_cast<std::size_t>(size));
  return text.substr(text.rfind('/') + 1);
}

std::string name_of(const std::string& device, std::uint32_t vendor, std::uint32_t id) {
  const std::string product = kernel_file(device + "/product_name");
  const std::string_view told = text::trim(product);
  const std::string_view maker = vendor == 0x1002 ? "AMD" : "Intel";
  if (!told.empty() && text::is_utf8(told) && told.size() <= 128)
    return text::starts_with_ignoring_case(told, maker) ? std::string(told) : fmt::format("{} {}", maker, told);
  for (const PciName& known : kNames)
    if (known.vendor == vendor && known.device == id) return std::string(known.name);
  return fmt::format("{} GPU {:04x}:{:04x}", maker, vendor, id);
}

// An APU's own memory is a slice of the host's that firmware set aside; it may take the larger GTT part too. Ollama's rule: cards
// name their memory's maker or their board, an APU has little memory of its own beside a large GTT (ollama, discover/gpu_linux.go).
bool is_apu(const std::string& device, Bytes own, Bytes gtt) {
  if (!kernel_file(device + "/mem_info_vram_vendor").empty() || !kernel_file(device + "/board_info").empty()) return false;
  return own <= 4 * kGiB && gtt >= 8 * kGiB && gtt / 4 >= own;
}

bool read_amd(const std::string& root, const std::string& device, Device& out) {
  const auto total = kernel_number(device + "/mem_info_vram_total");
  const auto used = kernel_number(device + "/mem_info_vram_used");
  if (!total || *total == 0) return false;
  const Bytes gtt = kernel_number(device + "/mem_info_gtt_total").value_or(0);
  out.total_bytes = *total;
  if (used) out.free_bytes = *total - std::min(*total, *used);
  out.driver_total_bytes = *total;
  if (!is_apu(device, *total, gtt)) return true;
  out.unified_memory = true;
  out.total_bytes = saturating_add(*total, gtt);
  out.free_bytes = VRAMAUTO_UNKNOWN;
  if (const auto host = host_memory(root)) out.free_bytes = std::min(out.total_bytes, host->available);
  return true;
}

// xe tells sizes through the dmem control group only: "drm/0000:03:00.0/vram0 8514437120".
std::optional<Bytes> region_size(const std::string& root, const std::string& pci) {
  const std::string text = kernel_file(root + "/sys/fs/cgroup/dmem.capacity");
  const std::string key = "drm/" + pci + "/vram0 ";
  const std::size_t at = text.find(key);
  if (at == std::string::npos) return std::nullopt;
  return leading_number(std::string_view(text).substr(at + key.size()));
}

// Graphics inside the processor have neither file and are no device.
bool read_intel(const std::string& root, const std::string& card, const std::string& pci, Device& out) {
  auto total = kernel_number(card + "/lmem_total_bytes");  // i915
  if (!total) total = region_size(root, pci);
  if (!total || *total == 0) return false;
  out.total_bytes = out.driver_total_bytes = *total;
  return true;
}

bool is_card(std::string_view name) {
  if (name.substr(0, 4) != "card" || name.size() == 4) return false;
  return name.find_first_not_of("0123456789", 4) == std::string_view::npos;  // connectors are "card0-HDMI-A-1"
}

}  // namespace

std::vector<Device> read_sysfs(const std::string& root) {
  std::vector<Device> amd, intel;
  const std::string folder = root + "/sys/class/drm/";
  for (const std::string& name : names_in(folder)) {
    if (!is_card(name)) continue;
    const std::string card = folder + name, device = card + "/device";
    const std::uint32_t vendor = hexadecimal(device + "/vendor");
    if (vendor != 0x1002 && vendor != 0x8086) continue;
    Device found;
    found.source = "sysfs";
    found.pci_bus_id = link_name(device);
    found.name = name_of(device, vendor, hexadecimal(device + "/device"));
    if (vendor == 0x1002 && read_amd(root, device, found)) amd.push_back(found);
    if (vendor == 0x8086 && read_intel(root, card, found.pci_bus_id, found)) intel.push_back(found);
  }
  const auto by_pci = [](const Device& a, const Device& b) { return a.pci_bus_id < b.pci_bus_id; };
  sort_stably(amd, by_pci);
  sort_stably(intel, by_pci);
  return amd.empty() ? intel : amd;  // an engine serves one vendor's cards
}

}  // namespace vramauto::detect
