// The library's option table, asked by the names that an engine's command line uses.
#pragma once

#include <string>
#include <vector>

#include "vramauto/vramauto.h"

namespace client {

enum OptionType : std::uint32_t { kSwitch = 1, kInteger, kNumber, kBytes, kChoice, kText, kJson, kWords };  // of vramauto_option_info

std::vector<vramauto_option_info> known_options();

struct NamedOption {
  const char* name = nullptr;  // nullptr: the table has none of that name
  std::uint32_t type = 0;
  bool negated = false;  // "no-…", or "disable-…" for "enable-…"

  explicit operator bool() const { return name != nullptr; }
  bool is_switch() const { return type == kSwitch; }
};

// "max-model-len" or "max_model_len"; of switches also "no-…".
NamedOption option_named(std::string name);
// "tp" for tensor-parallel-size.
NamedOption option_of_short_name(const std::string& short_name);
// An option whose name begins like that, and goes on: what argparse takes an abbreviation for.
NamedOption option_abbreviated(std::string name);

}  // namespace client
