// SPDX-License-Identifier: Apache-2.0
// The Redis presence under the presence contract, with a real redis-server: the shards are of one
// node, or each is a node that may die without a word. Its leases, and the time that passes, are
// shorter by one factor.
#include "broker/redis/redis_presence.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "broker/redis/redis_presence_node.h"
#include "tests/contract/presence_contract.h"
#include "tests/contract/redis_shards.h"
#include "tests/contract/redis_systems.h"

namespace palaver::tests::contract {
namespace {

using broker::redis::Links;
using broker::redis::PresenceTimes;
using broker::redis::RedisPresence;
using broker::redis::RedisPresenceNode;
using std::chrono::milliseconds;

constexpr int kFaster = 200;
std::uint64_t seeds = 1000;

class RedisPresenceHarness final : public PresenceHarness {
 public:
  enum class Nodes { kOne, kOneAShard };

  RedisPresenceHarness(RedisSystem system, unsigned shards, Nodes nodes)
      : system_(system),
        nodes_of_(nodes),
        nodes_(nodes == Nodes::kOne ? 1 : shards),
        shards_(shards) {}
  ~RedisPresenceHarness() override {
    for (Node& node : nodes_) {
      if (node.links) node.links->close();
    }
  }

  unsigned shards() const override { return shards_.count(); }
  std::unique_ptr<broker::Presence> make_presence(unsigned shard) override {
    Node& node = node_of(shard);
    if (!node.links) node = make_node(shard);
    const unsigned own = nodes_of_ == Nodes::kOne ? shard : 0;
    auto presence = std::make_unique<RedisPresence>(base::ShardId{own}, *node.presence);
    node.seat = presence.get();
    return presence;
  }
  void kill(std::unique_ptr<broker::Presence> presence) override {
    if (nodes_of_ == Nodes::kOne) return;  // it stops: no shard of a node dies alone
    for (Node& node : nodes_) {
      if (node.seat != presence.get()) continue;
      node.links->close();
      presence.reset();  // what it says now reaches nobody
      dead_.push_back(std::exchange(node, {}));
      return;
    }
  }
  void post(unsigned shard, base::Task task) override { shards_.loop(shard).post(std::move(task)); }
  bool run_until(const std::function<bool()>& done) override { return shards_.run_until(done); }
  // Everything that was asked is done when Redis answers what is asked now.
  void settle() override {
    shards_.run_for(milliseconds{2});
    unsigned missing = 0;
    const std::string ping[] = {"PING"};
    for (const Node& node : nodes_) {
      if (!node.links) continue;
      for (unsigned i = 0; i < broker::redis::kAllPartitions; ++i) {
        ++missing;
        node.links->send(i, ping, [&missing](const auto&) { --missing; });
      }
    }
    EXPECT_TRUE(shards_.run_until([&] { return missing == 0; }));
    shards_.run_for(milliseconds{2});
  }
  void advance(base::Duration by) override { shards_.run_for(by / kFaster); }

 private:
  struct Node {
    std::unique_ptr<Links> links;
    std::unique_ptr<RedisPresenceNode> presence;
    broker::Presence* seat = nullptr;
  };
  Node& node_of(unsigned shard) { return nodes_[nodes_of_ == Nodes::kOne ? 0 : shard]; }
  Node make_node(unsigned shard) {
    Node node;
    const bool one = nodes_of_ == Nodes::kOne;
    node.links =
        std::make_unique<Links>(shards_.loop(one ? 0 : shard), redis_, 0x5eed0000 + ++seeds, log_);
    auto executors = shards_.executors();
    if (!one) executors = {executors[shard]};
    const PresenceTimes usual;
    node.presence = std::make_unique<RedisPresenceNode>(
        *node.links, executors,
        PresenceTimes{.lease = usual.lease / kFaster,
                      .lease_interval = usual.lease_interval / kFaster,
                      .room = usual.room / kFaster,
                      .room_interval = usual.room_interval / kFaster});
    return node;
  }

  const RedisSystem system_;
  const broker::redis::RedisOptions redis_ = fresh_redis(system_);
  base::Logger log_{{.least = base::Severity::kError, .now = net::system_wall_now}};
  const Nodes nodes_of_;
  std::vector<Node> nodes_;  // tasks of the loops hold them
  std::vector<Node> dead_;
  RedisShards shards_;
};

using Nodes = RedisPresenceHarness::Nodes;

PresenceParam param(const char* name, RedisSystem system, unsigned shards, Nodes nodes) {
  return {name, [=] { return std::make_unique<RedisPresenceHarness>(system, shards, nodes); }};
}

INSTANTIATE_TEST_SUITE_P(
    Redis, PresenceContract,
    testing::Values(param("OneShard", RedisSystem::kPlain, 1, Nodes::kOne),
                    param("ThreeShards", RedisSystem::kPlain, 3, Nodes::kOne),
                    param("ThreeNodes", RedisSystem::kPlain, 3, Nodes::kOneAShard),
                    param("TlsAndAcl", RedisSystem::kTlsAndAcl, 1, Nodes::kOne),
                    param("Sentinels", RedisSystem::kSentinels, 2, Nodes::kOne),
                    param("SentinelsTlsAndAcl", RedisSystem::kSentinelsTlsAndAcl, 1, Nodes::kOne),
                    param("Cluster", RedisSystem::kCluster, 2, Nodes::kOneAShard),
                    param("ClusterTlsAndAcl", RedisSystem::kClusterTlsAndAcl, 1, Nodes::kOne)),
    [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace palaver::tests::contract
