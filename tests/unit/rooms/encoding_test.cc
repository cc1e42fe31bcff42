// SPDX-License-Identifier: Apache-2.0
#include "rooms/encoding.h"

#include <gtest/gtest.h>

#include "tests/support/line_encoder.h"

namespace palaver::tests::rooms {
namespace {

using palaver::rooms::Encoding;
using palaver::rooms::EncodingSet;
using palaver::rooms::index_of;
using palaver::rooms::kEncodingCount;

TEST(Encoding, IndexesAreDense) {
  static_assert(index_of(Encoding::kArticle) == 0);
  static_assert(index_of(Encoding::kJsonJoinsDeflated) == kEncodingCount - 1);
  EXPECT_EQ(EncodingSet{}.size(), kEncodingCount);
}

// The encoder of the tests keeps the contract that they hold the rooms to.
TEST(Encoding, OnlyWantedEncodingsHaveAFrame) {
  support::LineEncoder encoder;
  const model::Publication publication{
      .offset = {7}, .prev = {5}, .sender = {}, .data = base::Frame::copy_of("two words")};
  const auto none = encoder.encode({"r"}, publication, {false, false});
  EXPECT_TRUE(none[0].empty() && none[1].empty());
  const auto frames = encoder.encode({"r"}, publication, {false, true});
  EXPECT_TRUE(frames[0].empty());
  EXPECT_EQ(frames[1].view(), "d 7 5 two words\n");
  EXPECT_EQ(frames[1].unit_count(), 1U);

  std::string stream = "a 7 5 two words\nother\na 8";
  const auto lines = support::take_lines(stream);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(stream, "a 8");
  const auto line = support::parse_line(lines[0]);
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->offset, 7U);
  EXPECT_EQ(line->prev, 5U);
  EXPECT_EQ(line->data, "two words");
  EXPECT_FALSE(support::parse_line(lines[1]).has_value());
}

}  // namespace
}  // namespace palaver::tests::rooms
