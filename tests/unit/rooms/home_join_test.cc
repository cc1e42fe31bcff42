// SPDX-License-Identifier: Apache-2.0
// Home on a scripted broker: how members come to be live: subscribing, replay, and what happens
// when the room is lost or the broker is away in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/unit/rooms/rooms_fixture.h"

namespace palaver::tests::rooms {
namespace {

using std::chrono::seconds;

class HomeJoin : public RoomsOnScript {};

TEST_F(HomeJoin, SubscribesOnceForAllWhoWait) {
  Member& first = joining();
  Member& second = joining();
  turn();
  EXPECT_EQ(broker().subscribes.size(), 1U);
  answer_subscribe(5);
  publish(6, 5);
  EXPECT_EQ(seen(first), "joined@5 6");
  EXPECT_EQ(seen(second), "joined@5 6");
  EXPECT_EQ(node().rooms(), 1U);
}

TEST_F(HomeJoin, HoldsWhatComesWhileItSubscribes) {
  Member& member = joining();
  turn();
  publish(4, 3);
  publish(5, 4);
  publish(6, 5);
  publish(6, 5);
  publish(7, 6);
  answer_subscribe(5);
  EXPECT_EQ(seen(member), "joined@5 6 7");
}

TEST_F(HomeJoin, FillsAHoleAmongWhatItHeld) {
  Member& member = joining();
  turn();
  publish(7, 6);
  publish(8, 7);
  answer_subscribe(5);
  EXPECT_EQ(seen(member), "joined@5");
  answer_read(8, {entry(6, 5), entry(7, 6), entry(8, 7)});
  EXPECT_EQ(seen(member), "6 7 8");
}

TEST_F(HomeJoin, HoldsABoundedNumberWhileItSubscribes) {
  Member& member = joining();
  turn();
  const std::uint64_t last = base::kJoinHoldMax + 2;
  for (std::uint64_t i = 1; i <= last; ++i) publish(i, i - 1);
  answer_subscribe(last - 3);
  // What fell out of the hold shows as a hole, if the subscription's position does not cover it.
  EXPECT_EQ(seen(member), "joined@" + std::to_string(last - 3));
  ASSERT_EQ(broker().reads.size(), 1U);
  answer_read(last, {entry(last - 2, last - 3), entry(last - 1, last - 2), entry(last, last - 1)});
  EXPECT_EQ(seen(member),
            std::to_string(last - 2) + ' ' + std::to_string(last - 1) + ' ' + std::to_string(last));
  EXPECT_EQ(home().counters().rooms_lost, 0U);
}

TEST_F(HomeJoin, AnswersAllWhoWaitWhenItCannotSubscribe) {
  Member& first = joining();
  Member& second = joining(join_last(3));
  fail_subscribe();
  EXPECT_EQ(seen(first), "error:unavailable");
  EXPECT_EQ(seen(second), "error:unavailable");
  EXPECT_EQ(home().room_count(), 0U);
  EXPECT_EQ(node().rooms(), 0U);
  EXPECT_TRUE(broker().subscribed.empty());
  join(first, "r");
  answer_subscribe(5);
  EXPECT_EQ(seen(first), "joined@5");
}

// The members that are told of the loss have not left yet when the subscription fails.
TEST_F(HomeJoin, SubscribesAgainForAMemberThatComesAfterAFailure) {
  live_member(5);
  lose();
  ScriptedBroker::take(broker().subscribes)
      .done(base::fail(base::ErrorCode::kUnavailable, "the test says no"));
  home().join({.room = {"r"}, .shard = {0}, .ticket = 99, .encoding = {}, .options = {}});
  ASSERT_EQ(broker().subscribes.size(), 1U) << "somebody waits for nothing";
}

TEST_F(HomeJoin, ALossWhileSubscribingStartsAgain) {
  Member& member = joining();
  turn();
  publish(6, 5);
  lose();
  answer_subscribe(6);  // of the subscription that is over
  EXPECT_EQ(seen(member), "");
  answer_subscribe(8);
  publish(9, 8);
  EXPECT_EQ(seen(member), "joined@8 9");
}

// What was on its way when the history was removed: its first entry looks like the first of the new
// epoch.
TEST_F(HomeJoin, DoesNotTakeAnEntryOfTheOldEpochForOneOfTheNew) {
  Member& member = joining();
  turn();
  publish(6, 0, "E");
  publish(9, 0, "F");
  answer_subscribe(0, "F");
  EXPECT_EQ(seen(member), "joined@0F 9");

  start_with({});
  Member& other = joining();
  turn();
  publish(6, 0, "E");
  answer_subscribe(0, "F");
  publish(9, 0, "F");
  EXPECT_EQ(seen(other), "joined@0F 9");
}

TEST_F(HomeJoin, ReplaysTheLast) {
  live_member(7);
  Member& member = joining(join_last(2));
  turn();
  const broker::HistoryQuery& query = broker().reads.front().query;
  EXPECT_EQ(query.direction, broker::HistoryQuery::Direction::kReverse);
  EXPECT_EQ(query.limit, 2U);
  EXPECT_EQ(query.bytes_max, base::kReplayBytesMax);
  EXPECT_FALSE(query.since.has_value());
  answer_read(7, {entry(7, 6), entry(6, 5)});
  publish(8, 7);
  EXPECT_EQ(seen(member), "joined@7[6 7] 8");
}

TEST_F(HomeJoin, ReplaysNoMoreThanTheLimit) {
  live_member(7);
  joining(join_last(1'000'000));
  turn();
  EXPECT_EQ(broker().reads.front().query.limit, base::kReplayEntriesMax);
}

// The read saw `top`; three publications came before its answer. Nothing twice, nothing missing.
TEST_F(HomeJoin, JoinsInTheMiddleOfTheFlow) {
  for (std::uint64_t top = 5; top <= 10; ++top) {
    for (const bool since : {false, true}) {
      start_with({});
      live_member(5);
      Member& member = joining(since ? join_since("E", 4) : join_last(3));
      turn();
      for (std::uint64_t i = 6; i <= 8; ++i) publish(i, i - 1);
      std::vector<model::Publication> entries;
      for (std::uint64_t i = since ? 5 : top - 2; i <= top; ++i) entries.push_back(entry(i, i - 1));
      if (!since) std::ranges::reverse(entries);
      answer_read(top, entries);
      for (std::uint64_t i = 9; i <= 11; ++i) publish(i, i - 1);
      const std::string first = since      ? "joined@8+[5 6 7 8]"
                                : top <= 8 ? "joined@8[6 7 8]"
                                : top == 9 ? "joined@8[7 8]"
                                           : "joined@8[8]";
      EXPECT_EQ(seen(member), first + " 9 10 11") << "top " << top << " since " << since;
    }
  }
}

TEST_F(HomeJoin, JoinsWhileAHoleIsFilled) {
  live_member(5);
  publish(8, 7);
  Member& member = joining(join_since("E", 4));
  Member& plain = joining();
  turn();
  ASSERT_EQ(broker().reads.size(), 2U);
  auto fill = ScriptedBroker::take(broker().reads);
  answer_read(8, {entry(5, 4), entry(6, 5), entry(7, 6), entry(8, 7)});
  EXPECT_EQ(seen(member), "joined@5+[5]");
  fill.done(broker::History{{{"E"}, {8}}, {entry(6, 5), entry(7, 6), entry(8, 7)}});
  EXPECT_EQ(seen(member), "6 7 8");
  EXPECT_EQ(seen(plain), "joined@5 6 7 8");
}

struct Recovery {
  const char* what;
  const char* epoch;
  std::uint64_t since;
  std::uint64_t top;
  std::vector<model::Publication> entries;
  const char* log;
};

// The room is at 7, and nothing comes while the history is read.
TEST_F(HomeJoin, SaysRecoveredOnlyWhenItIsTrue) {
  const std::vector<Recovery> table = {
      {"nothing missed", "E", 7, 7, {}, "joined@7+"},
      {"two missed", "E", 4, 7, {entry(5, 4), entry(7, 5)}, "joined@7+[5 7]"},
      {"from the beginning", "E", 0, 7, {entry(3, 0), entry(7, 3)}, "joined@7+[3 7]"},
      {"from the beginning, of no epoch", "", 0, 7, {entry(3, 0), entry(7, 3)}, "joined@7+[3 7]"},
      {"trimmed", "E", 4, 7, {entry(7, 6)}, "joined@7"},
      {"all trimmed", "E", 4, 7, {}, "joined@7"},
      {"another epoch", "D", 4, 7, {entry(5, 4), entry(7, 5)}, "joined@7"},
      {"another epoch, nothing missed", "D", 7, 7, {}, "joined@7"},
      {"no epoch", "", 4, 7, {entry(5, 4), entry(7, 5)}, "joined@7"},
      {"cut by the bytes of a replay", "E", 4, 7, {entry(5, 4), entry(6, 5)}, "joined@7"},
      {"a place that never was", "E", 5, 7, {entry(7, 4)}, "joined@7"},
      {"of the future", "E", 9, 7, {}, "joined@7"},
      // It was at another node, which was ahead of this one; 8 and 9 will come here, again.
      {"ahead of this node", "E", 9, 9, {}, "joined@7"},
      {"far ahead of this node", "E", 9, 11, {entry(11, 9)}, "joined@7"},
  };
  for (const Recovery& recovery : table) {
    start_with({});
    live_member(7);
    Member& member = joining(join_since(recovery.epoch, recovery.since));
    answer_read(recovery.top, recovery.entries);
    EXPECT_EQ(seen(member), recovery.log) << recovery.what;
  }
}

// The broker lost 6 and 7 after this node had delivered them: a read shows it before any check
// does.
TEST_F(HomeJoin, AReadThatHasLessThanWasDeliveredIsALoss) {
  for (const JoinOptions& options : {join_since("E", 5), join_last(3)}) {
    start_with({});
    Member& old = live_member(7);
    Member& member = joining(options);
    if (options.replay == Replay::kSince) {
      answer_read(5, {});
    } else {
      answer_read(5, {entry(5, 4), entry(4, 0)});
    }
    EXPECT_EQ(seen(old), "lost");
    while (!broker().subscribes.empty()) answer_subscribe(5);
    EXPECT_EQ(seen(member), "");
    answer_read(5, {});
    EXPECT_EQ(seen(member), options.replay == Replay::kSince ? "joined@5+" : "joined@5");
  }
}

TEST_F(HomeJoin, TellsWhenTheHistoryCannotBeRead) {
  Member& member = joining(join_last(3));
  answer_subscribe(5);
  fail_read();
  EXPECT_EQ(seen(member), "error:unavailable");
  EXPECT_EQ(home().room_count(), 0U);
  EXPECT_EQ(node().rooms(), 0U);
  EXPECT_TRUE(broker().subscribed.empty());
}

TEST_F(HomeJoin, AReadOfAnotherEpochIsALoss) {
  Member& old = live_member(5);
  Member& member = joining(join_since("E", 5));
  answer_read(3, {entry(3, 0)}, "F");
  EXPECT_EQ(seen(old), "lost");
  answer_subscribe(3, "F");
  answer_read(3, {entry(3, 0)}, "F");
  EXPECT_EQ(seen(member), "joined@3F");
}

TEST_F(HomeJoin, ALossWhileReadingStartsTheJoinAgain) {
  Member& old = live_member(5);
  Member& member = joining(join_since("E", 5));
  turn();
  publish(6, 5);
  EXPECT_EQ(seen(old), "6");
  lose();
  answer_read(5, {});
  EXPECT_EQ(seen(old), "lost");
  EXPECT_EQ(seen(member), "");
  while (!broker().subscribes.empty()) answer_subscribe(6);
  publish(7, 6);
  answer_read(6, {entry(6, 5)});
  EXPECT_EQ(seen(member), "joined@7+[6 7]");
}

// More came during the read than is kept for it: the history is read again.
TEST_F(HomeJoin, ReadsAgainWhenTooMuchCameMeanwhile) {
  live_member(0);
  Member& first = joining(join_since("E", 0));
  Member& second = joining(join_last(2));
  turn();
  const std::uint64_t last = base::kJoinHoldMax + 1;
  for (std::uint64_t i = 1; i <= last; ++i) publish(i, i - 1);
  answer_read(0, {});
  answer_read(0, {});
  EXPECT_EQ(seen(first) + seen(second), "");
  ASSERT_EQ(broker().reads.size(), 2U);
  publish(last + 1, last);
  answer_read(last, {entry(last, last - 1)});  // trimmed
  answer_read(last, {entry(last, last - 1), entry(last - 1, last - 2)});
  const std::string at = "joined@" + std::to_string(last + 1);
  EXPECT_EQ(seen(first), at);
  EXPECT_EQ(seen(second), at + '[' + std::to_string(last) + ' ' + std::to_string(last + 1) + ']');
}

TEST_F(HomeJoin, ARedactedEntryIsNotReplayedFromMemory) {
  live_member(5);
  Member& first = joining(join_since("E", 5));
  Member& second = joining(join_last(9));
  turn();
  publish(6, 5);
  publish(7, 6);
  home().on_redaction({"r"}, {6});
  publish(8, 7);
  // Read before the redaction: again. Read after it: fine.
  answer_read(5, {});
  answer_read(7, {entry(7, 6), entry(6, 5, "gone")});
  EXPECT_EQ(seen(second), "joined@8[6 7 8]");
  answer_read(8, {entry(6, 5, "gone"), entry(7, 6), entry(8, 7)});
  EXPECT_EQ(seen(first), "joined@8+[6 7 8]");
}

TEST_F(HomeJoin, BoundsTheBytesOfAReplay) {
  palaver::rooms::Home::Options options;
  options.recovery_bytes_max = 1000;
  start_with(options);
  live_member(5);
  Member& fits = joining(join_since("E", 5));
  Member& does_not = joining(join_since("E", 4));
  Member& last = joining(join_last(300));
  turn();
  EXPECT_EQ(broker().reads.front().query.bytes_max, 1000U);
  const std::string data(500, 'x');
  publish(6, 5, "E", data);
  publish(7, 6, "E", data);
  answer_read(5, {});
  answer_read(5, {entry(5, 4)});
  EXPECT_EQ(seen(fits), "joined@7+[6 7]");
  EXPECT_EQ(seen(does_not), "joined@7");  // 1001 bytes
  const std::string most(base::kReplayBytesMax - 500, 'x');
  publish(8, 7, "E", most);
  answer_read(5, {entry(5, 4, most)});
  EXPECT_EQ(seen(last), "joined@8[7 8]");
}

TEST_F(HomeJoin, KeepsTheBoundOfRooms) {
  palaver::rooms::Home::Options options;
  options.rooms_max = 2;
  start_with(options);
  Member& a = live_member(5, "a");
  live_member(5, "b");
  EXPECT_EQ(seen(joining({}, "c")), "error:limit");
  EXPECT_EQ(node().rooms(), 2U);
  Member& again = joining({}, "b");  // a room that there is
  EXPECT_EQ(seen(again), "joined@5");
  close(a);
  turn();
  EXPECT_EQ(node().rooms(), 1U);
  live_member(7, "c");
  EXPECT_EQ(home().room_count(), 2U);
}

TEST_F(HomeJoin, LeavesTheRoomWithItsLastMember) {
  Member& first = live_member(5);
  Member& second = joining();
  turn();
  close(first);
  turn();
  EXPECT_EQ(broker().subscribed.size(), 1U);
  leave_all(second);
  turn();
  EXPECT_TRUE(broker().subscribed.empty());
  EXPECT_EQ(home().room_count(), 0U);
  EXPECT_EQ(node().rooms(), 0U);
  publish(6, 5);
  EXPECT_EQ(seen(second), "joined@5");
}

TEST_F(HomeJoin, LeavesAndComesBackInOneTurn) {
  Member& member = live_member(5);
  leave_all(member);
  join(member, "r");
  turn();
  publish(6, 5);  // on its way before the subscription that is under way now
  answer_subscribe(6);
  publish(7, 6);
  EXPECT_EQ(seen(member), "joined@6 7");
  EXPECT_EQ(node().rooms(), 1U);
  EXPECT_EQ(broker().subscribed.size(), 1U);
}

TEST_F(HomeJoin, AMemberThatIsClosedWhileJoiningLeavesNothing) {
  for (const JoinOptions& options : {JoinOptions{}, join_last(3), join_since("E", 3)}) {
    start_with({});
    Member& member = joining(options);
    turn();
    close(member);
    answer_subscribe(5);
    if (!broker().reads.empty()) answer_read(5, {});
    EXPECT_EQ(home().room_count(), 0U);
    EXPECT_EQ(node().rooms(), 0U);
    EXPECT_EQ(node().hub(0).room_count(), 0U);
    EXPECT_TRUE(broker().subscribed.empty());
  }
}

TEST_F(HomeJoin, AMemberMayDeclineWhenItIsAnswered) {
  Member& member = joining();
  member.answer = Hub::Answer::kLeave;
  answer_subscribe(5);
  publish(6, 5);
  EXPECT_EQ(seen(member), "joined@5");
  EXPECT_EQ(home().room_count(), 0U);
}

// Neither with the position that such a room has, nor with any other.
TEST_F(HomeJoin, NothingIsRecoveredWhereNothingIsKept) {
  for (const auto& since : {join_since("", 0), join_since("", 5), join_since("E", 5)}) {
    start_with({});
    Member& member = joining(since);
    turn();
    answer_subscribe(0, "");
    answer_read(0, {}, "");
    EXPECT_EQ(seen(member), "joined@0");
  }
}

}  // namespace
}  // namespace palaver::tests::rooms
