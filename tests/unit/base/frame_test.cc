// SPDX-License-Identifier: Apache-2.0
#include "base/frame.h"

#include <gtest/gtest.h>

#include <array>

namespace palaver::base {
namespace {

TEST(Frame, IsEmptyByDefault) {
  const Frame frame;
  EXPECT_TRUE(frame.empty());
  EXPECT_EQ(frame.view(), "");
  EXPECT_EQ(frame.unit_count(), 0U);
  EXPECT_EQ(frame.unit_end(0), 0U);
  EXPECT_TRUE(Frame::copy_of("").empty());
}

TEST(Frame, SharesItsBytes) {
  const Frame frame = Frame::copy_of("head", "body");
  const Frame& same = frame;
  EXPECT_EQ(same.view(), "headbody");
  EXPECT_EQ(same.data(), frame.data());
  EXPECT_EQ(frame.unit_count(), 1U);
}

TEST(Frame, CountsTheUnitsThatEndInARange) {
  const std::array parts{Frame::copy_of("abc"), Frame::copy_of("de"), Frame::copy_of("f")};
  const Frame joined = Frame::join(parts);
  for (std::size_t begin = 0; begin <= 6; ++begin) {
    for (std::size_t end = begin; end <= 6; ++end) {
      std::size_t expected = 0;
      for (const std::size_t unit_end : {3, 5, 6}) expected += begin < unit_end && unit_end <= end;
      EXPECT_EQ(joined.units_between(begin, end), expected) << begin << ' ' << end;
      const bool whole = begin < 3 && end == 3;
      EXPECT_EQ(end <= 3 ? parts[0].units_between(begin, end) : 0, whole ? 1U : 0U);
    }
  }
}

TEST(Frame, JoinOfOneIsThatOne) {
  const Frame frame = Frame::copy_of("abc");
  EXPECT_EQ(Frame::join({&frame, 1}).data(), frame.data());
}

TEST(Frame, JoinRemembersWhereUnitsEnd) {
  const std::array first{Frame::copy_of("abc"), Frame(), Frame::copy_of("de")};
  const Frame inner = Frame::join(first);
  const std::array second{Frame::copy_of("x"), inner};
  const Frame outer = Frame::join(second);
  EXPECT_EQ(outer.view(), "xabcde");
  EXPECT_EQ(outer.unit_count(), 3U);
  const std::array<std::size_t, 7> ends{0, 1, 4, 4, 4, 6, 6};
  for (std::size_t at = 0; at < ends.size(); ++at) EXPECT_EQ(outer.unit_end(at), ends.at(at)) << at;
}

}  // namespace
}  // namespace palaver::base
