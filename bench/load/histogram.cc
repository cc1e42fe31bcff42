// SPDX-License-Identifier: Apache-2.0
// Values below 128 have a bucket each; above, the six bits after the leading one choose among the
// 64 buckets of the value's power of two.
#include "bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace palaver::bench::load {
namespace {

constexpr unsigned kSubBits = 6;
constexpr std::size_t kSubBuckets = std::size_t{1} << kSubBits;
constexpr std::size_t kBuckets = (64 - kSubBits) * kSubBuckets + kSubBuckets;

unsigned exponent_of(Nanos value) {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  return width <= kSubBits + 1 ? 0 : width - kSubBits - 1;
}

std::size_t bucket_of(Nanos value) {
  const unsigned exponent = exponent_of(value);
  return exponent * kSubBuckets + static_cast<std::size_t>(value >> exponent);
}

// The largest value that falls into the bucket.
Nanos upper_bound_of(std::size_t bucket) {
  if (bucket < 2 * kSubBuckets) return bucket;
  const auto exponent = static_cast<unsigned>(bucket / kSubBuckets - 1);
  const Nanos sub = bucket - exponent * kSubBuckets;
  return ((sub + 1) << exponent) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

void Histogram::record(Nanos value) {
  ++buckets_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::clear() {
  std::ranges::fill(buckets_, 0);
  count_ = 0;
  max_ = 0;
}

Nanos Histogram::quantile(double fraction) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank && seen > 0) return std::min(upper_bound_of(bucket), max_);
  }
  return max_;
}

}  // namespace palaver::bench::load
