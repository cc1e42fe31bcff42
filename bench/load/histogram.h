// SPDX-License-Identifier: Apache-2.0
// Histogram: latencies in nanoseconds, 64 buckets for each power of two, so that a quantile is off
// by 1.6% at most and a record costs a few instructions. Owned by whoever measures; fixed memory
// (30 kB), never allocates after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace palaver::bench::load {

using Nanos = std::uint64_t;

class Histogram {
 public:
  Histogram();

  void record(Nanos value);
  void clear();

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Nanos max() const { return max_; }
  // The value that `fraction` (0 to 1) of the records do not exceed; 0 without records.
  [[nodiscard]] Nanos quantile(double fraction) const;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  Nanos max_ = 0;
};

}  // namespace palaver::bench::load
