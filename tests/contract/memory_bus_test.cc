// SPDX-License-Identifier: Apache-2.0
// The memory bus under the node bus contract: alone, on three shards, and on three shards whose
// tasks run in every order that threads could bring about.
#include "broker/memory/memory_bus.h"

#include <memory>
#include <utility>
#include <vector>

#include "tests/contract/node_bus_contract.h"
#include "tests/support/fake_executor.h"

namespace palaver::tests::contract {
namespace {

using broker::memory::MemoryBus;
using broker::memory::MemoryBusNode;
using support::FakeCluster;

class MemoryBusHarness final : public NodeBusHarness {
 public:
  explicit MemoryBusHarness(std::unique_ptr<FakeCluster> cluster) : cluster_(std::move(cluster)) {
    std::vector<base::Executor*> executors;
    for (unsigned i = 0; i < cluster_->shards(); ++i) executors.push_back(&cluster_->shard(i));
    node_ = std::make_unique<MemoryBusNode>(executors);
  }

  unsigned shards() const override { return cluster_->shards(); }
  unsigned node_of(unsigned /*shard*/) const override { return 0; }
  std::unique_ptr<broker::NodeBus> make_bus(unsigned shard, broker::NodeBusSink& sink) override {
    return std::make_unique<MemoryBus>(base::ShardId{shard}, *node_, sink);
  }
  bool runs(unsigned shard) const override { return cluster_->runs(base::ShardId{shard}); }
  void post(unsigned shard, base::Task task) override {
    cluster_->shard(shard).post(std::move(task));
  }
  bool run_until(const std::function<bool()>& done) override {
    while (!done()) {
      if (!cluster_->run_one()) return false;
    }
    return true;
  }
  void settle() override { cluster_->run_until_idle(); }

 private:
  std::unique_ptr<FakeCluster> cluster_;
  std::unique_ptr<MemoryBusNode> node_;  // its tasks are in the cluster
};

NodeBusParam in_order(const char* name, unsigned shards) {
  return {name, [shards] {
            return std::make_unique<MemoryBusHarness>(std::make_unique<FakeCluster>(shards));
          }};
}

NodeBusParam shuffled(const char* name, unsigned shards, std::uint64_t seed) {
  return {name, [shards, seed] {
            return std::make_unique<MemoryBusHarness>(std::make_unique<FakeCluster>(shards, seed));
          }};
}

INSTANTIATE_TEST_SUITE_P(Memory, NodeBusContract,
                         testing::Values(in_order("OneShard", 1), in_order("ThreeShards", 3),
                                         shuffled("ThreeShuffled1", 3, 1),
                                         shuffled("ThreeShuffled2", 3, 2)),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace palaver::tests::contract
