// SPDX-License-Identifier: Apache-2.0
// until(): how a test waits for something real, a process or its network, which no fake clock
// moves. A condition is asked again and again; a deadline that passes ends the test with what was
// waited for. Nothing here waits for time alone.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace palaver::tests::support {

// Far above what a failover takes on a busy machine: it bounds a test that fails, not one that
// passes.
inline constexpr std::chrono::seconds kPatience{30};

// Returns as soon as `condition` holds. Throws std::runtime_error with `what()` when it has not
// after `patience`; GoogleTest reports it as the failure of the test.
void until(const std::function<bool()>& condition, const std::function<std::string()>& what,
           std::chrono::milliseconds patience = kPatience);

inline void until(const std::function<bool()>& condition, const std::string& what,
                  std::chrono::milliseconds patience = kPatience) {
  until(condition, [&what] { return what; }, patience);
}

}  // namespace palaver::tests::support
