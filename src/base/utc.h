// SPDX-License-Identifier: Apache-2.0
// UTC times as text, without locale and without printf: fast enough for every message.
#pragma once

#include <string>

#include "base/clock.h"

namespace palaver::base {

// Appends "YYYY-MM-DD<separator>HH:MM:SS". Years 0 to 9999.
void append_utc(std::string& out, WallTime time, char separator);

// Appends the number in decimal with leading zeros; of a longer one the last `digits`.
void append_digits(std::string& out, unsigned number, unsigned digits);

}  // namespace palaver::base
