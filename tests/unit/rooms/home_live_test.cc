// SPDX-License-Identifier: Apache-2.0
// Home on a scripted broker: what becomes of publications once a member is live: order, holes,
// silent tails, losses.
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "rooms/home.h"
#include "tests/unit/rooms/rooms_fixture.h"

namespace palaver::tests::rooms {
namespace {

using std::chrono::seconds;

class HomeLive : public RoomsOnScript {};

TEST_F(HomeLive, DeliversInOrderAndIgnoresDuplicates) {
  Member& member = live_member(5);
  publish(6, 5);
  publish(7, 6);
  publish(6, 5);
  publish(7, 6);
  publish(5, 4);
  publish(9, 7);
  EXPECT_EQ(seen(member), "6 7 9");
  EXPECT_EQ(home().counters().publications, 3U);
  EXPECT_TRUE(broker().reads.empty());
}

TEST_F(HomeLive, FillsAHoleBeforeAnybodySeesIt) {
  Member& member = live_member(5);
  publish(8, 7);
  publish(9, 8);
  EXPECT_EQ(seen(member), "");
  ASSERT_EQ(broker().reads.size(), 1U);
  const broker::HistoryQuery& query = broker().reads.front().query;
  EXPECT_EQ(query.since, model::Offset{5});
  EXPECT_EQ(query.direction, broker::HistoryQuery::Direction::kForward);
  EXPECT_EQ(query.limit, base::kReplayEntriesMax);
  EXPECT_EQ(query.bytes_max, base::kReplayBytesMax);
  answer_read(9, {entry(6, 5), entry(7, 6), entry(8, 7), entry(9, 8)});
  publish(10, 9);
  EXPECT_EQ(seen(member), "6 7 8 9 10");
  EXPECT_EQ(home().counters().holes_filled, 1U);
  EXPECT_EQ(home().counters().rooms_lost, 0U);
}

TEST_F(HomeLive, FillsALongHoleInSteps) {
  Member& member = live_member(5);
  publish(9, 8);
  answer_read(9, {entry(6, 5), entry(7, 6)});
  EXPECT_EQ(broker().reads.front().query.since, model::Offset{7});
  publish(10, 9);
  EXPECT_EQ(seen(member), "6 7");
  answer_read(9, {entry(8, 7), entry(9, 8)});
  EXPECT_EQ(seen(member), "8 9 10");
}

TEST_F(HomeLive, FillsASecondHoleAmongWhatItHeld) {
  Member& member = live_member(5);
  publish(7, 6);
  publish(9, 8);
  publish(10, 9);
  answer_read(7, {entry(6, 5), entry(7, 6)});
  EXPECT_EQ(seen(member), "6 7");
  EXPECT_EQ(broker().reads.front().query.since, model::Offset{7});
  answer_read(10, {entry(8, 7), entry(9, 8), entry(10, 9)});
  EXPECT_EQ(seen(member), "8 9 10");
}

struct Hopeless {
  const char* what;
  std::uint64_t top;
  std::vector<model::Publication> entries;
  const char* epoch;
};

// The hole is 6 and 7, before 8: what the broker has when it is asked.
TEST_F(HomeLive, TellsThatTheRoomIsLostWhenTheBrokerHasNotTheHole) {
  const std::vector<Hopeless> answers = {
      {"trimmed up to 7", 8, {entry(8, 7)}, "E"},
      {"a hole further on", 8, {entry(6, 5), entry(8, 7)}, "E"},
      {"nothing kept", 8, {}, "E"},
      {"as if nothing had been published", 5, {}, "E"},
      {"less than was delivered", 4, {}, "E"},
      {"a new epoch", 8, {entry(6, 5), entry(7, 6), entry(8, 7)}, "F"},
  };
  for (const Hopeless& answer : answers) {
    start_with({});
    Member& member = live_member(5);
    publish(8, 7);
    answer_read(answer.top, answer.entries, answer.epoch);
    // One more look may be needed to see that nothing changes.
    if (!broker().reads.empty()) answer_read(answer.top, answer.entries, answer.epoch);
    const std::string log = seen(member);
    EXPECT_TRUE(log == "lost" || log == "6 lost") << answer.what << ": " << log;
    EXPECT_EQ(home().counters().rooms_lost, 1U) << answer.what;
    // The member may join again, at what the broker has then.
    rejoin(member, 8);
    publish(9, 8);
    EXPECT_EQ(seen(member), "joined@8 9") << answer.what;
  }
}

TEST_F(HomeLive, ReadsAHoleAgainUntilTheBrokerAnswers) {
  Member& member = live_member(5);
  publish(7, 6);
  for (int i = 0; i < 3; ++i) {
    fail_read();
    EXPECT_TRUE(broker().reads.empty());
    publish(8 + i, 7 + i);
    cluster().advance(seconds{1});
  }
  answer_read(10, {entry(6, 5), entry(7, 6), entry(8, 7), entry(9, 8), entry(10, 9)});
  EXPECT_EQ(seen(member), "6 7 8 9 10");
}

TEST_F(HomeLive, AFailedReadOfALostRoomIsNotTriedAgain) {
  Member& member = live_member(5);
  publish(7, 6);
  fail_read();
  lose();
  cluster().advance(seconds{2});
  EXPECT_TRUE(broker().reads.empty());
  EXPECT_EQ(seen(member), "lost");
}

TEST_F(HomeLive, HoldsABoundedNumberWhileItFills) {
  Member& member = live_member(5);
  publish(7, 6);
  for (std::uint64_t i = 8; i < 7 + base::kJoinHoldMax; ++i) publish(i, i - 1);
  EXPECT_EQ(seen(member), "");
  publish(7 + base::kJoinHoldMax, 6 + base::kJoinHoldMax);
  EXPECT_EQ(seen(member), "lost");
  answer_read(7, {entry(6, 5), entry(7, 6)});  // late: of a life that is over
  EXPECT_EQ(seen(member), "");
}

TEST_F(HomeLive, ANewEpochIsALoss) {
  Member& member = live_member(5);
  publish(6, 5);
  EXPECT_EQ(seen(member), "6");
  publish(7, 0, "F");
  EXPECT_EQ(seen(member), "lost");
  rejoin(member, 7, "F");
  publish(8, 7, "F");
  EXPECT_EQ(seen(member), "joined@7F 8");
}

TEST_F(HomeLive, ANewEpochWhileFillingIsALoss) {
  Member& member = live_member(5);
  publish(8, 7);
  publish(9, 0, "F");
  EXPECT_EQ(seen(member), "lost");
}

TEST_F(HomeLive, TellsEveryMemberOnce) {
  Member& first = live_member(5);
  Member& second = joining();
  EXPECT_EQ(seen(second), "joined@5");
  lose();
  EXPECT_EQ(seen(first), "lost");
  EXPECT_EQ(seen(second), "lost");
  lose();
  publish(6, 5);
  EXPECT_EQ(seen(first) + seen(second), "");
}

// A broker that keeps nothing says so by an empty epoch.
TEST_F(HomeLive, NobodyHasToComeAgainWhereNothingIsKept) {
  Member& member = joining();
  turn();
  answer_subscribe(0, "");
  EXPECT_EQ(seen(member), "joined@0");
  publish(0, 0, "");
  lose();
  publish(0, 0, "");
  EXPECT_EQ(seen(member), "0 interrupted 0");
  EXPECT_TRUE(broker().subscribes.empty()) << "the room goes on";
  EXPECT_EQ(home().counters().rooms_lost, 0U);
  EXPECT_EQ(home().counters().rooms_interrupted, 1U);
  cluster().advance(seconds{20});
  ScriptedBroker::take(broker().checks).done(std::vector<model::Position>(1));
  EXPECT_EQ(seen(member), "");
}

TEST_F(HomeLive, ALossBeforeTheRoomIsLiveIsNobodysWhereNothingIsKept) {
  Member& member = joining();
  turn();
  lose();
  turn();
  while (!broker().subscribes.empty()) answer_subscribe(0, "");
  publish(0, 0, "");
  EXPECT_EQ(seen(member), "joined@0 0");
}

TEST_F(HomeLive, KeepsEphemeralPublicationsOutOfTheChain) {
  Member& member = joining();
  turn();
  publish(0, 0);  // nobody is live yet
  answer_subscribe(5);
  publish(0, 0);
  publish(6, 5);
  publish(0, 0);
  publish(7, 6);
  publish(9, 8);
  publish(0, 0);  // a hole does not hold it back
  EXPECT_EQ(seen(member), "joined@5 0 6 0 7 0");
  EXPECT_EQ(broker().reads.front().query.since, model::Offset{7});
}

TEST_F(HomeLive, IgnoresRoomsThatNobodyIsIn) {
  publish(6, 5);
  home().on_redaction({"r"}, {5});
  lose();
  home().leave({"r"}, {0}, Encoding::kArticle);
  turn();
  EXPECT_EQ(home().room_count(), 0U);
  EXPECT_TRUE(broker().subscribes.empty());
}

TEST_F(HomeLive, FindsASilentTail) {
  Member& member = live_member(5);
  publish(6, 5);
  cluster().advance(seconds{20});
  ASSERT_EQ(broker().checks.size(), 1U);
  auto check = ScriptedBroker::take(broker().checks);
  EXPECT_EQ(check.rooms, std::vector{model::RoomName{"r"}});
  check.done(std::vector{model::Position{{"E"}, {8}}});
  answer_read(8, {entry(7, 6), entry(8, 7)});
  EXPECT_EQ(seen(member), "6 7 8");
  EXPECT_EQ(home().counters().tails_filled, 1U);
}

// Each in its own time, so that the shards of many nodes do not ask together.
TEST_F(HomeLive, ComparesAtTimesThatDiffer) {
  start_with({.shard = {}, .tail_check_jitter = seconds{5}, .seed = 7});
  live_member(5);
  std::set<int> gaps;
  int waited = 0;
  for (int second = 0; second < 400; ++second) {
    cluster().advance(seconds{1});
    ++waited;
    if (broker().checks.empty()) continue;
    ScriptedBroker::take(broker().checks).done(std::vector{model::Position{{"E"}, {5}}});
    EXPECT_TRUE(waited >= 15 && waited <= 21) << waited;
    gaps.insert(std::exchange(waited, 0));
  }
  EXPECT_GE(gaps.size(), 3U);
}

struct Checked {
  const char* what;
  const char* epoch;
  std::uint64_t top;
  const char* log;
};

TEST_F(HomeLive, ComparesTheRoomWithTheBroker) {
  const std::vector<Checked> table = {
      {"the same", "E", 6, ""},
      {"entries have vanished", "E", 5, "lost"},
      {"the room has vanished", "", 0, "lost"},
      {"a new epoch", "F", 6, "lost"},
  };
  for (const Checked& checked : table) {
    start_with({});
    Member& member = live_member(5);
    publish(6, 5);
    EXPECT_EQ(seen(member), "6");
    cluster().advance(seconds{20});
    ScriptedBroker::take(broker().checks)
        .done(std::vector{model::Position{{checked.epoch}, {checked.top}}});
    EXPECT_EQ(seen(member), checked.log) << checked.what;
    EXPECT_TRUE(broker().reads.empty()) << checked.what;
  }
}

TEST_F(HomeLive, ACheckThatCameLateIsNoProof) {
  Member& member = live_member(5);
  cluster().advance(seconds{20});
  publish(6, 5);
  publish(7, 6);
  // Right at some moment since the call: 6 had been published, 7 had not.
  ScriptedBroker::take(broker().checks).done(std::vector{model::Position{{"E"}, {6}}});
  EXPECT_EQ(seen(member), "6 7");

  cluster().advance(seconds{20});
  publish(9, 8);  // a hole, and the read is under way
  ScriptedBroker::take(broker().checks).done(std::vector{model::Position{{"E"}, {9}}});
  EXPECT_EQ(broker().reads.size(), 1U);

  lose();
  ScriptedBroker::take(broker().subscribes).done(model::Position{{"E"}, {9}});
  EXPECT_EQ(seen(member), "lost");
  EXPECT_EQ(home().counters().rooms_lost, 1U);
}

TEST_F(HomeLive, GoesOnCheckingWhenTheBrokerIsAway) {
  Member& member = live_member(5);
  for (int i = 0; i < 3; ++i) {
    cluster().advance(seconds{20});
    ScriptedBroker::take(broker().checks)
        .done(base::fail(base::ErrorCode::kUnavailable, "the test says no"));
  }
  cluster().advance(seconds{20});
  ScriptedBroker::take(broker().checks).done(std::vector{model::Position{{"E"}, {4}}});
  EXPECT_EQ(seen(member), "lost");
}

TEST_F(HomeLive, ATailThatIsNotThereIsALoss) {
  Member& member = live_member(5);
  cluster().advance(seconds{20});
  ScriptedBroker::take(broker().checks).done(std::vector{model::Position{{"E"}, {8}}});
  answer_read(8, {});
  EXPECT_EQ(seen(member), "lost");
}

// Between the check and the read the broker forgot what it had.
TEST_F(HomeLive, ATailThatVanishesWhileItIsReadIsALoss) {
  Member& member = live_member(5);
  cluster().advance(seconds{20});
  ScriptedBroker::take(broker().checks).done(std::vector{model::Position{{"E"}, {8}}});
  answer_read(4, {});
  EXPECT_EQ(seen(member), "lost");
}

TEST_F(HomeLive, DoesNotAskAboutRoomsThatAreNotLive) {
  joining();
  cluster().advance(seconds{20});
  EXPECT_TRUE(broker().checks.empty());
  answer_subscribe(5);
  publish(7, 6);
  cluster().advance(seconds{20});
  EXPECT_TRUE(broker().checks.empty());
}

TEST_F(HomeLive, EncodesOnceForEachKindOfMember) {
  Member& first = live_member(5);
  Member& second = joining();
  Member& third = open();
  turn();
  publish(6, 5);
  turn();
  EXPECT_EQ(encoder().encoded, 1U);
  join(third, "r", {}, Encoding::kArticleDeflated);
  turn();
  publish(7, 6);
  turn();
  EXPECT_EQ(encoder().encoded, 3U);
  EXPECT_EQ(seen(first), "6 7");
  EXPECT_EQ(seen(second), "joined@5 6 7");
  EXPECT_EQ(seen(third), "joined@6 d7");
  close(first);
  close(second);
  turn();
  publish(8, 7);
  EXPECT_EQ(seen(third), "d8");
  EXPECT_EQ(encoder().encoded, 4U);
}

}  // namespace
}  // namespace palaver::tests::rooms
