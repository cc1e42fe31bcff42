// SPDX-License-Identifier: Apache-2.0
// TokenBucket: whether one more may happen now, at a rate that allows bursts. Plain state, 16
// bytes; whoever asks tells the time and the bounds.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace palaver::base {

class TokenBucket {
 public:
  struct Rate {
    double per_second;
    double burst;
  };

  // Full.
  TokenBucket(const Rate& rate, Instant now) : tokens_(rate.burst), refilled_(now) {}

  // Takes one if there is one.
  [[nodiscard]] bool take(const Rate& rate, Instant now) {
    const std::chrono::duration<double> passed = now - refilled_;
    refilled_ = now;
    tokens_ = std::min(tokens_ + passed.count() * rate.per_second, rate.burst);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double tokens_;
  Instant refilled_;
};

}  // namespace palaver::base
