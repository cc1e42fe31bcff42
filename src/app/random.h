// SPDX-License-Identifier: Apache-2.0
// random_number: from the system, unlike in every other process.
#pragma once

#include <cstdint>

namespace palaver::app {

[[nodiscard]] std::uint64_t random_number();

}  // namespace palaver::app
