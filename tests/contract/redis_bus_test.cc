// SPDX-License-Identifier: Apache-2.0
// The Redis bus under the node bus contract, with a real redis-server: one node, or several.
#include "broker/redis/redis_bus.h"

#include <chrono>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "broker/redis/keys.h"
#include "tests/contract/node_bus_contract.h"
#include "tests/contract/redis_shards.h"
#include "tests/contract/redis_systems.h"

namespace palaver::tests::contract {
namespace {

using broker::redis::Links;
using broker::redis::RedisBus;
using broker::redis::RedisBusNode;

std::uint64_t seeds = 1000;

class RedisBusHarness final : public NodeBusHarness {
 public:
  RedisBusHarness(RedisSystem system, unsigned nodes, unsigned shards_each)
      : system_(system), each_(shards_each), shards_(nodes * shards_each) {
    const auto executors = shards_.executors();
    for (unsigned i = 0; i < nodes; ++i) {
      Node node;
      node.links =
          std::make_unique<Links>(shards_.loop(i * each_), redis_, 0x5eed0000 + ++seeds, log_);
      node.bus = std::make_unique<RedisBusNode>(*node.links,
                                                std::span(executors).subspan(i * each_, each_));
      nodes_.push_back(std::move(node));
    }
  }
  ~RedisBusHarness() override {
    for (const Node& node : nodes_) node.links->close();
  }

  unsigned shards() const override { return shards_.count(); }
  unsigned node_of(unsigned shard) const override { return shard / each_; }
  std::unique_ptr<broker::NodeBus> make_bus(unsigned shard, broker::NodeBusSink& sink) override {
    auto bus =
        std::make_unique<RedisBus>(base::ShardId{shard % each_}, *nodes_[shard / each_].bus, sink);
    heard_.insert(shard / each_);
    // A node that begins listens, before anything is sent.
    const std::string channel = broker::redis::node_key("bus");
    const auto all_listen = [&] { return subscribers_of(system_, channel) == heard_.size(); };
    if (!shards_.running()) {
      EXPECT_TRUE(shards_.run_until(all_listen));
    }
    return bus;
  }
  bool runs(unsigned shard) const override { return shards_.runs(shard); }
  void post(unsigned shard, base::Task task) override { shards_.loop(shard).post(std::move(task)); }
  bool run_until(const std::function<bool()>& done) override { return shards_.run_until(done); }
  void settle() override { shards_.run_for(std::chrono::milliseconds{50}); }

 private:
  struct Node {
    std::unique_ptr<Links> links;
    std::unique_ptr<RedisBusNode> bus;
  };
  const RedisSystem system_;
  const broker::redis::RedisOptions redis_ = fresh_redis(system_);
  base::Logger log_{{.least = base::Severity::kError, .now = net::system_wall_now}};
  const unsigned each_;
  std::set<unsigned> heard_;  // nodes with a bus
  std::vector<Node> nodes_;   // tasks of the loops hold them
  RedisShards shards_;
};

NodeBusParam param(const char* name, RedisSystem system, unsigned nodes, unsigned shards_each) {
  return {name, [=] { return std::make_unique<RedisBusHarness>(system, nodes, shards_each); }};
}

INSTANTIATE_TEST_SUITE_P(
    Redis, NodeBusContract,
    testing::Values(param("OneShard", RedisSystem::kPlain, 1, 1),
                    param("ThreeShards", RedisSystem::kPlain, 1, 3),
                    param("ThreeNodes", RedisSystem::kPlain, 3, 1),
                    param("TwoOfTwo", RedisSystem::kPlain, 2, 2),
                    param("TlsAndAcl", RedisSystem::kTlsAndAcl, 2, 1),
                    param("Sentinels", RedisSystem::kSentinels, 2, 1),
                    param("SentinelsTlsAndAcl", RedisSystem::kSentinelsTlsAndAcl, 2, 1),
                    param("Cluster", RedisSystem::kCluster, 2, 1),
                    param("ClusterTlsAndAcl", RedisSystem::kClusterTlsAndAcl, 2, 1)),
    [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace palaver::tests::contract
