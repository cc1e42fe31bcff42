// SPDX-License-Identifier: Apache-2.0
#include "model/position.h"

#include <gtest/gtest.h>

namespace palaver::model {
namespace {

using std::chrono::milliseconds;

TEST(NextOffset, CarriesTheTimeOfTheOrder) {
  const base::WallTime now = kOffsetOrigin + milliseconds{5};
  EXPECT_EQ(next_offset(Offset{0}, now, 7), Offset{5 * 4096 + 7});
  EXPECT_EQ(time_of(Offset{5 * 4096 + 7}), now);
  EXPECT_EQ(time_of(Offset{6 * 4096 - 1}), now);
}

TEST(NextOffset, RisesWhenTheClockStandsStillOrGoesBack) {
  const base::WallTime now = kOffsetOrigin + milliseconds{5};
  const Offset first = next_offset(Offset{0}, now, 0);
  EXPECT_EQ(next_offset(first, now, 0), Offset{first.value + 1});
  EXPECT_EQ(next_offset(first, now - milliseconds{3}, 2047), Offset{first.value + 1});
}

TEST(NextOffset, StartsAtTheOriginWhenTheClockIsBeforeIt) {
  EXPECT_EQ(next_offset(Offset{0}, kOffsetOrigin - milliseconds{9}, 3), Offset{3});
  EXPECT_EQ(next_offset(Offset{0}, kOffsetOrigin - milliseconds{9}, 0), Offset{1});
}

TEST(NextOffset, StaysExactInDoubles) {
  const base::WallTime late = kOffsetOrigin + milliseconds{(std::int64_t{1} << 41) - 1};
  const Offset last = next_offset(Offset{0}, late, kOffsetSaltEnd - 1);
  EXPECT_LT(last, kOffsetEnd);
  EXPECT_EQ(static_cast<std::uint64_t>(static_cast<double>(last.value)), last.value);
}

}  // namespace
}  // namespace palaver::model
