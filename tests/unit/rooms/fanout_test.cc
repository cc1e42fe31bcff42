// SPDX-License-Identifier: Apache-2.0
// Fanout, case by case; fanout_model_test.cc does the same at random.
#include "rooms/fanout.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "base/limits.h"
#include "tests/unit/rooms/fake_network.h"

namespace palaver::tests::rooms {
namespace {

using base::Frame;
using palaver::rooms::Drop;
using palaver::rooms::EncodedFrames;
using palaver::rooms::Encoding;
using palaver::rooms::Fanout;
using palaver::rooms::MemberId;
using palaver::rooms::Room;

constexpr std::size_t kOutboxMax = 100;

class FanoutTest : public testing::Test {
 protected:
  MemberId open() {
    const int socket = network_.open();
    const MemberId member = fanout_.open(socket);
    sockets_[member.slot] = socket;
    return member;
  }
  MemberId member_of(Room& room, Encoding encoding = Encoding::kArticle) {
    const MemberId member = open();
    fanout_.join(room, member, encoding);
    return member;
  }
  void publish(Room& room, std::string_view text) {
    fanout_.publish(room, EncodedFrames{Frame::copy_of(text), {}});
  }
  void send(MemberId member, std::string_view text) {
    fanout_.send(member, Frame::copy_of(text), Fanout::Bound::kOutbox);
  }
  // Ends the turn; sockets that are not named take all.
  void turn(std::map<std::uint32_t, std::int64_t> answers = {}) {
    fanout_.collect(ops_);
    network_.send(ops_, [&](int socket, std::size_t size) {
      for (const auto& [slot, answer] : answers) {
        if (sockets_[slot] == socket) return answer;
      }
      return static_cast<std::int64_t>(size);
    });
    outcome_ = fanout_.settle(ops_);
  }
  // What arrived since the last look.
  std::string seen(MemberId member) {
    return std::exchange(network_.received(sockets_[member.slot]), {});
  }

  Fanout fanout_{kOutboxMax};
  FakeNetwork network_;
  std::map<std::uint32_t, int> sockets_;  // of slots
  std::vector<base::SendOp> ops_;
  Fanout::Outcome outcome_;
};

TEST_F(FanoutTest, SendsNothingWhenNothingIsOwed) {
  Room room({"r"});
  member_of(room);
  Room nobody({"n"});
  publish(nobody, "to nobody");
  EXPECT_FALSE(fanout_.has_ready());
  turn();
  EXPECT_TRUE(ops_.empty());
}

TEST_F(FanoutTest, SendsARunStraightFromItsSharedBytes) {
  Room room({"r"});
  const MemberId first = member_of(room);
  const MemberId second = member_of(room);
  publish(room, "ab");
  publish(room, "cd");
  publish(room, "ef");
  EXPECT_TRUE(fanout_.has_ready());
  turn();
  ASSERT_EQ(ops_.size(), 2U);
  EXPECT_EQ(ops_[0].data, ops_[1].data);
  EXPECT_EQ(ops_[0].iov_count, 0U);
  EXPECT_EQ(seen(first), "abcdef");
  EXPECT_EQ(seen(second), "abcdef");
  EXPECT_EQ(fanout_.counters().runs_joined, 1U);
  EXPECT_EQ(fanout_.counters().fast_path_sends, 2U);
  EXPECT_EQ(fanout_.counters().slow_path_sends, 0U);
  EXPECT_EQ(fanout_.counters().deliveries, 6U);
  EXPECT_EQ(fanout_.counters().bytes_sent, 12U);
  EXPECT_FALSE(fanout_.has_ready());
}

TEST_F(FanoutTest, OnePublicationIsSentFromItsOwnFrame) {
  Room room({"r"});
  member_of(room);
  const Frame frame = Frame::copy_of("alone");
  fanout_.publish(room, EncodedFrames{frame, {}});
  turn();
  EXPECT_EQ(ops_.at(0).data, frame.data());
  EXPECT_EQ(fanout_.counters().runs_joined, 0U);
}

TEST_F(FanoutTest, EachMemberGetsItsEncoding) {
  Room room({"r"});
  const MemberId plain = member_of(room);
  const MemberId deflated = member_of(room, Encoding::kArticleDeflated);
  fanout_.publish(room, EncodedFrames{Frame::copy_of("plain"), Frame::copy_of("def")});
  fanout_.publish(room, EncodedFrames{Frame{}, Frame::copy_of("late")});
  turn();
  EXPECT_EQ(seen(plain), "plain");
  EXPECT_EQ(seen(deflated), "deflate");
  EXPECT_EQ(fanout_.counters().fast_path_sends, 2U);
}

TEST_F(FanoutTest, SmallRoomsGoFirst) {
  Room large({"large"});
  Room small({"small"});
  member_of(large);
  member_of(large, Encoding::kArticleDeflated);
  const MemberId alone = member_of(small);
  publish(large, "x");
  publish(small, "y");
  turn();
  ASSERT_EQ(ops_.size(), 2U);
  EXPECT_EQ(ops_[0].socket, sockets_[alone.slot]);
}

TEST_F(FanoutTest, ASocketHasOneSendForAllItsRooms) {
  Room a({"a"});
  Room b({"b"});
  const MemberId both = member_of(a);
  fanout_.join(b, both, Encoding::kArticle);
  const MemberId only_b = member_of(b);
  publish(a, "a1");
  publish(b, "b1");
  publish(a, "a2");
  turn();
  EXPECT_EQ(ops_.size(), 2U);
  const std::string received = seen(both);
  EXPECT_TRUE(received == "a1a2b1" || received == "b1a1a2") << received;
  EXPECT_EQ(seen(only_b), "b1");
  EXPECT_EQ(fanout_.counters().slow_path_sends, 1U);
  EXPECT_EQ(fanout_.counters().fast_path_sends, 1U);
}

TEST_F(FanoutTest, AReplyKeepsItsPlaceInTheTurn) {
  Room room({"r"});
  const MemberId member = member_of(room);
  const MemberId other = member_of(room);
  publish(room, "1");
  send(member, "reply");
  publish(room, "2");
  turn();
  EXPECT_EQ(seen(member), "1reply2");
  EXPECT_EQ(seen(other), "12");
  EXPECT_EQ(fanout_.counters().deliveries, 4U);
}

TEST_F(FanoutTest, AMemberOfMidTurnGetsWhatComesAfterIt) {
  Room room({"r"});
  const MemberId early = member_of(room);
  publish(room, "1");
  const MemberId late = member_of(room);
  publish(room, "2");
  turn();
  EXPECT_EQ(seen(early), "12");
  EXPECT_EQ(seen(late), "2");
  publish(room, "3");
  turn();
  EXPECT_EQ(seen(late), "3");
  EXPECT_EQ(fanout_.counters().fast_path_sends, 3U);
  EXPECT_EQ(fanout_.counters().slow_path_sends, 1U);
}

TEST_F(FanoutTest, AMemberThatLeavesInMidTurnGetsNothingOfIt) {
  Room room({"r"});
  const MemberId leaver = member_of(room);
  const MemberId stayer = member_of(room);
  publish(room, "1");
  fanout_.leave(room, leaver);
  publish(room, "2");
  turn();
  EXPECT_EQ(seen(leaver), "");
  EXPECT_EQ(seen(stayer), "12");
}

TEST_F(FanoutTest, ARoomThatEmptiesInMidTurnIsForgotten) {
  auto room = std::make_unique<Room>(model::RoomName{"r"});
  const MemberId member = member_of(*room);
  publish(*room, "1");
  fanout_.leave_all(member);
  fanout_.forget(*room);
  room.reset();
  EXPECT_FALSE(fanout_.has_ready());
  turn();
  EXPECT_EQ(seen(member), "");
}

TEST_F(FanoutTest, WhatASocketDoesNotTakeIsItsBacklog) {
  Room room({"r"});
  const MemberId slow = member_of(room);
  const MemberId quick = member_of(room);
  publish(room, "abc");
  turn({{slow.slot, 1}});
  EXPECT_EQ(outcome_.blocked, std::vector{slow});
  EXPECT_EQ(fanout_.owed_bytes(slow), 2U);
  publish(room, "def");
  turn();
  EXPECT_EQ(ops_.size(), 1U) << "a full socket is not tried";
  EXPECT_EQ(seen(quick), "abcdef");
  fanout_.resume(slow);
  EXPECT_TRUE(fanout_.has_ready());
  turn({{slow.slot, -EAGAIN}});
  EXPECT_EQ(outcome_.blocked, std::vector{slow});
  fanout_.resume(slow);
  turn();
  EXPECT_EQ(seen(slow), "abcdef");
  EXPECT_EQ(fanout_.owed_bytes(slow), 0U);
  publish(room, "ghi");
  turn();
  EXPECT_EQ(fanout_.counters().fast_path_sends, 5U);
}

TEST_F(FanoutTest, ASocketGetsItsShareOfATurn) {
  Room room({"r"});
  const MemberId member = member_of(room);
  const std::string text(2 * base::kTurnSocketBytesMax + 10, 'x');
  publish(room, text);
  turn();
  EXPECT_EQ(ops_.at(0).size, base::kTurnSocketBytesMax);
  // Above the bound of an outbox: it keeps the unit that has begun, to its end.
  EXPECT_EQ(outcome_.overflowed, std::vector{member});
  EXPECT_TRUE(outcome_.blocked.empty());
  EXPECT_TRUE(fanout_.has_ready());
  turn();
  EXPECT_EQ(ops_.at(0).size, base::kTurnSocketBytesMax);
  turn();
  EXPECT_EQ(ops_.at(0).size, 10U);
  EXPECT_EQ(seen(member), text);
  EXPECT_FALSE(fanout_.has_ready());
}

TEST_F(FanoutTest, AnOverflowLeavesTheBegunUnitAndWhatIsSaidAfterIt) {
  Room room({"r"});
  const MemberId member = member_of(room);
  publish(room, "begun");
  publish(room, std::string(60, 'x'));
  turn({{member.slot, 2}});
  EXPECT_TRUE(outcome_.overflowed.empty());
  publish(room, std::string(60, 'y'));
  turn();
  EXPECT_EQ(outcome_.overflowed, std::vector{member});
  EXPECT_EQ(fanout_.counters().dropped(Drop::kSlow), 2U);
  EXPECT_EQ(fanout_.counters().dropped(Drop::kGone), 0U);
  EXPECT_EQ(fanout_.owed_bytes(member), 3U);
  fanout_.send(member, Frame::copy_of("close"), Fanout::Bound::kOwn);
  publish(room, "never");
  fanout_.resume(member);
  turn();
  EXPECT_EQ(seen(member), "begunclose");
  EXPECT_TRUE(outcome_.overflowed.empty());
  publish(room, "never");
  turn();
  EXPECT_EQ(seen(member), "");
}

TEST_F(FanoutTest, AnOverflowByRepliesIsToldAtTheTurnsEnd) {
  const MemberId member = open();
  send(member, std::string(kOutboxMax, 'x'));
  send(member, "y");
  EXPECT_EQ(fanout_.owed_bytes(member), 0U);
  EXPECT_TRUE(fanout_.has_ready()) << "nobody is told";
  turn();
  EXPECT_EQ(outcome_.overflowed, std::vector{member});
}

// It leaves the room with its last words, so that no run of this turn finds it there.
TEST_F(FanoutTest, WhatAMemberIsOwedWhenItLeavesIsBounded) {
  Room room({"r"});
  const MemberId member = member_of(room);
  for (int i = 0; i < 3; ++i) publish(room, std::string(50, 'x'));
  fanout_.send(member, Frame::copy_of("lost"), Fanout::Bound::kOwn);
  fanout_.leave(room, member);
  turn();
  EXPECT_EQ(outcome_.overflowed, std::vector{member});
  EXPECT_EQ(seen(member), "lost");
}

TEST_F(FanoutTest, AnOverflowOfAClosedConnectionIsNotTold) {
  const MemberId member = open();
  send(member, std::string(kOutboxMax + 1, 'x'));
  fanout_.close(member);
  const MemberId next = open();
  send(next, "hello");
  turn();
  EXPECT_TRUE(outcome_.overflowed.empty());
  EXPECT_EQ(seen(next), "hello");
}

TEST_F(FanoutTest, WhatAClosedConnectionWasOwedIsCountedAsDropped) {
  const MemberId member = open();
  send(member, "begun");
  send(member, "never");
  turn({{member.slot, 2}});
  fanout_.close(member);
  EXPECT_EQ(fanout_.counters().dropped(Drop::kGone), 2U);
  EXPECT_EQ(fanout_.counters().dropped(Drop::kSlow), 0U);
}

TEST_F(FanoutTest, WhatTheCallerBoundsDoesNotOverflow) {
  const MemberId member = open();
  fanout_.send(member, Frame::copy_of(std::string(10 * kOutboxMax, 'x')), Fanout::Bound::kOwn);
  turn();
  EXPECT_TRUE(outcome_.overflowed.empty());
  EXPECT_EQ(seen(member).size(), 10 * kOutboxMax);
}

TEST_F(FanoutTest, ABrokenSocketIsToldOnceAndNeverTriedAgain) {
  Room room({"r"});
  const MemberId member = member_of(room);
  const MemberId other = member_of(room);
  publish(room, "1");
  turn({{member.slot, -ECONNRESET}});
  EXPECT_EQ(outcome_.broken, std::vector{member});
  publish(room, "2");
  send(member, "3");
  turn();
  ASSERT_EQ(ops_.size(), 1U);
  EXPECT_EQ(seen(other), "12");
  fanout_.close(member);
}

TEST_F(FanoutTest, ASlotIsUsedAgainUnderAnotherGeneration) {
  Room room({"r"});
  const MemberId first = member_of(room);
  publish(room, "for the first");
  turn({{first.slot, 4}});
  fanout_.close(first);
  EXPECT_FALSE(fanout_.is_open(first));
  EXPECT_EQ(room.member_count(), 0U);
  const MemberId second = open();
  EXPECT_EQ(second.slot, first.slot);
  EXPECT_NE(second, first);
  EXPECT_FALSE(fanout_.is_open(first));
  EXPECT_TRUE(fanout_.is_open(second));
  EXPECT_EQ(fanout_.id_of(second.slot), second);
  EXPECT_FALSE(fanout_.is_open({.slot = 99, .generation = 0}));
  send(second, "hello");
  turn();
  EXPECT_EQ(ops_.size(), 1U);
  EXPECT_EQ(fanout_.owed_bytes(second), 0U);
}

TEST_F(FanoutTest, LeavingKeepsThePlacesOfTheOthers) {
  Room a({"a"});
  Room b({"b"});
  std::vector<MemberId> members;
  for (int i = 0; i < 5; ++i) {
    members.push_back(member_of(a));
    fanout_.join(b, members.back(), Encoding::kArticleDeflated);
  }
  fanout_.leave(a, members[1]);
  fanout_.leave(a, members[1]);
  fanout_.close(members[0]);
  fanout_.leave(b, members[4]);
  EXPECT_EQ(fanout_.rooms_of(members[1]).size(), 1U);
  EXPECT_EQ(fanout_.rooms_of(members[1])[0].room, &b);
  fanout_.publish(a, EncodedFrames{Frame::copy_of("A"), Frame::copy_of("-")});
  fanout_.publish(b, EncodedFrames{Frame::copy_of("-"), Frame::copy_of("B")});
  turn();
  EXPECT_EQ(seen(members[1]), "B");
  EXPECT_EQ(seen(members[2]).size(), 2U);
  EXPECT_EQ(seen(members[3]).size(), 2U);
  EXPECT_EQ(seen(members[4]), "A");
}

}  // namespace
}  // namespace palaver::tests::rooms
