// Values of options as vLLM reads them: "32k" is 32,000, "32K" is 32,768.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "support/checked.hpp"
#include "support/result.hpp"

namespace vramauto::engine {

// A whole number, or one with a suffix: k m g t are powers of 1000 and take decimals, K M G T powers of 1024 and do not.
// Source: vLLM 0.33, utils/argparse_utils.py, human_readable_int.
Result<std::uint64_t> parse_count(std::string_view option, std::string_view value);

// The same, and "24GiB", "512 MiB", "80GB", "1.5GiB": *iB powers of 1024, *B powers of 1000.
Result<Bytes> parse_bytes(std::string_view option, std::string_view value);

Result<double> parse_number(std::string_view option, std::string_view value);
Result<bool> parse_switch(std::string_view option, std::string_view value);  // true false yes no on off 1 0; "" is true

}  // namespace vramauto::engine
