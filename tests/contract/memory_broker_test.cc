// SPDX-License-Identifier: Apache-2.0
// The memory broker under the broker contract.
#include "broker/memory/memory_broker.h"

#include <memory>
#include <utility>
#include <vector>

#include "broker/memory/memory_node.h"
#include "tests/contract/broker_contract.h"
#include "tests/contract/on_cluster.h"
#include "tests/support/fake_executor.h"

namespace palaver::tests::contract {
namespace {

using broker::memory::MemoryBroker;
using broker::memory::MemoryBrokerLimits;
using broker::memory::MemoryNode;
using broker::memory::ShardServices;
using support::FakeCluster;

class MemoryHarness final : public OnCluster<BrokerHarness> {
 public:
  MemoryHarness(std::unique_ptr<FakeCluster> shards, const base::Limits& limits)
      : OnCluster(std::move(shards)) {
    std::vector<ShardServices> services;
    for (unsigned i = 0; i < cluster().shards(); ++i) {
      services.push_back({cluster().shard(i), cluster().shard(i)});
    }
    node_ = std::make_unique<MemoryNode>(
        services, broker::memory::MemoryNodeConfig{
                      .limits = MemoryBrokerLimits::of(limits), .seed = 5, .salt = 77});
  }

  Abilities abilities() const override { return {.time = true}; }
  std::unique_ptr<broker::Broker> make_broker(base::ShardId shard,
                                              broker::BrokerSink& sink) override {
    return std::make_unique<MemoryBroker>(shard, *node_, sink);
  }
  void advance(base::Duration by) override { cluster().advance(by); }

 private:
  std::unique_ptr<MemoryNode> node_;  // its tasks are in the cluster
};

INSTANTIATE_TEST_SUITE_P(Memory, BrokerContract, (cluster_params<HarnessParam, MemoryHarness>()),
                         kParamName);

}  // namespace
}  // namespace palaver::tests::contract
