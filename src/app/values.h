// SPDX-License-Identifier: Apache-2.0
// Texts of options as values, the same for flags, environment and file. Pure functions; an error
// says what was expected, and the caller puts the option's name before it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace palaver::app {

// A whole decimal number in the range.
[[nodiscard]] base::Result<std::uint64_t> parse_number(
    std::string_view text, std::uint64_t least = 0,
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
// A decimal number above 0 that may have a fraction.
[[nodiscard]] base::Result<double> parse_rate(std::string_view text);
// A number of bytes, perhaps with K, M or G (1024 each time).
[[nodiscard]] base::Result<std::size_t> parse_bytes(std::string_view text, std::size_t least,
                                                    std::size_t most);
// A number with ms, s, m, h or d.
[[nodiscard]] base::Result<std::chrono::milliseconds> parse_duration(
    std::string_view text, std::chrono::milliseconds least, std::chrono::milliseconds most);
// Elements between commas, without spaces around them; empty ones are left out.
[[nodiscard]] std::vector<std::string> parse_list(std::string_view text);

}  // namespace palaver::app
