// SPDX-License-Identifier: Apache-2.0
#include "tests/support/redis_cluster.h"

#include <gtest/gtest.h>

namespace palaver::tests::support {
namespace {

class ACluster : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_no_redis()) GTEST_SKIP() << *why;
  }
};

TEST_F(ACluster, ReplacesAKilledPrimaryAndTakesItBackAsAReplica) {
  RedisCluster cluster;
  EXPECT_EQ(cluster.ports().size(), RedisCluster::kNodes);
  EXPECT_EQ(&cluster.primary_of(0), &cluster.node(0));
  EXPECT_EQ(&cluster.primary_of(RedisCluster::kSlots - 1), &cluster.node(2));

  const std::uint16_t slot = cluster.slot_of("{lobby}:log");
  EXPECT_EQ(slot, cluster.slot_of("{lobby}:meta"));
  RedisServer& old = cluster.primary_of(slot);
  EXPECT_EQ(old.command({"SET", "{lobby}:log", "value"}), "OK");
  for (std::size_t i = 0; i < RedisCluster::kPrimaries; ++i) {
    if (&cluster.node(i) == &old) {
      RedisServer& replica = cluster.node(RedisCluster::kPrimaries + i);
      const std::vector<std::string> count{"CLUSTER", "COUNTKEYSINSLOT", std::to_string(slot)};
      until([&] { return replica.command(count) == "1"; }, "the replica to have the key");
      continue;
    }
    EXPECT_EQ(cluster.node(i).command({"GET", "{lobby}:log"}),
              "(error) MOVED " + std::to_string(slot) + " 127.0.0.1:" + std::to_string(old.port()));
  }
  old.kill();
  cluster.wait_for_failover(old, slot);
  EXPECT_EQ(cluster.primary_of(slot).command({"GET", "{lobby}:log"}), "value");
  cluster.wait_until_ok();
  old.restart();
  until([&] { return old.info("role") == "slave"; }, "the old primary to be a replica");
  cluster.wait_until_ok();
}

TEST_F(ACluster, ReplacesAFrozenPrimaryWithTlsAndPassword) {
  const Certificates certificates;
  RedisCluster cluster({.tls = &certificates, .password = "secret"});
  RedisServer& old = cluster.primary_of(0);
  old.freeze();
  cluster.wait_for_failover(old, 0);
  old.thaw();
  until([&] { return old.info("role") == "slave"; }, "the old primary to be a replica");
  cluster.wait_until_ok();
}

}  // namespace
}  // namespace palaver::tests::support
