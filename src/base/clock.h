// SPDX-License-Identifier: Apache-2.0
// Clock: where time comes from. One instance belongs to one thread; net::Loop is the real one,
// tests and the simulation bring their own. Code outside net/ asks a Clock and never the system.
#pragma once

#include <chrono>

namespace palaver::base {

using Duration = std::chrono::nanoseconds;
// Monotonic; has no meaning outside the process.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;
// UTC, may jump.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  // The time at which the loop's turn began or later: may stand still within a turn, never goes
  // back.
  [[nodiscard]] virtual Instant now() const = 0;
  [[nodiscard]] virtual WallTime wall_now() const = 0;
};

}  // namespace palaver::base
