// SPDX-License-Identifier: Apache-2.0
// The Redis broker under the broker contract, with a real redis-server.
#include "broker/redis/redis_broker.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "broker/redis/redis_node.h"
#include "tests/contract/broker_contract.h"
#include "tests/contract/redis_shards.h"
#include "tests/contract/redis_systems.h"

namespace palaver::tests::contract {
namespace {

using broker::redis::Links;
using broker::redis::RedisBroker;
using broker::redis::RedisNode;
using broker::redis::RedisNodeConfig;

std::uint64_t seeds = 1000;

class RedisHarness final : public BrokerHarness {
 public:
  RedisHarness(RedisSystem system, unsigned shards, const base::Limits& limits)
      : system_(system), shards_(shards) {
    RedisNodeConfig config;
    config.bounds_of = [limits](const model::RoomName&) {
      return broker::RoomBounds{.entries_max = limits.history_entries_max,
                                .age_max = limits.history_age_max,
                                .meta_ttl = limits.history_meta_ttl};
    };
    config.salt = 77;
    links_ = std::make_unique<Links>(shards_.loop(0), redis_, 0x5eed0000 + ++seeds, log_);
    node_ = std::make_unique<RedisNode>(*links_, shards_.executors(), std::move(config));
  }
  ~RedisHarness() override { links_->close(); }

  Abilities abilities() const override { return {.connections = true}; }
  unsigned shards() const override { return shards_.count(); }
  std::unique_ptr<broker::Broker> make_broker(base::ShardId shard,
                                              broker::BrokerSink& sink) override {
    return std::make_unique<RedisBroker>(shard, *node_, sink);
  }
  void post(unsigned shard, base::Task task) override { shards_.loop(shard).post(std::move(task)); }
  bool run_until(const std::function<bool()>& done) override { return shards_.run_until(done); }
  void settle() override { shards_.run_for(std::chrono::milliseconds{50}); }
  void lose_connections() override {
    tell_redis(system_, {"CLIENT", "KILL", "TYPE", "pubsub"});
    tell_redis(system_, {"CLIENT", "KILL", "TYPE", "normal"});
  }

 private:
  const RedisSystem system_;
  const broker::redis::RedisOptions redis_ = fresh_redis(system_);
  base::Logger log_{{.least = base::Severity::kError, .now = net::system_wall_now}};
  std::unique_ptr<Links> links_;
  std::unique_ptr<RedisNode> node_;  // tasks of the loops hold it
  RedisShards shards_;
};

HarnessParam param(const char* name, RedisSystem system, unsigned shards) {
  return {name, [system, shards](const base::Limits& limits) {
            return std::make_unique<RedisHarness>(system, shards, limits);
          }};
}

INSTANTIATE_TEST_SUITE_P(Redis, BrokerContract,
                         testing::Values(param("OneShard", RedisSystem::kPlain, 1),
                                         param("ThreeShards", RedisSystem::kPlain, 3),
                                         param("TlsAndAcl", RedisSystem::kTlsAndAcl, 1),
                                         param("Sentinels", RedisSystem::kSentinels, 2),
                                         param("Cluster", RedisSystem::kCluster, 2),
                                         param("ClusterTlsAndAcl", RedisSystem::kClusterTlsAndAcl,
                                               1)),
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace palaver::tests::contract
