// SPDX-License-Identifier: Apache-2.0
// CHECK: silent when all is well; else it says where and why, and ends the process.
#include "base/check.h"

#include <gtest/gtest.h>

namespace palaver::base {
namespace {

TEST(Check, LooksOnceAndGoesOn) {
  int looks = 0;
  CHECK(++looks == 1, "the condition is evaluated once");
  EXPECT_EQ(looks, 1);
  if (looks == 2) CHECK(false, "one statement, also without braces");
}

TEST(CheckDeathTest, SaysWhereAndWhyAndAborts) {
  const int one = 1;
  EXPECT_EXIT(CHECK(one == 2, "one is not two"), testing::KilledBySignal(SIGABRT),
              "check_test.cc:[0-9]+: check failed: one == 2: one is not two");
}

}  // namespace
}  // namespace palaver::base
