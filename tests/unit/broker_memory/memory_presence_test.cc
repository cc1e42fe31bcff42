// SPDX-License-Identifier: Apache-2.0
// PresenceTable, PresenceNode and MemoryPresence beside the contract: what a member costs, what an
// empty room leaves, the bound of calls, ends in the middle of everything.
#include "broker/memory/memory_presence.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/support/fake_executor.h"

namespace palaver::broker::memory {
namespace {

using base::ShardId;
using model::RoomName;
using tests::support::FakeCluster;

constexpr Address kOwner{ShardId{0}, 1};
constexpr Address kAnother{ShardId{1}, 1};

model::Sender member(const std::string& client, const std::string& user) {
  return {.user = model::UserId{user}, .client = client, .info = {}};
}

// Beside the texts of its client and info; the name of its user is inside what is counted.
TEST(PresenceTable, AMemberCostsLittle) {
  const auto in_use = [] {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  if (in_use() == 0) GTEST_SKIP() << "this malloc does not count";
  constexpr std::size_t kMembers = 20'000;
  constexpr std::size_t kTextBytes = 36 + 40;
  for (const bool anonymous : {true, false}) {
    PresenceTable table;
    const std::size_t before = in_use();
    for (std::size_t i = 0; i < kMembers; ++i) {
      std::string client = std::to_string(i);
      client.resize(36, '-');
      model::Sender sender = member(client, anonymous ? "" : "user-" + std::to_string(i));
      sender.info = std::string(40, 'i');
      ASSERT_TRUE(table.add(RoomName{"room"}, sender, kOwner));
    }
    const std::size_t each = (in_use() - before) / kMembers - kTextBytes;
    EXPECT_LE(each, anonymous ? 100U : 170U);
  }
}

TEST(PresenceTable, ARoomIsForgottenWithItsLastMember) {
  PresenceTable table;
  const RoomName room{"room"};
  ASSERT_TRUE(table.add(room, member("c1", "ann"), kOwner));
  ASSERT_TRUE(table.add(room, member("c2", "ann"), kAnother));
  ASSERT_TRUE(table.add(RoomName{"other"}, member("c1", "ann"), kOwner));
  EXPECT_FALSE(table.add(RoomName{"refused"}, member("", "ann"), kOwner));
  EXPECT_TRUE(table.members(RoomName{"asked"}).empty());
  table.remove(RoomName{"never"}, "c1");
  EXPECT_EQ(table.room_count(), 2U);
  table.remove_all_of(kOwner);
  EXPECT_EQ(table.room_count(), 1U);
  EXPECT_EQ(table.stats(room), (PresenceStats{1, 1}));
  table.remove(room, "c2");
  EXPECT_EQ(table.room_count(), 0U);
}

struct TestNode {
  explicit TestNode(std::unique_ptr<FakeCluster> shards)
      : cluster(std::move(shards)), node(std::make_unique<PresenceNode>(cluster->executors())) {
    for (unsigned i = 0; i < cluster->shards(); ++i) {
      presences.push_back(std::make_unique<MemoryPresence>(ShardId{i}, *node));
    }
  }

  std::unique_ptr<FakeCluster> cluster;
  std::unique_ptr<PresenceNode> node;
  std::vector<std::unique_ptr<MemoryPresence>> presences;
};

// Members come and go on all shards while instances end and are replaced: every call of one that
// lives is answered, and at the end nobody is left whose instance has gone.
void storm(std::uint64_t seed) {
  constexpr unsigned kShards = 3;
  TestNode test(std::make_unique<FakeCluster>(kShards, seed));
  std::mt19937_64 random(seed);
  std::vector<int> under_way(kShards);
  for (int i = 0; i < 300; ++i) {
    const auto n = static_cast<unsigned>(random() % kShards);
    const RoomName room{"room-" + std::to_string(random() % 5)};
    const std::string client = std::to_string(n) + "/" + std::to_string(random() % 6);
    const auto kind = random() % 40;
    test.cluster->shard(n).post([&test, &under_way, n, room, client, kind] {
      const auto answered = [&under_way, n](const auto& result) {
        EXPECT_TRUE(result.has_value());
        --under_way[n];
      };
      MemoryPresence& presence = *test.presences[n];
      if (kind < 20) {
        ++under_way[n];
        presence.add(room, member(client, client), answered);
      } else if (kind < 30) {
        presence.remove(room, client);
      } else if (kind < 38) {
        ++under_way[n];
        presence.stats(room, answered);
      } else {
        test.presences[n].reset();
        under_way[n] = 0;
        test.presences[n] = std::make_unique<MemoryPresence>(ShardId{n}, *test.node);
      }
    });
    for (auto steps = random() % 4; steps > 0; --steps) test.cluster->run_one();
  }
  test.cluster->run_until_idle();
  EXPECT_EQ(under_way, std::vector<int>(kShards)) << "calls without an answer";

  for (const unsigned n : {0U, 1U}) test.presences[n]->stop();
  test.cluster->run_until_idle();
  for (int r = 0; r < 5; ++r) {
    test.presences[2]->members(RoomName{"room-" + std::to_string(r)},
                               [](base::Result<std::vector<model::Sender>> left) {
                                 ASSERT_TRUE(left.has_value());
                                 for (const auto& sender : *left)
                                   EXPECT_TRUE(sender.client.starts_with("2/"));
                               });
    test.cluster->run_until_idle();
  }
}

TEST(PresenceNode, AnswersThroughStormsAndStops) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    storm(seed);
    if (testing::Test::HasFailure()) break;
  }
}

TEST(PresenceNode, LeftoverTasksOutliveInstancesAndNode) {
  auto cluster = std::make_unique<FakeCluster>(2);
  FakeCluster& shards = *cluster;
  auto owned = std::make_shared<int>(0);
  {
    TestNode test(std::move(cluster));
    for (unsigned n = 0; n < 2; ++n) {
      for (int i = 0; i < 10; ++i) {
        const RoomName room{std::to_string(i)};
        test.presences[n]->add(room, member("c", "ann"), [owned](auto) {});
        test.presences[n]->members(room, [owned](auto) {});
      }
    }
    for (int i = 0; i < 5; ++i) shards.run_one();
    EXPECT_GT(shards.ready(), 0U);
    EXPECT_GT(owned.use_count(), 1);
  }
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(MemoryPresence, RefusesCallsAboveItsBound) {
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
  const RoomName room{"room"};
  for (std::size_t i = 0; i < kMax; ++i) test.presences[0]->stats(room, count);
  test.presences[0]->add(room, member("c1", "ann"), count);
  test.presences[0]->members(room, count);
  test.presences[0]->stats(room, count);
  EXPECT_EQ(done, 0U);
  test.cluster->run_until_idle();
  EXPECT_EQ(done, kMax + 3);
  EXPECT_EQ(refused, 3U);
  test.presences[0]->stats(room, [&](const base::Result<PresenceStats>& stats) {
    EXPECT_EQ(stats, PresenceStats{});
    ++done;
  });
  test.cluster->run_until_idle();
  EXPECT_EQ(done, kMax + 4);
}

}  // namespace
}  // namespace palaver::broker::memory
