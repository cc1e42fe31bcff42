// SPDX-License-Identifier: Apache-2.0
// The presence contract: how long members stay, deaths of nodes, stop().
#include <chrono>

#include "tests/contract/presence_contract.h"

namespace palaver::tests::contract {
namespace {

using broker::PresenceStats;
using model::RoomName;
using std::chrono::seconds;

TEST_P(PresenceContract, ASilentMemberStaysWhileItsNodeLives) {
  const auto ann = member("c1", "ann", "info");
  ASSERT_TRUE(add(0, "room", ann));
  for (int i = 0; i < 5; ++i) {
    let_leases_end();
    ASSERT_EQ(members(1, "room"), (Members{{"c1", ann}}));
  }
  EXPECT_EQ(stats(1, "room"), (PresenceStats{1, 1}));
}

TEST_P(PresenceContract, TheMembersOfADeadNodeAreGoneWhenTheLeaseEnds) {
  ASSERT_TRUE(add(0, "room", member("c1", "ann")) && add(0, "room", member("c2", "")));
  ASSERT_TRUE(add(0, "deserted", member("c1", "ann")));
  const bool others = shards() > 1;
  const auto bob = member("c3", "bob");
  if (others) {
    ASSERT_TRUE(add(1, "room", bob));
  }
  kill_and_replace(0);
  let_leases_end();
  for (unsigned n = 0; n < shards(); ++n) {
    EXPECT_EQ(members(n, "room"), others ? Members({{"c3", bob}}) : Members{});
    EXPECT_EQ(stats(n, "room"), (others ? PresenceStats{1, 1} : PresenceStats{}));
    EXPECT_TRUE(members(n, "deserted").empty());
  }
  // The one that took its place begins with nothing, and works.
  ASSERT_TRUE(add(0, "deserted", member("c4", "ann")));
  EXPECT_EQ(stats(1, "deserted"), (PresenceStats{1, 1}));
}

TEST_P(PresenceContract, TheMembersOfAStoppedInstanceAreGoneWhenTheLeaseEnds) {
  ASSERT_TRUE(add(0, "room", member("c1", "ann")));
  stop_and_replace(0);
  let_leases_end();
  EXPECT_TRUE(members(0, "room").empty());
  EXPECT_EQ(stats(1, "room"), PresenceStats{});
}

TEST_P(PresenceContract, AMemberBelongsToWhoAddedItLast) {
  if (shards() < 2) GTEST_SKIP() << "nobody else to add it";
  const auto moved = member("c1", "ann", "on another shard");
  ASSERT_TRUE(add(0, "room", member("c1", "ann", "here")) && add(1, "room", moved));
  kill_and_replace(0);
  let_leases_end();
  EXPECT_EQ(members(1, "room"), (Members{{"c1", moved}}));
  kill_and_replace(1);
  let_leases_end();
  EXPECT_TRUE(members(1, "room").empty());
}

TEST_P(PresenceContract, WhatWasRemovedDoesNotComeBackWithALease) {
  ASSERT_TRUE(add(0, "room", member("c1", "ann")) && add(0, "room", member("c2", "bob")));
  remove(0, "room", "c1");
  let_leases_end();
  EXPECT_EQ(members(1, "room"), (Members{{"c2", member("c2", "bob")}}));
}

TEST_P(PresenceContract, StopDropsWhatIsUnderWay) {
  auto owned = std::make_shared<int>(0);
  int came = 0;
  const auto call_all = [this, &came](const std::shared_ptr<int>& keep) {
    const auto count = [&came, keep](const auto&) { ++came; };
    for (const char* name : {"room", "more", "yet more"}) {
      presence(0).add(RoomName{name}, member("c1", "ann"), count);
      presence(0).members(RoomName{name}, count);
      presence(0).stats(RoomName{name}, count);
      presence(0).remove(RoomName{name}, "c1");
    }
  };
  on_shard(0, [&] {
    call_all(owned);
    presence(0).stop();
  });
  ASSERT_TRUE(harness().run_until([&] { return owned.use_count() == 1; }));
  presence(0).stop();
  on_shard(0, [&] { call_all(owned); });
  harness().settle();
  let_leases_end();
  EXPECT_EQ(came, 0);
  EXPECT_EQ(owned.use_count(), 1);
  if (shards() > 1) {
    EXPECT_TRUE(members(1, "room").empty());
    EXPECT_TRUE(add(1, "room", member("c2", "bob"))) << "others go on";
  }
}

TEST_P(PresenceContract, CompletionMayStopTheInstance) {
  int came = 0;
  on_shard(0, [&] {
    for (int i = 0; i < 3; ++i) {
      presence(0).add(RoomName{"room"}, member("c1", "ann"), [&](auto) {
        ++came;
        presence(0).stop();
      });
    }
  });
  ASSERT_TRUE(harness().run_until([&] { return came > 0; }));
  harness().settle();
  EXPECT_EQ(came, 1);
}

TEST_P(PresenceContract, CompletionMayCallTheInstance) {
  Answer<PresenceStats> answer;
  on_shard(0, [&] {
    presence(0).add(RoomName{"room"}, member("c1", "ann"), [&](auto) {
      presence(0).stats(RoomName{"room"}, answer.completion());
      answer.call_returned();
    });
  });
  ASSERT_TRUE(harness().run_until([&] { return answer.came(); }));
  EXPECT_EQ(answer.result(), (PresenceStats{1, 1}));
}

TEST_P(PresenceContract, TheNextInstanceOfAShardGetsNoAnswerOfTheLast) {
  int came = 0;
  on_shard(0, [&] {
    for (const char* room : {"a", "b", "c", "d"}) {
      presence(0).stats(RoomName{room}, [&](auto) { ++came; });
    }
    stop_and_replace(0);
  });
  harness().settle();
  EXPECT_EQ(came, 0);
  EXPECT_EQ(stats(0, "a"), PresenceStats{});
}

}  // namespace
}  // namespace palaver::tests::contract
