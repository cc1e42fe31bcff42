// SPDX-License-Identifier: Apache-2.0
// The broker contract: subscribing, the order of what sinks and completions see, ephemeral
// publications, stop().
#include <deque>

#include "tests/contract/broker_contract.h"

namespace palaver::tests::contract {
namespace {

using base::ErrorCode;
using model::Offset;
using model::RoomName;

TEST_P(BrokerContract, SubscribeGivesARoomItsEpoch) {
  const auto first = subscribe(0, "room");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->offset, Offset{0});
  EXPECT_GE(first->epoch.value.size(), 8U);
  EXPECT_LE(first->epoch.value.size(), 32U);
  for (const char c : first->epoch.value) EXPECT_TRUE(c > ' ' && c < '\x7f');
  EXPECT_EQ(subscribe(1, "room"), *first);
  EXPECT_EQ(subscribe(0, "room"), *first);
  EXPECT_NE(subscribe(0, "another")->epoch, first->epoch);
}

TEST_P(BrokerContract, PublicationArrivesAsItWasPublished) {
  const auto subscribed = subscribe(0, "room");
  const auto first = publish(1, "room", R"({"text":"ü"})");
  const auto second = publish(0, "room", "2", "", "bob");
  ASSERT_TRUE(subscribed && first && second);
  harness().settle();
  ASSERT_EQ(sink(0).events.size(), 2U);
  const Event& event = sink(0).events[0];
  EXPECT_EQ(event.room, "room");
  EXPECT_EQ(event.epoch, subscribed->epoch);
  EXPECT_EQ(event.publication.offset, first->position.offset);
  EXPECT_EQ(event.publication.prev, Offset{0});
  EXPECT_EQ(event.publication.sender, sender("ann"));
  EXPECT_EQ(event.publication.data.view(), R"({"text":"ü"})");
  EXPECT_EQ(first->position.epoch, subscribed->epoch);
  EXPECT_FALSE(first->duplicate);
  EXPECT_EQ(sink(0).events[1].publication.prev, first->position.offset);
  EXPECT_EQ(sink(0).events[1].publication.sender, sender("bob"));
}

TEST_P(BrokerContract, SubscribingTwiceDeliversOnce) {
  ASSERT_TRUE(subscribe(0, "room") && subscribe(0, "room"));
  ASSERT_TRUE(publish(0, "room", "1"));
  harness().settle();
  EXPECT_EQ(sink(0).data_of("room"), (std::vector<std::string>{"1"}));
}

TEST_P(BrokerContract, UnsubscribedShardsHearNothing) {
  on_shard(0, [this] { broker(0).unsubscribe(RoomName{"never"}); });
  ASSERT_TRUE(subscribe(0, "room"));
  ASSERT_TRUE(subscribe(1, "other"));
  ASSERT_TRUE(publish(0, "room", "1"));
  on_shard(0, [this] { broker(0).unsubscribe(RoomName{"room"}); });
  on_shard(0, [this] { broker(0).unsubscribe(RoomName{"room"}); });
  harness().settle();
  ASSERT_TRUE(publish(2, "room", "2"));
  harness().settle();
  EXPECT_EQ(sink(0).data_of("room"), (std::vector<std::string>{"1"}));
  EXPECT_TRUE(sink(1).data_of("other").empty());
  ASSERT_TRUE(subscribe(0, "room"));
  ASSERT_TRUE(publish(2, "room", "3"));
  harness().settle();
  EXPECT_EQ(sink(0).data_of("room"), (std::vector<std::string>{"1", "3"}));
}

// All shards publish at once; whenever one is acknowledged, its own sink has seen all up to there.
TEST_P(BrokerContract, OneOrderForAllAndNoAcknowledgementOvertakes) {
  constexpr int kEach = 60;
  const std::vector<std::string> rooms = {"a", "b", "c"};
  for (unsigned n = 0; n < shards(); ++n) {
    for (const std::string& room : rooms) ASSERT_TRUE(subscribe(n, room));
  }
  std::deque<PublishAnswer> answers;
  std::size_t came = 0;
  for (int i = 0; i < kEach; ++i) {
    for (unsigned n = 0; n < shards(); ++n) {
      for (const std::string& room : rooms) {
        PublishAnswer& answer = answers.emplace_back();
        answer.then = [this, &answer, &came, n, room] {
          ++came;
          ASSERT_TRUE(answer.result().has_value());
          const auto seen = sink(n).publications_of(room);
          ASSERT_FALSE(seen.empty());
          EXPECT_GE(seen.back().offset, answer.result()->position.offset);
          EXPECT_TRUE(is_chain(seen, Offset{0}));
        };
        start_publish(n, room, std::to_string(n) + "/" + std::to_string(i), answer);
      }
    }
  }
  ASSERT_TRUE(harness().run_until([&] { return came == answers.size(); }));
  harness().settle();
  for (const std::string& room : rooms) {
    const auto kept = data_of(all(room));
    EXPECT_EQ(kept.size(), kEach * shards());
    for (unsigned n = 0; n < shards(); ++n) {
      EXPECT_EQ(sink(n).data_of(room), kept);
      // What one shard publishes keeps its order.
      int next = 0;
      for (const std::string& data : kept) {
        if (data.starts_with(std::to_string(n) + "/")) {
          EXPECT_EQ(data, std::to_string(n) + "/" + std::to_string(next++));
        }
      }
    }
  }
}

// Whoever published: else a join would take what it has read for missing, or get it once more.
TEST_P(BrokerContract, NoHistoryIsAheadOfTheSink) {
  for (unsigned n = 0; n < shards(); ++n) ASSERT_TRUE(subscribe(n, "room"));
  std::deque<PublishAnswer> answers;
  std::deque<Answer<broker::History>> reads;
  std::size_t came = 0;
  const auto count = [&came] { ++came; };
  for (unsigned i = 0; i < 100; ++i) {
    PublishAnswer& answer = answers.emplace_back();
    answer.then = count;
    start_publish(i, "room", std::to_string(i), answer);
    for (unsigned n = 0; n < shards(); ++n) {
      auto& read = reads.emplace_back();
      read.then = [this, &read, &came, n] {
        ++came;
        ASSERT_TRUE(read.result().has_value());
        const auto seen = sink(n).publications_of("room");
        const Offset last = seen.empty() ? Offset{0} : seen.back().offset;
        EXPECT_LE(read.result()->top.offset, last);
        EXPECT_LE(read.result()->entries.size(), seen.size());
      };
      on_shard(n, [this, &read, n] {
        broker(n).history(RoomName{"room"}, {.since = {}, .limit = 1'000}, read.completion());
        read.call_returned();
      });
    }
  }
  ASSERT_TRUE(harness().run_until([&] { return came == answers.size() + reads.size(); }));
  EXPECT_EQ(all("room").size(), answers.size());
}

// In the middle of a stream: what comes after the answer's position is complete.
TEST_P(BrokerContract, SubscribeMissesNothingAfterItsPosition) {
  std::deque<PublishAnswer> answers;
  std::size_t came = 0;
  for (unsigned i = 0; i < 50; ++i) {
    PublishAnswer& answer = answers.emplace_back();
    answer.then = [&came] { ++came; };
    start_publish(i, "room", std::to_string(i), answer);
  }
  const auto position = subscribe(0, "room");
  ASSERT_TRUE(position.has_value());
  ASSERT_TRUE(harness().run_until([&] { return came == answers.size(); }));
  ASSERT_TRUE(publish(1, "room", "last"));
  harness().settle();
  std::vector<model::Publication> after;
  for (const auto& publication : sink(0).publications_of("room")) {
    if (publication.offset > position->offset) after.push_back(publication);
  }
  ASSERT_FALSE(after.empty());
  EXPECT_TRUE(is_chain(after, position->offset));
  EXPECT_EQ(after.back().data.view(), "last");
}

TEST_P(BrokerContract, EphemeralStaysOutsideTheChain) {
  ASSERT_TRUE(subscribe(0, "room"));
  const auto first = publish(0, "room", "1");
  for (const char* data : {"typing", "typing again"}) {
    const auto ephemeral = publish_ephemeral(1, "room", data);
    ASSERT_TRUE(ephemeral.has_value());
    EXPECT_EQ(ephemeral->position.offset, Offset{0});
    EXPECT_FALSE(ephemeral->duplicate);
  }
  const auto second = publish(0, "room", "2", "same");
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(second->duplicate);
  harness().settle();

  const auto seen = sink(0).publications_of("room");
  EXPECT_EQ(data_of(seen), (std::vector<std::string>{"1", "typing", "typing again", "2"}));
  EXPECT_EQ(seen[1].offset, Offset{0});
  EXPECT_EQ(seen[1].prev, Offset{0});
  EXPECT_EQ(seen[3].prev, first->position.offset);
  EXPECT_EQ(data_of(all("room")), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(positions(0, {"room"})->front(), second->position);
}

TEST_P(BrokerContract, EphemeralToNobodyMakesNoRoom) {
  ASSERT_TRUE(publish_ephemeral(0, "nobody", "typing"));
  EXPECT_EQ(positions(0, {"nobody"})->front(), model::Position{});
}

TEST_P(BrokerContract, JoinsAndLeavesPassThroughTheRoom) {
  using model::PublicationKind;
  ASSERT_TRUE(subscribe(0, "room"));
  const auto first = publish(1, "room", "1");
  ASSERT_TRUE(first.has_value());
  const auto tell = [this](PublicationKind kind, model::Retention retention) {
    return wait<broker::PublishResult>(1, [&](auto done) {
      broker(1).publish(RoomName{"room"}, sender("bob"), base::Frame{},
                        {.retention = retention, .kind = kind, .id = {}}, std::move(done));
    });
  };
  for (const auto kind : {PublicationKind::kJoin, PublicationKind::kLeave}) {
    const auto told = tell(kind, model::Retention::kEphemeral);
    ASSERT_TRUE(told.has_value());
    EXPECT_EQ(told->position.offset, Offset{0});
    const auto stored = tell(kind, model::Retention::kHistory);
    ASSERT_FALSE(stored.has_value());
    EXPECT_EQ(stored.error().code, ErrorCode::kInvalidArgument);
  }
  harness().settle();

  const auto seen = sink(0).publications_of("room");
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].kind, PublicationKind::kData);
  EXPECT_EQ(seen[1].kind, PublicationKind::kJoin);
  EXPECT_EQ(seen[2].kind, PublicationKind::kLeave);
  for (const auto& passed : {seen[1], seen[2]}) {
    EXPECT_EQ(passed.sender, sender("bob"));
    EXPECT_TRUE(passed.data.empty());
    EXPECT_EQ(passed.offset, Offset{0});
    EXPECT_EQ(passed.prev, Offset{0});
  }
  EXPECT_EQ(data_of(all("room")), std::vector<std::string>{"1"});
  EXPECT_EQ(all("room")[0].kind, PublicationKind::kData);
  EXPECT_EQ(positions(0, {"room"})->front(), first->position);
}

TEST_P(BrokerContract, AJoinThatIsRefusedMakesNoRoom) {
  const auto refused = wait<broker::PublishResult>(0, [&](auto done) {
    broker(0).publish(
        RoomName{"none"}, sender("bob"), base::Frame{},
        {.retention = model::Retention::kHistory, .kind = model::PublicationKind::kJoin, .id = {}},
        std::move(done));
  });
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(positions(0, {"none"})->front(), model::Position{});
}

TEST_P(BrokerContract, SinkMayPublish) {
  ASSERT_TRUE(subscribe(0, "room"));
  int inside = 0;
  sink(0).then = [&](const Event& event) {
    EXPECT_EQ(inside++, 0) << "a sink was called inside a call";
    if (event.publication.data.view() == "ping") {
      broker(0).publish(RoomName{"room"}, sender("bot"), frame("pong"), {}, [](auto) {});
    }
    --inside;
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(publish(1, "room", "ping"));
  harness().settle();
  EXPECT_EQ(sink(0).publications_of("room").size(), 6U);
  EXPECT_TRUE(is_chain(sink(0).publications_of("room"), Offset{0}));
}

TEST_P(BrokerContract, StopDropsWhatIsUnderWay) {
  for (unsigned n = 0; n < shards(); ++n) ASSERT_TRUE(subscribe(n, "room"));
  auto owned = std::make_shared<int>(0);
  int came = 0;
  on_shard(0, [&] {
    const RoomName room{"room"};
    const auto count = [&came, owned](const auto&) { ++came; };
    broker(0).subscribe(RoomName{"more"}, count);
    broker(0).publish(room, sender("ann"), frame("1"), {}, count);
    broker(0).history(room, {.since = {}, .limit = 9}, count);
    broker(0).positions({room, RoomName{"more"}, RoomName{"yet more"}}, count);
    broker(0).entry(room, Offset{1}, count);
    broker(0).redact(room, sender("ann"), frame("2"), Offset{1}, frame("gone"), "", count);
    broker(0).remove_history(room, count);
    broker(0).stop();
  });
  ASSERT_TRUE(harness().run_until([&] { return owned.use_count() == 1; }));
  broker(0).stop();
  on_shard(0, [&] {
    broker(0).publish(RoomName{"room"}, sender("ann"), frame("late"), {}, [&](auto) { ++came; });
    broker(0).positions({}, [&](auto) { ++came; });
    broker(0).unsubscribe(RoomName{"room"});
  });
  if (shards() > 1) {
    EXPECT_TRUE(publish(1, "room", "others go on"));
  }
  harness().settle();
  EXPECT_EQ(came, 0);
  EXPECT_TRUE(sink(0).events.empty());
  if (shards() > 1) {
    EXPECT_EQ(sink(1).data_of("room").back(), "others go on");
  }
}

TEST_P(BrokerContract, SinkMayStopTheBroker) {
  ASSERT_TRUE(subscribe(0, "room"));
  int came = 0;
  sink(0).then = [this](const Event&) { broker(0).stop(); };
  on_shard(0, [&] {
    for (int i = 0; i < 3; ++i) {
      broker(0).publish(RoomName{"room"}, sender("ann"), frame("1"), {}, [&](auto) { ++came; });
    }
  });
  ASSERT_TRUE(harness().run_until([&] { return !sink(0).events.empty(); }));
  harness().settle();
  EXPECT_EQ(sink(0).events.size(), 1U);
  EXPECT_EQ(came, 0);
}

TEST_P(BrokerContract, CompletionMayStopTheBroker) {
  int came = 0;
  on_shard(0, [&] {
    for (int i = 0; i < 3; ++i) {
      broker(0).publish(RoomName{"room"}, sender("ann"), frame("1"), {}, [&](auto) {
        ++came;
        broker(0).stop();
      });
    }
  });
  ASSERT_TRUE(harness().run_until([&] { return came > 0; }));
  harness().settle();
  EXPECT_EQ(came, 1);
}

TEST_P(BrokerContract, NewBrokerOfAShardInheritsNothing) {
  ASSERT_TRUE(subscribe(0, "room"));
  ASSERT_TRUE(publish(0, "room", "1"));
  harness().settle();
  replace_broker(0);
  sink(0).events.clear();
  ASSERT_TRUE(publish(1, "room", "2"));
  harness().settle();
  EXPECT_TRUE(sink(0).events.empty());
  ASSERT_TRUE(subscribe(0, "room"));
  ASSERT_TRUE(publish(1, "room", "3"));
  harness().settle();
  EXPECT_EQ(sink(0).data_of("room"), (std::vector<std::string>{"3"}));
}

TEST_P(BrokerContract, LostConnectionsLoseNothingThatWasAcknowledged) {
  if (!harness().abilities().connections) GTEST_SKIP() << "no connections to lose";
  const auto subscribed = subscribe(0, "room");
  ASSERT_TRUE(subscribed && publish(1, "room", "1"));
  harness().lose_connections();
  while (!publish(1, "room", "2", "retried")) harness().settle();
  ASSERT_TRUE(publish(1, "room", "3"));
  harness().settle();
  EXPECT_EQ(data_of(all("room")), (std::vector<std::string>{"1", "2", "3"}));
  for (const Event& event : sink(0).events) EXPECT_NE(event.kind, Event::Kind::kLost);
  EXPECT_EQ(sink(0).data_of("room").back(), "3");
  EXPECT_EQ(subscribe(0, "room")->epoch, subscribed->epoch);
}

}  // namespace
}  // namespace palaver::tests::contract
