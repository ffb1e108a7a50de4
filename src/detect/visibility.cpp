#include "detect/visibility.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "support/order.hpp"
#include "support/text.hpp"

namespace vramauto::detect {
namespace {

constexpr std::size_t kMostEntries = 4096;

const Part* first_part(const Card& card) { return card.slices.empty() ? &card.whole : &card.slices.front(); }

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }
bool is_index(std::string_view entry) { return !starts_with(entry, "GPU-") && !starts_with(entry, "MIG-"); }

// nullptr: invalid.
const Part* by_index(const std::vector<Card>& cards, std::string_view entry) {
  if (starts_with(entry, "+")) entry.remove_prefix(1);
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(entry.data(), entry.data() + entry.size(), index);
  if (error != std::errc{} || end == entry.data() || index >= cards.size()) return nullptr;
  return first_part(cards[index]);
}

// The only part whose UUID starts so; nullptr when none or several do.
const Part* by_uuid(const std::vector<Card>& cards, std::string_view start) {
  const Part* found = nullptr;
  const auto consider = [&](const Part& part, const Part* meant) {
    if (!starts_with(part.device.uuid, start)) return true;
    if (found != nullptr) return false;
    found = meant;
    return true;
  };
  for (const Card& card : cards) {
    if (!consider(card.whole, first_part(card))) return nullptr;
    for (const Part& slice : card.slices)
      if (!consider(slice, &slice)) return nullptr;
  }
  return found;
}

// "GPU-8932f937-…/1/0", without the leading "MIG-".
const Part* by_instances(const std::vector<Card>& cards, std::string_view entry) {
  const std::size_t first = entry.find('/');
  const std::size_t second = first == std::string_view::npos ? first : entry.find('/', first + 1);
  if (second == std::string_view::npos) return nullptr;
  const auto number = [](std::string_view text) {
    std::uint32_t value = UINT32_MAX;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : UINT32_MAX;
  };
  const std::uint32_t gpu = number(entry.substr(first + 1, second - first - 1)), compute = number(entry.substr(second + 1));
  if (gpu == UINT32_MAX || compute == UINT32_MAX) return nullptr;
  for (const Card& card : cards) {
    if (card.whole.device.uuid != entry.substr(0, first)) continue;
    for (const Part& slice : card.slices)
      if (slice.gpu_instance == gpu && slice.compute_instance == compute) return &slice;
  }
  return nullptr;
}

const Part* resolve(const std::vector<Card>& cards, std::string_view entry) {
  if (is_index(entry)) return by_index(cards, entry);
  if (starts_with(entry, "MIG-GPU-")) return by_instances(cards, entry.substr(4));
  return by_uuid(cards, entry);
}

std::vector<const Part*> chosen(const std::vector<Card>& cards, std::string_view list) {
  std::vector<const Part*> parts;
  bool first = true, indices = false;
  for (std::size_t i = 0; i < kMostEntries; ++i) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view entry = text::trim(list.substr(0, end));
    if (first) indices = is_index(entry);
    first = false;
    const Part* part = is_index(entry) == indices ? resolve(cards, entry) : nullptr;
    if (part == nullptr) break;
    if (std::find(parts.begin(), parts.end(), part) != parts.end()) return {};
    parts.push_back(part);
    if (end == list.size()) break;
    list.remove_prefix(end + 1);
  }
  return parts;
}

bool all_equal(const std::vector<Card>& cards) {
  return std::all_of(cards.begin(), cards.end(),
                     [&](const Card& card) { return card.whole.device.name == cards[0].whole.device.name; });
}

}  // namespace

void sort_as_cuda(std::vector<Card>& cards, bool by_pci) {
  sort_stably(cards, [](const Card& a, const Card& b) { return a.whole.device.pci_bus_id < b.whole.device.pci_bus_id; });
  if (by_pci || all_equal(cards)) return;
  const auto speed = [](const Card& card) {
    const Device& d = card.whole.device;
    return std::tuple(d.compute_major, d.compute_minor, d.multiprocessors);
  };
  sort_stably(cards, [&](const Card& a, const Card& b) { return speed(a) > speed(b); });
  for (Card& card : cards) {
    card.whole.device.order_uncertain = true;
    for (Part& slice : card.slices) slice.device.order_uncertain = true;
  }
}

std::vector<Part> visible(const std::vector<Card>& cards, std::optional<std::string_view> environment) {
  std::vector<Part> parts;
  if (!environment) {
    for (const Card& card : cards) {
      if (card.slices.empty()) parts.push_back(card.whole);
      parts.insert(parts.end(), card.slices.begin(), card.slices.end());
    }
    return parts;
  }
  const std::vector<const Part*> list = chosen(cards, *environment);
  const auto slice = std::find_if(list.begin(), list.end(), [](const Part* part) { return part->device.mig; });
  if (slice != list.end()) return {**slice};
  for (const Part* part : list) parts.push_back(*part);
  return parts;
}

}  // namespace vramauto::detect
