// SPDX-License-Identifier: Apache-2.0
// Meter: what the server used in a window of time, as the kernel tells in /proc. The truth is the
// busy time of the core that the server is pinned to, softirq and kernel threads included; beside
// it stand the processes' own time and the generator's own. Owned by a scenario; it measures
// nothing between its calls and needs no right but that of the servers' user.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "bench/load/histogram.h"

namespace palaver::bench::load {

// Seconds.
struct Usage {
  double wall = 0;
  double core = 0;          // wall time of the server's cores less idle, iowait and steal
  double core_sampled = 0;  // user+nice+system+irq+softirq of the same lines, which ticks sample
  double steal = 0;         // taken by the hypervisor from the server's cores
  double process = 0;       // utime + stime of the server's processes
  double generator = 0;     // user and system time of this process
};

class Meter {
 public:
  Meter(std::vector<unsigned> cores, std::vector<int> pids);

  void start();
  // Since start(). May be called again and again.
  [[nodiscard]] Usage read() const;

 private:
  [[nodiscard]] Usage total() const;

  std::vector<unsigned> cores_;
  std::vector<int> pids_;
  Usage start_;
};

// Proportional set size of the processes, in bytes.
[[nodiscard]] base::Result<std::uint64_t> pss_bytes(const std::vector<int>& pids);

}  // namespace palaver::bench::load
