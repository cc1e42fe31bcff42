// SPDX-License-Identifier: Apache-2.0
#include "base/utc.h"

#include <gtest/gtest.h>

#include <chrono>

namespace palaver::base {
namespace {

using std::chrono::milliseconds;

std::string utc(std::int64_t ms) {
  std::string out = "<";
  append_utc(out, WallTime{milliseconds{ms}}, ' ');
  return out + '>';
}

TEST(AppendUtc, KnownTimes) {
  EXPECT_EQ(utc(0), "<1970-01-01 00:00:00>");
  EXPECT_EQ(utc(999), "<1970-01-01 00:00:00>");
  EXPECT_EQ(utc(951'782'399'999), "<2000-02-28 23:59:59>");
  EXPECT_EQ(utc(951'782'400'000), "<2000-02-29 00:00:00>");
  EXPECT_EQ(utc(1'767'225'600'000), "<2026-01-01 00:00:00>");
  EXPECT_EQ(utc(253'402'300'799'999), "<9999-12-31 23:59:59>");
  EXPECT_EQ(utc(-1), "<1969-12-31 23:59:59>");
}

TEST(AppendDigits, PadsAndCuts) {
  std::string out;
  append_digits(out, 7, 3);
  append_digits(out, 1234, 2);
  append_digits(out, 5, 0);
  EXPECT_EQ(out, "00734");
}

}  // namespace
}  // namespace palaver::base
