// SPDX-License-Identifier: Apache-2.0
// The memory broker under the broker contract: alone, on three shards, and on three shards whose
// tasks run in every order that threads could bring about.
#include "broker/memory/memory_broker.h"

#include <memory>
#include <utility>
#include <vector>

#include "broker/memory/memory_node.h"
#include "tests/contract/broker_contract.h"
#include "tests/support/fake_executor.h"

namespace palaver::tests::contract {
namespace {

using broker::memory::MemoryBroker;
using broker::memory::MemoryBrokerLimits;
using broker::memory::MemoryNode;
using broker::memory::ShardServices;
using support::FakeCluster;

class MemoryHarness final : public BrokerHarness {
 public:
  MemoryHarness(std::unique_ptr<FakeCluster> cluster, const base::Limits& limits)
      : cluster_(std::move(cluster)) {
    std::vector<ShardServices> services;
    for (unsigned i = 0; i < cluster_->shards(); ++i) {
      services.push_back({cluster_->shard(i), cluster_->shard(i)});
    }
    node_ = std::make_unique<MemoryNode>(
        services, broker::memory::MemoryNodeConfig{
                      .limits = MemoryBrokerLimits::of(limits), .seed = 5, .salt = 77});
  }

  Abilities abilities() const override { return {.time = true}; }
  unsigned shards() const override { return cluster_->shards(); }
  std::unique_ptr<broker::Broker> make_broker(base::ShardId shard,
                                              broker::BrokerSink& sink) override {
    return std::make_unique<MemoryBroker>(shard, *node_, sink);
  }
  void post(base::ShardId shard, base::Task task) override {
    cluster_->shard(shard.value).post(std::move(task));
  }
  bool run_until(const std::function<bool()>& done) override {
    while (!done()) {
      if (!cluster_->run_one()) return false;
    }
    return true;
  }
  void settle() override { cluster_->run_until_idle(); }
  void advance(base::Duration by) override { cluster_->advance(by); }

 private:
  std::unique_ptr<FakeCluster> cluster_;
  std::unique_ptr<MemoryNode> node_;  // its tasks are in the cluster
};

HarnessParam in_order(const char* name, unsigned shards) {
  return {name, [shards](const base::Limits& limits) {
            return std::make_unique<MemoryHarness>(std::make_unique<FakeCluster>(shards), limits);
          }};
}

HarnessParam shuffled(const char* name, unsigned shards, std::uint64_t seed) {
  return {name, [shards, seed](const base::Limits& limits) {
            return std::make_unique<MemoryHarness>(std::make_unique<FakeCluster>(shards, seed),
                                                   limits);
          }};
}

INSTANTIATE_TEST_SUITE_P(Memory, BrokerContract,
                         testing::Values(in_order("OneShard", 1), in_order("ThreeShards", 3),
                                         shuffled("ThreeShuffled1", 3, 1),
                                         shuffled("ThreeShuffled2", 3, 2)),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace palaver::tests::contract
