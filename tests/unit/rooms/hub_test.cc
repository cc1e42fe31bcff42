// SPDX-License-Identifier: Apache-2.0
// Hubs and homes together, over memory brokers: members on one shard and on three, in order and in
// every order that threads could bring about; and with a broker that fails each call in turn.
#include "rooms/hub.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "broker/memory/memory_broker.h"
#include "broker/memory/memory_node.h"
#include "tests/unit/rooms/failing_broker.h"
#include "tests/unit/rooms/rooms_fixture.h"

namespace palaver::tests::rooms {
namespace {

using broker::memory::MemoryBroker;
using broker::memory::MemoryNode;
using std::chrono::seconds;

struct Shape {
  const char* name;
  unsigned shards;
  std::uint64_t seed;  // 0: in order
};

class HubTest : public RoomsFixture, public testing::TestWithParam<Shape> {
 protected:
  HubTest() { start_with({}, ~0U); }

  void start_with(palaver::rooms::Home::Options options, unsigned failing_call) {
    const Shape& shape = GetParam();
    auto cluster = shape.seed == 0
                       ? std::make_unique<support::FakeCluster>(shape.shards)
                       : std::make_unique<support::FakeCluster>(shape.shards, shape.seed);
    std::vector<broker::memory::ShardServices> services;
    for (unsigned i = 0; i < shape.shards; ++i) {
      services.push_back({cluster->shard(i), cluster->shard(i)});
    }
    calls_ = 0;
    auto memory = std::make_shared<MemoryNode>(
        services, broker::memory::MemoryNodeConfig{.limits = {}, .seed = 5, .salt = 77});
    start(std::move(cluster),
          {.first_shard = 0, .shards = shape.shards, .outbox_bytes_max = 1 << 20, .home = options},
          [this, memory, failing_call](unsigned shard, broker::BrokerSink& sink) {
            return std::make_unique<FailingBroker>(
                std::make_unique<MemoryBroker>(base::ShardId{shard}, *memory, sink),
                this->cluster().shard(shard), calls_, failing_call);
          });
  }

  unsigned last() const { return GetParam().shards - 1; }

  // Published by shard `shard`; answers the offset.
  std::uint64_t publish(const std::string& text, const std::string& room = "r",
                        unsigned shard = 0) {
    std::uint64_t offset = 0;
    node().broker(shard).publish({room}, {}, base::Frame::copy_of(text), {},
                                 [&](base::Result<broker::PublishResult> result) {
                                   if (result) offset = result->position.offset.value;
                                 });
    turn();
    return offset;
  }

  unsigned calls_ = 0;  // of all brokers
};

std::string text(std::initializer_list<std::uint64_t> offsets) {
  std::string words;
  for (const std::uint64_t offset : offsets) {
    if (!words.empty()) words += ' ';
    words += std::to_string(offset);
  }
  return words;
}

TEST_P(HubTest, MembersOfAllShardsSeeOneOrder) {
  std::vector<Member*> members;
  for (unsigned i = 0; i < 6; ++i) {
    Member& member = open(i % node().shards());
    join(member, "r", {}, i % 2 == 0 ? Encoding::kArticle : Encoding::kArticleDeflated);
    members.push_back(&member);
  }
  turn();
  const std::uint64_t a = publish("a");
  const std::uint64_t b = publish("b", "r", last());
  const std::uint64_t elsewhere = publish("c", "another");
  EXPECT_GT(b, a);
  EXPECT_GT(elsewhere, 0U);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string d = i % 2 == 0 ? "" : "d";
    EXPECT_EQ(seen(*members[i]), "joined@0 " + d + text({a}) + ' ' + d + text({b}));
  }
  EXPECT_EQ(node().rooms(), 1U);
}

TEST_P(HubTest, ReplaysAndRecovers) {
  const std::uint64_t a = publish("a");
  const std::uint64_t b = publish("b");
  Member& member = joining(join_last(1), "r", last());
  std::string epoch;
  node().broker(0).positions({{"r"}},
                             [&](auto positions) { epoch = positions->front().epoch.value; });
  const std::string at_b = "joined@" + text({b});
  EXPECT_EQ(seen(member), at_b + '[' + text({b}) + ']');
  leave_all(member);
  const std::uint64_t c = publish("c");
  join(member, "r", join_since(epoch, a));
  EXPECT_EQ(seen(member), "joined@" + text({c}) + "+[" + text({b, c}) + ']');
  const std::uint64_t d = publish("d");
  EXPECT_EQ(seen(member), text({d}));
}

TEST_P(HubTest, TellsMembersOfAllShardsThatARoomIsLost) {
  Member& first = joining({}, "r", 0);
  Member& second = joining({}, "r", last());
  Member& other = joining({}, "other", last());
  turn();
  node().broker(0).remove_history({"r"}, [](auto) {});
  turn();
  EXPECT_EQ(seen(first), "joined@0 lost");
  EXPECT_EQ(seen(second), "joined@0 lost");
  EXPECT_EQ(seen(other), "joined@0");
  EXPECT_EQ(node().rooms(), 1U);
  join(second, "r");
  turn();
  const std::uint64_t a = publish("a");
  EXPECT_EQ(seen(first), "");
  EXPECT_TRUE(seen(second).ends_with(text({a})));
}

TEST_P(HubTest, ForgetsRoomsThatNobodyIsIn) {
  Member& member = joining({}, "r", last());
  join(member, "a");
  join(member, "b", join_last(3));
  Member& other = joining({}, "b", 0);
  turn();
  EXPECT_EQ(node().rooms(), 3U);
  EXPECT_EQ(node().fanout(member.shard).rooms_of(member.id).size(), 3U);
  leave_all(member);
  leave_all(member);
  turn();
  EXPECT_EQ(node().rooms(), 1U);
  EXPECT_TRUE(node().fanout(member.shard).is_open(member.id));
  close(other);
  turn();
  EXPECT_EQ(node().rooms(), 0U);
  for (unsigned i = 0; i < node().shards(); ++i) {
    EXPECT_EQ(node().hub(i).room_count(), 0U);
    EXPECT_EQ(node().home(i).room_count(), 0U);
  }
}

TEST_P(HubTest, AMemberMayBeClosedAtAnyMomentOfItsJoin) {
  for (unsigned tasks = 0; tasks < 24; ++tasks) {
    Member& member = joining(join_last(2), "r", last());
    Member& other = joining({}, "r", 0);
    for (unsigned i = 0; i < tasks; ++i) cluster().run_one();
    close(member);
    const std::uint64_t a = publish("a");
    EXPECT_TRUE(seen(other).ends_with(text({a})));
    close(other);
    turn();
    EXPECT_EQ(node().rooms(), 0U) << tasks << " tasks";
  }
}

TEST_P(HubTest, ACountOfRoomsForAllShards) {
  palaver::rooms::Home::Options options;
  options.rooms_max = 5;
  start_with(options, ~0U);
  std::vector<Member*> members;
  for (int i = 0; i < 5; ++i) {
    members.push_back(&joining({}, "room-" + std::to_string(i), last()));
    EXPECT_EQ(seen(*members.back()), "joined@0");
  }
  EXPECT_EQ(seen(joining({}, "room-5")), "error:limit");
  close(*members[0]);
  turn();
  EXPECT_EQ(seen(joining({}, "room-5")), "joined@0");
  EXPECT_EQ(node().rooms(), 5U);
}

// Each call of the broker fails once, the first, the second, ... until none is left to fail. Nobody
// waits for an answer that does not come, nobody misses anything unseen, nothing stays behind.
TEST_P(HubTest, EveryCallMayFail) {
  for (unsigned failing = 0;; ++failing) {
    start_with({}, failing);
    std::uint64_t last_offset = 0;
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t offset = publish("early");
      last_offset = std::max(last_offset, offset);
    }
    Member& first = joining(join_last(2), "r", last());
    const std::string joined = seen(first);
    ASSERT_TRUE(joined.starts_with("joined@") || joined == "error:unavailable") << joined;
    publish("between");
    Member& second = joining({}, "r", 0);
    const std::string also = seen(second);
    ASSERT_TRUE(also.starts_with("joined@") || also == "error:unavailable") << also;
    const bool in = also.starts_with("joined@");
    cluster().advance(seconds{45});
    const std::uint64_t offset = publish("late");
    if (in && offset > 0) {
      EXPECT_EQ(seen(second), text({offset})) << "call " << failing;
    }
    close(first);
    close(second);
    turn();
    EXPECT_EQ(node().rooms(), 0U) << "call " << failing;
    if (calls_ <= failing) {
      EXPECT_TRUE(in);
      EXPECT_GT(failing, 8U);
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, HubTest,
                         testing::Values(Shape{"OneShard", 1, 0}, Shape{"ThreeShards", 3, 0},
                                         Shape{"ThreeShuffled1", 3, 1},
                                         Shape{"ThreeShuffled2", 3, 2}),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace palaver::tests::rooms
