// SPDX-License-Identifier: Apache-2.0
// Backoff: how long a connection waits before it tries again: almost nothing the first time, then
// longer. Half of it is jitter, so that a fleet does not come back together. Owned by a connection.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

#include "base/clock.h"

namespace palaver::broker::redis {

class Backoff {
 public:
  // `began`: for the jitter alone.
  explicit Backoff(base::Instant began)
      : random_(static_cast<unsigned>(began.time_since_epoch().count())) {}

  [[nodiscard]] base::Duration next() {
    const auto most = std::min<std::int64_t>(50LL << std::min(failures_++, 5U), 1'000);
    const std::chrono::milliseconds delay{most / 2 + static_cast<long>(random_() % (most / 2 + 1))};
    return failures_ == 1 ? delay / 10 : delay;
  }
  // It went well.
  void reset() { failures_ = 0; }

 private:
  unsigned failures_ = 0;
  std::minstd_rand random_;
};

}  // namespace palaver::broker::redis
