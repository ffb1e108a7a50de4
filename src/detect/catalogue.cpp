#include "detect/catalogue.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "detect/words.hpp"

namespace vramauto::detect {
namespace {

constexpr std::size_t kLongestName = 128;  // the drivers' own buffers hold 96

// The parts of a name that tell one card from another.
struct Key {
  std::string full;        // "a10040gb"
  std::string bare;        // "a100": without sizes
  Bytes size = 0;          // 40 GiB; 0 when none is named
  bool in_remark = false;  // the size stands in parentheses: it is no part of `full`
};

bool is_filler(std::string_view word) {
  constexpr std::array<std::string_view, 14> kFiller = {"nvidia",   "amd", "intel",    "geforce", "tesla",      "quadro",  "radeon",
                                                        "instinct", "gpu", "graphics", "class",   "generation", "edition", "card"};
  return std::find(kFiller.begin(), kFiller.end(), word) != kFiller.end();
}

Key key_of(std::string_view name) {
  Key key;
  Words words(name);
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    if (is_filler(word)) continue;
    if (const auto size = words.size_of(word)) {
      key.in_remark = words.in_remark();
      if (!key.in_remark) key.full += *size % kGiB == 0 ? std::to_string(*size / kGiB) + "gb" : std::to_string(*size / kMiB) + "mb";
      key.size = *size;
      continue;
    }
    if (words.in_remark()) continue;
    key.full += word;
    key.bare += word;
  }
  return key;
}

// Boxes name a little more than drivers report: ECC takes a sixteenth, firmware its part.
bool has_size(const Gpu& gpu, Bytes size) {
  const Bytes total = Bytes{gpu.driver_total_mib != 0 ? gpu.driver_total_mib : gpu.cuda_total_mib} * kMiB;
  if (total == 0) return true;
  return total >= size / 100 * 90 && total <= size / 100 * 102;
}

// Calls f(name) for the name and every alias until one answers true.
template <class F>
bool any_name(const Gpu& gpu, F f) {
  if (f(gpu.name)) return true;
  std::string_view rest = gpu.aliases;
  while (!rest.empty()) {
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    if (f(rest.substr(0, bar))) return true;
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return false;
}

const Gpu* match(const Key& wanted, Bytes driver_total) {
  const Gpu* bare = nullptr;
  for (const Gpu& gpu : gpus()) {
    const bool fits = driver_total == 0 || gpu.unified || has_size(gpu, driver_total);
    // What is said of the size in a remark is true of the card, or of a name of it: "GH200 480GB" counts the host's memory.
    bool by_name = false, by_bare = false, by_size = !wanted.in_remark || has_size(gpu, wanted.size);
    any_name(gpu, [&](std::string_view name) {
      const Key key = key_of(name);
      by_name = by_name || key.full == wanted.full;
      by_bare = by_bare || key.bare == wanted.bare;
      by_size = by_size || key.size == wanted.size;
      return by_name && by_size;
    });
    if (by_name && by_size && fits) return &gpu;
    if (by_bare && bare == nullptr && fits && (wanted.size == 0 || has_size(gpu, wanted.size))) bare = &gpu;
  }
  return bare;
}

bool starts_with_digit(std::string_view text) { return !text.empty() && text.front() >= '0' && text.front() <= '9'; }

}  // namespace

const Gpu* find_gpu(std::string_view name, Bytes driver_total) {
  if (name.size() > kLongestName) return nullptr;
  Key wanted = key_of(name);
  if (wanted.bare.empty()) return nullptr;
  if (const Gpu* gpu = match(wanted, driver_total)) return gpu;
  if (!starts_with_digit(wanted.bare)) return nullptr;
  for (const char* series : {"rtx", "gtx"}) {  // "4090"
    const Key longer{series + wanted.full, series + wanted.bare, wanted.size};
    if (const Gpu* gpu = match(longer, driver_total)) return gpu;
  }
  return nullptr;
}

bool names_a_card(std::string_view name) { return !key_of(name).bare.empty(); }

Bytes driver_reserve(Bytes driver_total) { return std::min(890 * kMiB, 340 * kMiB + driver_total / kGiB * 12 * kMiB); }

Capacity capacity(const Gpu& gpu) {
  if (gpu.cuda_total_mib != 0) return {gpu.cuda_total_mib * kMiB, false};
  const Bytes driver = gpu.driver_total_mib * kMiB;
  if (driver == 0) return {};
  return {driver - std::min(driver, driver_reserve(driver)), true};
}

}  // namespace vramauto::detect
