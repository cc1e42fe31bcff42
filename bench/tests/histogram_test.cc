// SPDX-License-Identifier: Apache-2.0
// Histogram against a sorted list of the same values.
#include "bench/load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace palaver::bench::load {
namespace {

TEST(HistogramTest, HasNothingToTellWithoutRecords) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.quantile(0.99), 0U);
  EXPECT_EQ(histogram.max(), 0U);
}

TEST(HistogramTest, TakesEveryValue) {
  Histogram histogram;
  for (unsigned bit = 0; bit < 64; ++bit) {
    const Nanos value = Nanos{1} << bit;
    histogram.record(value);
    histogram.record(value - 1);
  }
  histogram.record(std::numeric_limits<Nanos>::max());
  EXPECT_EQ(histogram.count(), 129U);
  EXPECT_EQ(histogram.quantile(1), std::numeric_limits<Nanos>::max());
}

TEST(HistogramTest, QuantilesAreWithinTwoPercentOfTheSortedList) {
  std::minstd_rand random(7);
  std::lognormal_distribution<double> latency(12, 2);
  Histogram histogram;
  std::vector<Nanos> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<Nanos>(latency(random)));
    histogram.record(values.back());
  }
  std::ranges::sort(values);
  for (const double fraction : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(fraction * 20'000)) - 1;
    const auto expected = static_cast<double>(values[rank]);
    const auto found = static_cast<double>(histogram.quantile(fraction));
    EXPECT_GE(found, expected) << fraction;
    EXPECT_LE(found, expected * 1.02) << fraction;
  }
}

TEST(HistogramTest, ClearForgets) {
  Histogram histogram;
  histogram.record(5);
  histogram.clear();
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.quantile(0.5), 0U);
}

}  // namespace
}  // namespace palaver::bench::load
