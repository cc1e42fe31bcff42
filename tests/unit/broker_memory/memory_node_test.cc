// SPDX-License-Identifier: Apache-2.0
// MemoryNode and MemoryBroker: what crosses shards, in every order that the executors allow; ends
// of brokers in the middle of it; the sweep's timer; the bound of calls.
#include "broker/memory/memory_node.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <random>

#include "broker/memory/memory_broker.h"
#include "tests/support/fake_executor.h"

namespace palaver::broker::memory {
namespace {

using base::ShardId;
using model::Offset;
using model::RoomName;
using tests::support::FakeCluster;

// Checks while it is called that a room's publications are a chain within an epoch.
class ChainSink final : public BrokerSink {
 public:
  void on_publication(const RoomName& room, const model::Epoch& epoch,
                      const model::Publication& publication) override {
    ++count;
    auto& [at_epoch, last] = last_[room];
    if (at_epoch == epoch) {
      EXPECT_EQ(publication.prev, last) << "a hole";
      EXPECT_GT(publication.offset, last);
    }
    at_epoch = epoch;
    last = publication.offset;
  }
  void on_redaction(const RoomName&, Offset) override {}
  void on_lost(const RoomName& room) override { last_.erase(room); }
  [[nodiscard]] Offset last(const RoomName& room) { return last_[room].second; }

  std::size_t count = 0;

 private:
  std::map<RoomName, std::pair<model::Epoch, Offset>> last_;
};

struct TestNode {
  explicit TestNode(std::unique_ptr<FakeCluster> shards, std::uint64_t seed = 1)
      : cluster(std::move(shards)) {
    std::vector<ShardServices> services;
    for (unsigned i = 0; i < cluster->shards(); ++i) {
      services.push_back({cluster->shard(i), cluster->shard(i)});
    }
    node = std::make_unique<MemoryNode>(
        services, MemoryNodeConfig{.limits = {}, .seed = seed, .salt = seed % 2048});
    for (unsigned i = 0; i < cluster->shards(); ++i) {
      sinks.push_back(std::make_unique<ChainSink>());
      brokers.push_back(std::make_unique<MemoryBroker>(ShardId{i}, *node, *sinks.back()));
    }
  }

  std::unique_ptr<FakeCluster> cluster;
  std::unique_ptr<MemoryNode> node;
  std::vector<std::unique_ptr<ChainSink>> sinks;
  std::vector<std::unique_ptr<MemoryBroker>> brokers;
};

// Publishers on all shards; subscribers; brokers that stop at any moment and are replaced.
void storm(std::uint64_t seed) {
  constexpr unsigned kShards = 3;
  TestNode test(std::make_unique<FakeCluster>(kShards, seed), seed);
  std::mt19937_64 random(seed);
  std::vector<int> under_way(kShards);
  for (int i = 0; i < 300; ++i) {
    const auto n = static_cast<unsigned>(random() % kShards);
    const RoomName room{"room-" + std::to_string(random() % 4)};
    const auto kind = random() % 40;
    test.cluster->shard(n).post([&test, &under_way, n, room, kind, i] {
      MemoryBroker& broker = *test.brokers[n];
      if (kind < 30) {
        ++under_way[n];
        broker.publish(room, {.user = model::UserId{"u"}, .client = {}, .info = {}},
                       base::Frame::copy_of("x"),
                       {.retention = model::Retention::kHistory, .id = std::to_string(i / 2)},
                       [&under_way, n](base::Result<PublishResult> result) {
                         EXPECT_TRUE(result.has_value());
                         --under_way[n];
                       });
      } else if (kind < 38) {
        ++under_way[n];
        broker.subscribe(room, [&under_way, n](auto) { --under_way[n]; });
      } else {
        test.brokers[n].reset();
        under_way[n] = 0;
        test.sinks[n] = std::make_unique<ChainSink>();
        test.brokers[n] = std::make_unique<MemoryBroker>(ShardId{n}, *test.node, *test.sinks[n]);
      }
    });
    for (auto steps = random() % 4; steps > 0; --steps) test.cluster->run_one();
  }
  test.cluster->run_until_idle();
  EXPECT_EQ(under_way, std::vector<int>(kShards)) << "calls without an answer";
}

TEST(MemoryNode, KeepsOrderThroughStormsAndStops) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    storm(seed);
    if (testing::Test::HasFailure()) break;
  }
}

TEST(MemoryNode, LeftoverTasksOutliveBrokersAndNode) {
  auto cluster = std::make_unique<FakeCluster>(2);
  FakeCluster& shards = *cluster;
  auto owned = std::make_shared<int>(0);
  {
    TestNode test(std::move(cluster));
    for (unsigned n = 0; n < 2; ++n) {
      for (int i = 0; i < 10; ++i) {
        const RoomName room{std::to_string(i)};
        test.brokers[n]->publish(room, {}, base::Frame::copy_of("x"), {}, [owned](auto) {});
        test.brokers[n]->positions({room, RoomName{"other"}}, [owned](auto) {});
      }
    }
    for (int i = 0; i < 5; ++i) shards.run_one();
    EXPECT_GT(shards.ready(), 0U);
    EXPECT_GT(owned.use_count(), 1);
  }
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(MemoryNode, HasNoTimerWhenNothingIsKept) {
  TestNode test(std::make_unique<FakeCluster>(1));
  test.brokers[0]->subscribe(RoomName{"room"}, [](auto) {});
  test.cluster->run_until_idle();
  EXPECT_EQ(test.cluster->timers(), 0U);
  for (int i = 0; i < 5000; ++i) {
    test.brokers[0]->publish(RoomName{"room"}, {}, base::Frame::copy_of("x"), {}, [](auto) {});
  }
  test.cluster->run_until_idle();
  EXPECT_EQ(test.cluster->timers(), 1U);
  EXPECT_EQ(test.node->usage(ShardId{0}).entries, base::Limits{}.history_entries_max);
  test.cluster->advance(base::Limits{}.history_age_max + kSweepInterval);
  EXPECT_EQ(test.node->usage(ShardId{0}).entries, 0U);
  EXPECT_EQ(test.cluster->timers(), 0U);
}

TEST(MemoryNode, GivesEachPartitionItsShareOfTheBytes) {
  FakeCluster cluster(2);
  const std::vector<ShardServices> services = {{cluster.shard(0), cluster.shard(0)},
                                               {cluster.shard(1), cluster.shard(1)}};
  MemoryNodeConfig config;
  config.limits.bytes_max = 100'000;
  MemoryNode node(services, config);
  ChainSink sink;
  MemoryBroker broker(ShardId{0}, node, sink);
  for (int i = 0; i < 1000; ++i) {
    broker.publish(RoomName{"room-" + std::to_string(i % 50)}, {},
                   base::Frame::copy_of(std::string(1000, 'x')), {}, [](auto) {});
  }
  cluster.run_until_idle();
  for (const unsigned n : {0U, 1U}) {
    EXPECT_LE(node.usage(ShardId{n}).bytes, 50'000U);
    EXPECT_GT(node.usage(ShardId{n}).bytes, 40'000U);
  }
}

TEST(MemoryNode, GivesEachPartitionTheBoundsOfRooms) {
  FakeCluster cluster(2);
  const std::vector<ShardServices> services = {{cluster.shard(0), cluster.shard(0)},
                                               {cluster.shard(1), cluster.shard(1)}};
  MemoryNodeConfig config;
  config.bounds_of = [](const RoomName& room) {
    RoomBounds bounds;
    if (room.value.starts_with("few:")) bounds.entries_max = 2;
    return bounds;
  };
  MemoryNode node(services, config);
  ChainSink sink;
  MemoryBroker broker(ShardId{0}, node, sink);
  for (int i = 0; i < 20 * 5; ++i) {
    for (const char* of : {"few:", "many:"}) {
      broker.publish(RoomName{of + std::to_string(i % 20)}, {}, base::Frame::copy_of("x"), {},
                     [](auto) {});
    }
  }
  cluster.run_until_idle();
  std::size_t entries = 0;
  for (const unsigned n : {0U, 1U}) {
    EXPECT_GT(node.usage(ShardId{n}).rooms, 5U);
    entries += node.usage(ShardId{n}).entries;
  }
  EXPECT_EQ(entries, 20U * 2 + 20U * 5);
}

TEST(MemoryBroker, RefusesCallsAboveItsBound) {
  TestNode test(std::make_unique<FakeCluster>(2));
  std::size_t done = 0;
  std::size_t refused = 0;
  const auto count = [&](const auto& result) {
    ++done;
    if (!result) {
      EXPECT_EQ(result.error().code, base::ErrorCode::kLimit);
      ++refused;
    }
  };
  constexpr std::size_t kMax = kCallsUnderWayMax;
  for (std::size_t i = 0; i < kMax + 3; ++i) {
    test.brokers[0]->publish(RoomName{"room"}, {}, base::Frame::copy_of("x"), {}, count);
  }
  test.brokers[0]->positions({RoomName{"room"}}, count);
  test.brokers[0]->positions({}, count);
  EXPECT_EQ(done, 0U);
  test.cluster->run_until_idle();
  EXPECT_EQ(done, kMax + 5);
  EXPECT_EQ(refused, 5U);
  test.brokers[0]->positions({RoomName{"room"}}, count);
  test.cluster->run_until_idle();
  EXPECT_EQ(refused, 5U);
}

}  // namespace
}  // namespace palaver::broker::memory
