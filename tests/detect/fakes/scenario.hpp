// What the fake drivers pretend: the file that VRAMAUTO_FAKE_SCENARIO names, read anew at each nvmlInit or cuInit.
//
//   nvml.init 18                        status of nvmlInit; also nvml.count, cuda.init, cuda.count
//   card                                begins a card; the lines below are its own
//     name NVIDIA H100 80GB HBM3
//     uuid GPU-11111111-2222-3333-4444-555555555555
//     pci 0000:18:00                    domain:bus:device
//     capability 9.0
//     total 81559                       MiB; also reserved, used, cuda_total (default: total - reserved)
//     memory 3                          status of both memory functions; memory_v2: of the second alone; handle: of the card
//     multiprocessors 132               CUDA's
//     integrated 1                      CUDA's
//     mig_slots 7                       MIG mode is on
//   slice 2                             a MIG slice of the card above, in this slot, with the same lines, and gi, ci
//   cuda.devices 1 0 0.2                what CUDA shows, by card or card.slot; without it all cards in order
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace fake {

struct Unit {
  std::map<std::string, std::string> values;
  std::map<unsigned, Unit> slices;

  std::string text(const std::string& key) const {
    const auto at = values.find(key);
    return at == values.end() ? "" : at->second;
  }
  bool has(const std::string& key) const { return values.count(key) != 0; }
  int number(const std::string& key, int otherwise = 0) const { return has(key) ? std::atoi(text(key).c_str()) : otherwise; }
  std::uint64_t mib(const std::string& key) const { return std::strtoull(text(key).c_str(), nullptr, 10) << 20; }
  std::uint64_t free() const { return mib("total") - mib("reserved") - mib("used"); }
};

struct Scenario {
  Unit global;
  std::vector<Unit> cards;
};

inline std::string after_blanks(const std::string& text) {
  const std::size_t at = text.find_first_not_of(' ');
  return at == std::string::npos ? "" : text.substr(at);
}

inline Scenario read_scenario() {
  Scenario scenario;
  const char* path = std::getenv("VRAMAUTO_FAKE_SCENARIO");
  std::ifstream file(path != nullptr ? path : "");
  Unit* current = &scenario.global;
  for (std::string line; std::getline(file, line);) {
    line = after_blanks(line);
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string key = line.substr(0, end), value = after_blanks(line.substr(end));
    if (key == "card") {
      current = &scenario.cards.emplace_back();
    } else if (key == "slice") {
      current = &scenario.cards.back().slices[static_cast<unsigned>(std::atoi(value.c_str()))];
    } else if (!key.empty()) {
      (key.find('.') != std::string::npos ? scenario.global : *current).values[key] = value;
    }
  }
  return scenario;
}

}  // namespace fake
