// SPDX-License-Identifier: Apache-2.0
// "\r" goes back to the line's beginning and "\x1b[K" wipes what the last one left.
#include "bench/load/progress.h"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <utility>

namespace palaver::bench::load {

Progress::Progress(std::string name)
    : name_(std::move(name)), on_terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (on_terminal_) std::fputs("\r\x1b[K", stderr);
}

void Progress::show(const char* phase, std::uint64_t connections, std::uint64_t deliveries,
                    Nanos now) {
  if (!on_terminal_) return;
  double per_second = 0;
  // Recording may have begun anew since.
  if (last_shown_ != 0 && deliveries >= last_deliveries_ && now > last_shown_) {
    per_second = static_cast<double>(deliveries - last_deliveries_) * 1e9 /
                 static_cast<double>(now - last_shown_);
  }
  std::fprintf(stderr,
               "\r\x1b[K%s: %s, %" PRIu64 " connections, %" PRIu64 " deliveries, %.0f a second",
               name_.c_str(), phase, connections, deliveries, per_second);
  std::fflush(stderr);
  last_deliveries_ = deliveries;
  last_shown_ = now;
}

}  // namespace palaver::bench::load
