// SPDX-License-Identifier: Apache-2.0
#include "rooms/outbox.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/unit/rooms/outbox_model.h"

namespace palaver::tests::rooms {
namespace {

using base::Frame;
using palaver::rooms::Outbox;

std::string all_of(const Outbox& outbox) {
  std::vector<iovec> pieces;
  outbox.gather(pieces, outbox.bytes(), ~std::size_t{0});
  std::string bytes;
  for (const iovec& piece : pieces) {
    bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  return bytes;
}

Frame units(std::initializer_list<std::string_view> texts) {
  std::vector<Frame> parts;
  for (const std::string_view text : texts) parts.push_back(Frame::copy_of(text));
  return Frame::join(parts);
}

TEST(Outbox, OwnsNothingAtRest) {
  Outbox outbox;
  EXPECT_EQ(sizeof(outbox), sizeof(void*));
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.bytes(), 0U);
  outbox.consume(0);
  EXPECT_EQ(outbox.drop_unbegun(), 0U);
  outbox.push(Frame::copy_of("all of it was sent"), 18);
  outbox.push({});
  EXPECT_TRUE(outbox.empty());
  std::vector<iovec> pieces;
  EXPECT_EQ(outbox.gather(pieces, 100, 100), 0U);
  EXPECT_TRUE(pieces.empty());
}

TEST(Outbox, SharesTheBytesOfItsFrames) {
  Outbox outbox;
  const Frame frame = Frame::copy_of("abcdef");
  outbox.push(frame, 2);
  std::vector<iovec> pieces;
  EXPECT_EQ(outbox.gather(pieces, 3, 1), 3U);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].iov_base, frame.data() + 2);
}

// Three units, two of them in one frame: what is dropped depends on the byte that was reached.
TEST(Outbox, DropsAtEachByteWhatHasNotBegun) {
  const std::string text = "abbcccddddd";
  struct Kept {
    std::string rest;
    std::size_t dropped;
  };
  const std::vector<Kept> expected = {{"", 4},    {"", 3},   {"b", 2}, {"", 2},
                                      {"cc", 1},  {"c", 1},  {"", 1},  {"dddd", 0},
                                      {"ddd", 0}, {"dd", 0}, {"d", 0}};
  for (std::size_t sent = 0; sent < text.size(); ++sent) {
    Outbox outbox;
    outbox.push(units({"a"}));
    outbox.push(units({"bb", "ccc"}));
    outbox.push(units({"ddddd"}));
    outbox.consume(sent);
    EXPECT_EQ(outbox.drop_unbegun(), expected[sent].dropped) << "sent " << sent;
    EXPECT_EQ(all_of(outbox), expected[sent].rest) << "sent " << sent;
    EXPECT_EQ(outbox.drop_unbegun(), 0U) << "sent " << sent;
    outbox.push(units({"close"}));
    EXPECT_EQ(all_of(outbox), expected[sent].rest + "close") << "sent " << sent;
    EXPECT_EQ(outbox.drop_unbegun(), 1U) << "sent " << sent;
  }
}

TEST(Outbox, BehavesLikeAListOfBytes) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    support::RandomChoices choices(seed);
    OutboxRig rig(choices);
    for (int i = 0; i < 400 && rig.failure().empty(); ++i) rig.step();
    rig.finish();
    ASSERT_EQ(rig.failure(), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace palaver::tests::rooms
