// SPDX-License-Identifier: Apache-2.0
#include "base/token_bucket.h"

#include <gtest/gtest.h>

namespace palaver::base {
namespace {

using std::chrono::milliseconds;

TEST(TokenBucket, AllowsABurstAndThenItsRate) {
  constexpr TokenBucket::Rate kRate{.per_second = 2, .burst = 3};
  Instant now{};
  TokenBucket bucket(kRate, now);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(kRate, now)) << i;
  EXPECT_FALSE(bucket.take(kRate, now));
  now += milliseconds{499};
  EXPECT_FALSE(bucket.take(kRate, now));
  now += milliseconds{1};
  EXPECT_TRUE(bucket.take(kRate, now));
  EXPECT_FALSE(bucket.take(kRate, now));
  now += std::chrono::hours{1};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(kRate, now)) << "no more than a burst";
  EXPECT_FALSE(bucket.take(kRate, now));
}

}  // namespace
}  // namespace palaver::base
